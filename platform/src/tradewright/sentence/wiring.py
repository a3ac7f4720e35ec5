"""How settings and targets reach the engine: as the arrays and numbers that it reads."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tradewright.engine.state import table
from tradewright.engine.tape import BOOK, Decisions
from tradewright.engine.tape import Settings as EngineSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tradewright.config import Settings
    from tradewright.engine.fuse import FusedRules
    from tradewright.engine.run import Answer
    from tradewright.sentence.pipeline import Targets
    from tradewright.sentence.strategies import Strategy
    from tradewright.values.arrays import FloatArray
    from tradewright.values.bars import Bars


def decisions(strategies: Sequence[Strategy], wanted: Mapping[str, Targets], bars: Bars) -> Decisions:
    """Lay out every strategy's targets as the engine reads them."""
    target = np.zeros((bars.n_bars, len(strategies), bars.n_assets))
    made = np.zeros((bars.n_bars, len(strategies)), bool)
    asked = np.zeros_like(made)
    for book, strategy in enumerate(strategies):
        targets = wanted[strategy.name]
        target[:, book, bars.columns(strategy.symbols)] = targets.weights
        made[:, book] = targets.decided
        asked[:, book] = targets.decided & (targets.in_turn is not None)
    return Decisions(target, made, asked)


def answers(strategies: Sequence[Strategy], wanted: Mapping[str, Targets], bars: Bars) -> Answer:
    """Return who answers the engine when a book is asked what it wants, given what it holds."""
    in_turn = [wanted[strategy.name].in_turn for strategy in strategies]
    traded = [bars.columns(strategy.symbols) for strategy in strategies]

    def answer(bar: int, book: int, held: FloatArray) -> FloatArray:
        target, asked = np.zeros(bars.n_assets), in_turn[book]
        if asked is not None:
            target[traded[book]] = asked.ask(bar, held[traded[book]])
        return target

    return answer


def divide_capital(settings: Settings) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return each book's share of the starting capital, `(n_books,)`."""
    shares = [strategy.capital_share for strategy in settings.strategies.values()]
    return settings.capital.start * np.array(shares, dtype=np.float64)


def engine_settings(
    settings: Settings, bars: Bars, fused: FusedRules, sessions_per_year: int, resume_after: int
) -> EngineSettings:
    """Return the file's numbers as the engine reads them."""
    costs, execution, capital = settings.costs, settings.execution, settings.capital
    strategies = settings.strategies.values()
    # Strategies may leave part of the capital to others; the steps are then that much smaller.
    shared = sum(one.capital_share for one in strategies)
    books = table(
        (len(strategies),),
        BOOK,
        share=[one.capital_share / shared for one in strategies],
        no_trade_band=[one.no_trade_band for one in strategies],
    )
    return EngineSettings(
        at_close=execution.fill == "next-close" or bars.open is None,
        has_volume=bars.volume is not None,
        has_actions=bars.split is not None,
        has_exits=bool((bars.exit_bar < bars.n_bars).any()),
        whole=execution.units == "whole",
        in_units=False,
        limit_offset=execution.limit_offset if execution.order == "limit" else math.nan,
        participation=execution.participation,
        half_spread_and_slippage=(costs.spread_bps / 2.0 + costs.slippage_bps) / 10_000.0,
        commission_per_share=costs.commission_per_share,
        commission_rate=costs.commission_rate,
        commission_min=costs.commission_min,
        cash_rate=costs.cash_rate,
        borrow_rate=costs.borrow_rate,
        capital_total=capital.total * shared,
        capital_step=capital.step * shared,
        capital_step_return=capital.step_return,
        evidence_ok=True,
        resume_after=resume_after,
        sessions_per_year=float(sessions_per_year),
        latched=np.array([rule.latched for _, rule in fused.rules if rule.phase == "book"], dtype=bool),
        books=books,
    )
