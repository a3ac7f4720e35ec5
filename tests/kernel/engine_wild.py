"""A market wild enough for every rule of the mission, and two books that trade it with every cost there is."""

from __future__ import annotations

import numpy as np
from engine_harness import decisions, prices, settings
from tradewright.engine.fuse import FusedRules
from tradewright.engine.run import Trace, simulate
from tradewright.engine.state import as_bytes
from tradewright.values.bars import Bars


def market(n_bars: int = 240) -> Bars:
    """Two assets, three bars a session, wild enough for every limit of the mission."""
    random = np.random.default_rng(7)
    close = 64.0 * np.exp(np.cumsum(random.normal(0.0, 0.02, (n_bars, 2)), axis=0))
    opening = close * np.exp(random.normal(0.0, 0.005, close.shape))
    return prices(
        close,
        open=opening,
        high=np.maximum(opening, close) * 1.004,
        low=np.minimum(opening, close) * 0.996,
        volume=random.integers(2_000, 90_000, close.shape),
        sessions=np.arange(n_bars) // 3,
    )


def trade(fused: FusedRules) -> Trace:
    """Let two books trade the wild market with every cost there is."""
    bars = market()
    wants = decisions(np.random.default_rng(8).normal(0.1, 0.5, (bars.n_bars, 2, 2)), 2, 2)
    costs = settings(
        fused.rules,
        (0.75, 0.25),
        has_volume=True,
        participation=0.05,
        half_spread_and_slippage=4e-4,
        commission_per_share=0.005,
        commission_min=1.0,
        borrow_rate=0.01,
        cash_rate=0.02,
        capital_total=200_000.0,
        capital_step=50_000.0,
        resume_after=3,
        no_trade_band=0.02,
    )
    return simulate(bars, wants, costs, fused, np.array([37_500.0, 12_500.0]))


def everything(trace: Trace) -> bytes:
    """Return every number of a run."""
    return as_bytes((*trace.state, trace.equity, trace.curve, trace.fills, trace.events))
