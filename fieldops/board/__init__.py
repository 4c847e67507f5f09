"""Live views over all of it: the feed, the chief monitor's rooms, the county's schools."""
