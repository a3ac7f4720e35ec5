"""Compile a set of rules before a backtest needs it, by playing two bars of nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tradewright.engine.jit import COMPILING
from tradewright.engine.run import Simulation
from tradewright.engine.state import table
from tradewright.engine.tape import BOOK, Decisions, Settings
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

if TYPE_CHECKING:
    from tradewright.engine.fuse import FusedRules

_BARS = 2


def warm(fused: FusedRules, n_books: int, n_assets: int) -> bool:
    """Load the loop for so many books and assets, or compile it; return whether it had to be compiled.

    Numbers do not matter to the compiler, only their types: with prices, options and costs of any other value a
    backtest finds the same machine code.
    """
    if fused.interpreted or not COMPILING:
        return False
    books = table((n_books,), BOOK, share=1.0 / n_books)
    decisions = Decisions(
        np.zeros((_BARS, n_books, n_assets)), np.zeros((_BARS, n_books), bool), np.zeros((_BARS, n_books), bool)
    )
    settings = _settings(np.array([rule.latched for _, rule in fused.rules if rule.phase == "book"], bool), books)
    Simulation(_bars(n_assets), decisions, settings, fused, np.ones(n_books)).advance(_BARS)
    loop: Any = fused.loop(n_books, n_assets)
    return bool(loop.stats.cache_misses)


def _bars(n_assets: int) -> Bars:
    opened_at = np.arange(_BARS).astype("datetime64[D]")
    closed_at = np.arange(1, _BARS + 1).astype("datetime64[D]")
    return Bars(
        instruments=[Instrument(symbol=f"A{asset}") for asset in range(n_assets)],
        opened_at=opened_at,
        closed_at=closed_at,
        session=opened_at,
        close=np.ones((_BARS, n_assets)),
        traded=np.ones((_BARS, n_assets), bool),
    )


def _settings(latched: np.ndarray[tuple[int], np.dtype[np.bool_]], books: Any) -> Settings:
    return Settings(
        at_close=True,
        has_volume=False,
        whole=True,
        in_units=False,
        participation=1.0,
        half_spread_and_slippage=0.0,
        commission_per_share=0.0,
        commission_rate=0.0,
        commission_min=0.0,
        cash_rate=0.0,
        borrow_rate=0.0,
        capital_total=0.0,
        capital_step=0.0,
        capital_step_return=math.inf,
        evidence_ok=True,
        resume_after=0,
        latched=latched,
        books=books,
    )
