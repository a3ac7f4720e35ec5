"""Random markets played by the engine without a rule: what the tests of the tearsheet's numbers start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import numpy as np
from backtest_by_hand import backtest
from engine_market import free_settings, walk
from tradewright.backtest import Backtest
from tradewright.engine.fuse import fuse
from tradewright.engine.run import simulate
from tradewright.engine.state import table
from tradewright.engine.tape import BOOK, Decisions
from tradewright.sentence.pipeline import Targets
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

DIVIDENDS, SPLITS = {(30, 0): 1.5, (45, 1): 0.5}, {(20, 0): 2.0, (61, 1): 0.5}
RATES = {"borrow_rate": 0.05, "cash_rate": 0.03}


def market(seed: int, n_bars: int, symbols: tuple[str, ...], *, acting: bool) -> Bars:
    """Return bars of half a session, with splits and dividends when they act."""
    actions: dict[str, Any] = {"split": SPLITS, "dividend": DIVIDENDS} if acting else {}
    untraded = np.random.default_rng(seed).random((n_bars, len(symbols))) < 0.05
    bars = walk(n_bars, len(symbols), seed=seed, per_session=2, untraded=untraded, **actions)
    instruments = [Instrument(symbol=symbol, multiplier=1.0 + i % 2) for i, symbol in enumerate(symbols)]
    return attrs.evolve(bars, instruments=instruments)


def played(
    folder: Path,
    cache: Path,
    bars: Bars,
    *,
    seed: int = 7,
    books: tuple[str, ...] = ("one", "two"),
    whole: bool = True,
) -> Backtest:
    """Return a backtest in which every book wants random weights now and then, shorts among them, at a cost."""
    draw = np.random.default_rng(seed)
    shape = (bars.n_bars, len(books), bars.n_assets)
    target = draw.uniform(-0.6, 0.6, shape) / bars.n_assets
    made = draw.random(shape[:2]) < 0.3
    settings = free_settings(
        in_units=False,
        whole=whole,
        has_volume=True,
        has_actions=bars.split is not None,
        half_spread_and_slippage=4e-4,
        commission_per_share=0.005,
        commission_min=1.0,
        sessions_per_year=252.0,
        **RATES,
    )
    shares = table((len(books),), BOOK, share=1.0 / len(books))
    capital = np.full(len(books), 1000.0 * 100 / len(books))
    trace = simulate(
        bars,
        Decisions(target, made, np.zeros_like(made)),
        settings._replace(books=shares),
        fuse([], cache),
        capital,
        segments=20,
    )
    ran = backtest(folder, books=books)
    chosen = attrs.evolve(
        ran.settings,
        costs=attrs.evolve(ran.settings.costs, **RATES),
        capital=attrs.evolve(ran.settings.capital, start=100_000.0, total=200_000.0),
        execution=attrs.evolve(ran.settings.execution, units="whole" if whole else "fractional"),
    )
    targets = {book: _targets(target[:, i], made[:, i]) for i, book in enumerate(books)}
    return attrs.evolve(ran, settings=chosen, bars=bars, trace=trace, rules=(), targets=targets)


def _targets(target: Any, made: Any) -> Targets:
    """Return what two signals would have said that agree on the even columns and not on the others."""
    votes = {
        "some": 0.7 * target[made],
        "against": np.where(np.arange(target.shape[1]) % 2, -0.2, 0.3) * target[made],
    }
    return Targets(weights=target, decided=made, missing={}, breaches=[], votes=votes)
