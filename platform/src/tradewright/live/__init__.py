"""The agent: the same sentence, one bar at a time."""
