"""Small markets in a few words, and ledgers that can be compared line by line with what a hand has worked out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np
from tradewright.engine import state as states
from tradewright.engine.fuse import FusedRules
from tradewright.engine.run import Simulation, Trace
from tradewright.engine.state import State, table
from tradewright.engine.tape import BOOK, Decisions, Settings
from tradewright.risk.contract import TargetRule
from tradewright.risk.daily_loss import DailyLoss
from tradewright.risk.daily_loss import make as daily_loss
from tradewright.risk.drawdown_halt import DrawdownHalt
from tradewright.risk.drawdown_halt import make as drawdown_halt
from tradewright.risk.exposure import Exposure
from tradewright.risk.exposure import make as exposure
from tradewright.risk.position_limit import PositionLimit
from tradewright.risk.position_limit import make as position_limit
from tradewright.risk.risk_per_trade import RiskPerTrade
from tradewright.risk.risk_per_trade import make as risk_per_trade
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

NAN = math.nan
Rules = Sequence[tuple[str, TargetRule]]
Fuse = Callable[[Rules], FusedRules]
Numbers = Sequence[Any] | np.ndarray[Any, Any]
Row = tuple[float | None, ...]
TOLERANCE = 1e-12  # Relative to max(1, |x|): what rounding of a hand's decimals may differ by.


def prices(
    close: Numbers,
    *,
    open: Numbers | None = None,  # noqa: A002  # the field's own word
    high: Numbers | None = None,
    low: Numbers | None = None,
    volume: Numbers | None = None,
    sessions: Numbers | None = None,
    instruments: Sequence[Instrument] | None = None,
) -> Bars:
    """Return bars from one number, or one list of numbers, per bar; NaN is a bar that did not trade.

    Without `open` there are only closes.  Without `high` or `low` a bar reaches as far as its open and close.
    Without `sessions` every bar is a session.
    """
    closes = grid(close)
    n_bars, n_assets = closes.shape
    opens = None if open is None else grid(open)
    days = np.arange(n_bars) if sessions is None else np.asarray(sessions)
    minutes = np.arange(n_bars).astype("datetime64[m]")
    return Bars(
        instruments=instruments or [Instrument(symbol=f"A{column}") for column in range(n_assets)],
        opened_at=minutes,
        closed_at=minutes + 1,
        session=days.astype("datetime64[D]"),
        close=closes,
        traded=~np.isnan(closes),
        open=opens,
        high=None if opens is None else np.maximum(opens, closes) if high is None else grid(high),
        low=None if opens is None else np.minimum(opens, closes) if low is None else grid(low),
        volume=None if volume is None else grid(volume),
    )


def grid(rows: Numbers) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return `(n_bars, n_assets)` from one number or one list per bar."""
    array = np.asarray(rows, dtype=float)
    return array.reshape(len(array), -1)


def settings(rules: Rules = (), shares: Sequence[float] = (1.0,), **changes: Any) -> Settings:
    """Return settings without any cost, limit or capital step, with some of them changed."""
    free = Settings(
        at_close=False,
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
        capital_step_return=0.125,
        evidence_ok=True,
        resume_after=0,
        latched=np.array([rule.latched for _, rule in rules if rule.phase == "book"], dtype=bool),
        books=table((len(shares),), BOOK, share=shares, no_trade_band=changes.pop("no_trade_band", 0.0)),
    )
    return free._replace(**changes)


def decisions(wants: Numbers, n_books: int, n_assets: int) -> Decisions:
    """Return what the books want, from one entry per bar: None when no book decides, else a number per cell."""
    target = np.zeros((len(wants), n_books, n_assets))
    for bar, want in enumerate(wants):
        if want is not None:
            target[bar] = np.asarray(want, dtype=float).reshape(n_books, n_assets)
    made = np.array([want is not None for want in wants])
    made = np.repeat(made[:, None], n_books, axis=1)
    return Decisions(target, made, np.zeros_like(made))


