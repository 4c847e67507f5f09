"""Backups that only the holder of a key can open, putting them back, and moving to another database."""
