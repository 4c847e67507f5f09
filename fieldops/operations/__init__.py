"""For operators: the engine that ticks beside the web servers, health, metrics."""