@attrs.frozen
class Ledger:
    """The state after each bar of a run, and its trace."""

    steps: tuple[State, ...]
    trace: Trace

    def rows(self, book: int = 0, asset: int = 0) -> list[Row]:
        """Return cash, quantity, entry, stop, order, equity and nav after each bar; None for NaN."""
        return [
            plain(row.cash, cell.quantity, cell.entry, cell.stop, cell.order, row.equity, row.nav)
            for row, cell in ((step.rows[book], step.positions[book, asset]) for step in self.steps)
        ]

    def account(self) -> list[Row]:
        """Return cash, equity and nav of the account after each bar."""
        return [plain(row.cash, row.equity, row.nav) for row in (step.rows[-1] for step in self.steps)]

    def fills(self) -> list[Row]:
        """Return bar, book, asset, reason, quantity, price, fee and slippage cost of each fill."""
        return [plain(*fill) for fill in self.trace.fills]

    def events(self) -> list[Row]:
        """Return bar, row, kind, rule, level, observed and limit of each halt, lift and capital step."""
        return [plain(*event)[:7] for event in self.trace.events]

    def run(self, column: str) -> list[int]:
        """Return one of the run's counters after each bar."""
        return [int(step.run[0][column]) for step in self.steps]


def play(
    fused: FusedRules,
    bars: Bars,
    wants: Numbers,
    capital: Sequence[float] = (10_000.0,),
    **changes: Any,
) -> Ledger:
    """Run a market bar by bar."""
    total = sum(capital)
    setup = settings(
        fused.rules,
        [part / total for part in capital],
        **{"at_close": bars.open is None, "has_volume": bars.volume is not None, **changes},
    )
    wanted = decisions(wants, len(capital), bars.n_assets)
    simulation = Simulation(bars, wanted, setup, fused, np.array(capital))
    steps = []
    for bar in range(bars.n_bars):
        simulation.advance(bar + 1)
        steps.append(states.copy(simulation.state))
    return Ledger(tuple(steps), simulation.trace())


def plain(*values: Any) -> Row:
    """Return numbers as Python's, None for NaN."""
    return tuple(None if math.isnan(value) else float(value) for value in values)


def assert_same(expected: Sequence[Row], found: Sequence[Row]) -> None:
    """Compare two tables cell by cell, to the rounding of a decimal."""
    assert len(expected) == len(found), found
    for number, (wanted, given) in enumerate(zip(expected, found, strict=True)):
        assert len(wanted) == len(given), given
        for column, (left, right) in enumerate(zip(wanted, given, strict=True)):
            where = f"line {number}, column {column}: {left} expected, was {right}; whole line {given}"
            assert (left is None) == (right is None), where
            if left is not None and right is not None:
                assert abs(left - right) <= TOLERANCE * max(1.0, abs(left)), where


def limits(
    *, drawdown: float = math.inf, day: float = math.inf, keep: float = 0.5, weight: float = 1.0, band: float = 0.0
) -> Rules:
    """Return drawdown-halt, daily-loss and position-limit, each out of the way unless a limit is given."""
    chosen: list[tuple[str, TargetRule, tuple[Any, ...]]] = [
        ("drawdown-halt", drawdown_halt(DrawdownHalt()), (drawdown,)),
        ("daily-loss", daily_loss(DailyLoss()), (day, keep)),
        ("position-limit", position_limit(PositionLimit()), (weight, band)),
    ]
    return [(name, attrs.evolve(rule, parameters=type(rule.parameters)(*options))) for name, rule, options in chosen]


def mission(*options: Any) -> Rules:
    """Return the five rules that are always on, in their usual order, some with options of their own."""
    given = {type(option): option for option in options}
    makers: list[tuple[str, Any, type]] = [
        ("drawdown-halt", drawdown_halt, DrawdownHalt),
        ("daily-loss", daily_loss, DailyLoss),
        ("risk-per-trade", risk_per_trade, RiskPerTrade),
        ("position-limit", position_limit, PositionLimit),
        ("exposure", exposure, Exposure),
    ]
    return [(name, make(given.get(config) or config())) for name, make, config in makers]
