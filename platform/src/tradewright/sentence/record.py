"""What a run leaves behind: everything that a report of it is made from, whoever played it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from tradewright.config import Settings
    from tradewright.data.feeds import Feed
    from tradewright.engine.run import Trace
    from tradewright.engine.tape import Decisions
    from tradewright.risk.contract import OrderCheck, TargetRule
    from tradewright.sentence.pipeline import Targets
    from tradewright.values.bars import Bars


@attrs.frozen(kw_only=True)
class Record:
    """A run as reports read it: `tradewright.backtest.Backtest` is one, and what a ledger tells can be another.

    Attributes:
        settings: The configuration that ran.
        feeds: What each feed brought, that of the benchmark among them.
        bars: All prices that strategies trade on, on one grid, warm-up included.
        start: First bar that was traded.
        sessions_per_year: How many sessions of the grid a year has, by convention.
        books: Name of each book, in the order of the trace's rows.
        targets: What each strategy wanted, by name.
        decisions: The same as the engine read it, with the answers of optimizers that were asked in turn.
        rules: Names and rules in the order of their numbers.
        checks: Names and order checks; their numbers follow.
        trace: What happened.
        warnings: What a reader must know, most important first.
        seconds: Time of each stage.
        unlimited: The same file played without its limits, when that was asked; a comparison, which nobody may trade.
    """

    settings: Settings
    feeds: tuple[Feed, ...]
    bars: Bars
    start: int
    sessions_per_year: int
    books: tuple[str, ...]
    targets: dict[str, Targets]
    decisions: Decisions
    rules: tuple[tuple[str, TargetRule], ...]
    checks: tuple[tuple[str, OrderCheck], ...]
    trace: Trace
    warnings: tuple[str, ...]
    seconds: dict[str, float]
    unlimited: Record | None = None
