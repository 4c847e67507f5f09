"""The test day in a room: attendance, sittings, anomalies, each folded from facts without Flask or SQL."""
