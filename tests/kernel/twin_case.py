"""What the engine's twin computes with: the case, and the records of section 1 and 11; see `twin`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin_checks import Check
    from twin_rules import Rule

NAN = math.nan
NORMAL, REDUCE_ONLY, FROZEN = 0, 1, 2  # modes
NO_HALT, HALT_REDUCE_ONLY, FLATTEN, FREEZE = 0, 1, 2, 3  # halt levels
HALTED, LIFTED, GRANTED = 0, 1, 2
BY_ORDER, BY_STOP, BY_EXIT = 0, 1, 2
SPLIT, DIVIDEND = 0, 1
NEAR = 1e-12


def sign(number: float) -> int:
    return (number > 0) - (number < 0)


@dataclass
class Watch:
    """Remembers the decisions that were taken within 1e-12 of their limit, but not on it.

    There two correct programs may part; exactly on a limit they may not, since both page and twin say what holds.
    """

    bar: int = -1
    near: list[tuple[int, str, float]] = field(default_factory=list)
    exact: set[str] = field(default_factory=set)  # what was compared with a limit that it equals

    def limit(self, what: str, value: float, limit: float) -> None:
        """Note a comparison of `value` with `limit`."""
        distance = abs(value - limit)
        if 0 < distance <= NEAR * max(1.0, abs(limit)):
            self.near.append((self.bar, what, distance))
        elif distance == 0:
            self.exact.add(what)

    def whole(self, what: str, number: float, slack: float = 0.0) -> float:
        """Return `whole(number, slack)` of section 1, noting when it could as well have been another."""
        distance, allowed = abs(number - round(number)), max(slack, 1e-15 * abs(number))
        # Two orders of the same few multiplications part by some units of the last place of a large number.
        if 0 < distance and abs(distance - allowed) <= max(NEAR, 2e-15 * abs(number)):
            self.near.append((self.bar, what, distance))
        return float(round(number) if distance <= allowed else math.floor(number))


@dataclass(frozen=True)
class Asset:
    """The constants of one column."""

    lot: float = 1.0
    tick: float = 0.0
    multiplier: float = 1.0
    delisted_session: int | None = None  # number of the first session without it
    delisted_cash: float = 0.0  # per unit


@dataclass
class Case:
    """Everything that one history is computed from; prices are `[bar][asset]`, targets `[bar][book][asset]`."""

    assets: list[Asset]
    session: list[int]
    opened: list[int]  # minutes
    closed: list[int]
    traded: list[list[bool]]
    close: list[list[float]]
    open: list[list[float]] | None
    high: list[list[float]] | None
    low: list[list[float]] | None
    volume: list[list[float]] | None
    target: list[list[list[float]]]
    made: list[list[bool]]
    rules: list[Rule]
    checks: list[Check]
    capital: list[float]
    share: list[float]
    no_trade_band: list[float]
    split: list[list[float]] | None = None  # new units per old one
    dividend: list[list[float]] | None = None  # per new unit
    at_close: bool = False
    whole: bool = True
    in_units: bool = False
    limit_offset: float = NAN  # of limit orders; NaN sends increases at the market
    participation: float = 0.05
    spread_bps: float = 0.0
    slippage_bps: float = 0.0
    commission_per_share: float = 0.0
    commission_rate: float = 0.0
    commission_min: float = 0.0
    cash_rate: float = 0.0
    borrow_rate: float = 0.0
    capital_total: float = 0.0
    capital_step: float = 0.0
    capital_step_return: float = 0.15
    evidence_ok: bool = True
    resume_after: int = 0

    @property
    def cost_fraction(self) -> float:
        return (self.spread_bps / 2 + self.slippage_bps) / 10000


@dataclass
class Row:
    """A book, or the account."""

    capital: float
    units: float
    cash: float
    equity: float
    nav: float = 1.0
    peak: float = 1.0
    day_base: float = 1.0
    fees: float = 0.0
    slippage: float = 0.0
    borrow: float = 0.0
    interest: float = 0.0


@dataclass
class Position:
    quantity: float = 0.0
    entry: float = NAN
    stop: float = NAN
    order: float = 0.0
    limit: float = NAN
    wanted: float = NAN  # target of the last decision while the asset has not traded since

    def drop_order(self) -> None:
        self.order, self.limit = 0.0, NAN


@dataclass
class Counter:
    """What one rule or check has cut."""

    cuts: int = 0
    bars: int = 0
    notional: float = 0.0
    first: int = -1
    last: int = -1

    def add(self, bar: int, notional: float) -> None:
        self.cuts += 1
        self.notional += notional
        self.bars += self.last != bar
        self.first = bar if self.first < 0 else self.first
        self.last = bar


@dataclass
class Tally:
    breaches: int = 0
    verify_failures: int = 0
    participation_cuts: int = 0
    cash_cuts: int = 0
    expired: int = 0


@dataclass
class Fill:
    bar: int
    book: int
    asset: int
    reason: int
    quantity: float
    price: float
    fee: float
    slippage: float


@dataclass
class Action:
    """A split or a dividend that acted on a position."""

    bar: int
    book: int
    asset: int
    kind: int
    ratio: float
    units: float  # paid out by a split, or what a dividend was paid on
    price: float
    cash: float


@dataclass
class Event:
    bar: int
    row: int
    kind: int
    rule: int = -1
    level: int = NO_HALT
    observed: float = NAN
    limit: float = NAN
    money: float = 0.0


@dataclass
class Point:
    """One row of the curve, at the close of a session."""

    equity: float
    nav: float
    gross: float
    net: float
    fees: float
    slippage: float
    borrow: float
    interest: float


@dataclass
class Halt:
    level: int = NO_HALT
    session: int = -1  # number of the session in which the level rose from none
