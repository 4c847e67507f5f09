"""Founding a real county from a file: places, window, timetables, policies, desks and people."""
