"""A test day played through the real API by simulated phones, and the proof that no answered fact was lost."""
