"""The journal: the one way in. `record` is the only function that writes field state."""
