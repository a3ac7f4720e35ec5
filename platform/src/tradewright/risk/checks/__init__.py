"""Order checks: what an order must pass at its release, in backtest and live (docs/reference/checks)."""
