"""Windows, sessions per grade, policies with their origin, the clock."""
