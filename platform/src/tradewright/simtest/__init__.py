"""The agent in a simulated world: a market, a venue with faults, a clock, and what must never happen."""
