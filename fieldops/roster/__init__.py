"""The roster: the school's report of its sampled students, checked, compared, and carried as QR cards."""
