"""Notices downwards: what a county, city or province tells its schools, and who has read it."""
