"""A whole report: the figures, what ran, and what happened in between."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003  # cattrs reads the annotations at run time
from decimal import Decimal  # noqa: TC003  # likewise
from typing import Any, Literal

import attrs

from tradewright.reports.tree.comparison import WithoutLimits  # noqa: TC001  # likewise
from tradewright.reports.tree.curves import Benchmarks, Performance  # noqa: TC001  # likewise
from tradewright.reports.tree.halts import AfterHalt, AtHalt, Halt  # noqa: TC001  # likewise
from tradewright.reports.tree.part import Costs, Net, Part, Period  # likewise

Status = Literal["complete", "halted", "no_trades"]


@attrs.frozen(kw_only=True)
class Feed:
    """What one feed brought.

    Attributes:
        name: Of the feed.
        source: Who brought it.
        symbols: What it is of.
        first_on: First session.
        last_on: Last session.
        bars: How many.
        adjustment: Of its prices.
        fingerprint: SHA-256 over every number, 64 hexadecimal digits.
        origin: Whether the prices came from the source or from the cache.
        fetched_at: When the oldest cached file was fetched, None without a cache.
        last_on_by_symbol: Session of each symbol's last bar, None without a bar; empty where it was not noted.
    """

    name: str
    source: str
    symbols: tuple[str, ...]
    first_on: date
    last_on: date
    bars: int
    adjustment: str
    fingerprint: str
    origin: Literal["source", "cache"]
    fetched_at: datetime | None
    last_on_by_symbol: dict[str, date | None]


@attrs.frozen(kw_only=True)
class Step:
    """One step of capital: granted at a session's close, after so much growth of NAV since the step before."""

    on: date
    amount: Decimal
    gain: float | None


@attrs.frozen(kw_only=True)
class Capital:
    """What was granted at the start and by the end, in currency."""

    start: Decimal
    end: Decimal
    steps: tuple[Step, ...]


@attrs.frozen(kw_only=True)
class Rule:
    """What one rule or check did.

    Attributes:
        name: The rule.
        cuts: How often it lowered a target, or an order.
        bars_bound: On how many bars.
        notional_cut: Sum over all cuts, in currency; a target cut on ten bars counts ten times.
        held_back: Mean over those bars of what was cut, a fraction of the account's equity; None without a cut.
        first_at: Close of the first such bar, None when there is none.
        last_at: Close of the last.
        first_on: Session of the first.
        last_on: Session of the last.
    """

    name: str
    cuts: int
    bars_bound: int
    notional_cut: Decimal
    held_back: float | None
    first_at: datetime | None
    last_at: datetime | None
    first_on: date | None
    last_on: date | None


@attrs.frozen(kw_only=True)
class CutOrders:
    """Orders cut to the share of volume and to the cash there was, or that never reached their limit."""

    participation: int
    cash: int
    expired: int


@attrs.frozen(kw_only=True)
class Unpriced:
    """A position at the end whose value is that of its last bar, however long ago.

    Attributes:
        book: Name of the strategy.
        symbol: What is held.
        quantity: Signed, in units.
        value: Signed, at the last price there was, in currency.
        last_on: Session of the last bar.
    """

    book: str
    symbol: str
    quantity: float
    value: Decimal
    last_on: date


@attrs.frozen(kw_only=True)
class WholeNet(Net):
    """The same of a whole run, with what the engine counted.

    Attributes:
        largest_weights: Largest absolute weight at any close, by book and symbol.
        cut_orders: What became of orders that were not filled as sent.
        no_trades: Why nothing was traded, empty when something was.
        unpriced: Positions at the end whose prices ended before.
        breaches: Answers of optimizers and rules that broke their contract and were replaced.
        verify_failures: Decisions whose second pass through the rules disagreed with the first.
        at_halt: Where halts ended all trading, None when they did not; the figures go on to the first flat session.
        after_halt: What followed the figures then.
    """

    largest_weights: dict[str, dict[str, float]]
    cut_orders: CutOrders
    no_trades: tuple[str, ...]
    unpriced: tuple[Unpriced, ...]
    breaches: int
    verify_failures: int
    at_halt: AtHalt | None
    after_halt: AfterHalt | None


@attrs.frozen(kw_only=True)
class Report:
    """Everything that is said of a run.

    Attributes:
        run_id: Its name.
        status: `halted` when halts that only a person can lift stand over the account or in every book, `no_trades`
            without a fill.
        config: Every effective setting, in the file's shape.
        versions: Of everything that computed it.
        data: The feeds.
        period: The whole one; when halts ended all trading, up to where they did.
        currency: Of every amount.
        capital: Up to the end of `period`.
        net: After costs.
        gross: Before them.
        benchmarks: What holding would have earned.
        costs: In `period`.
        rules: What each rule and check cut, over the whole run.
        halts: Every halt, in order.
        trials: Distinct trials of the workspace, None when they cannot be counted.
        warnings: What weakens the result, most important first.
        seconds: Time of each stage.
        until_halt: The figures up to the first halt, when a simulated person lifted it.
        without_limits: The same file played without its limits, when that was asked.
    """

    run_id: str
    status: Status
    config: dict[str, Any]
    versions: dict[str, Any]
    data: tuple[Feed, ...]
    period: Period
    currency: str
    capital: Capital
    net: WholeNet
    gross: Performance
    benchmarks: Benchmarks
    costs: Costs
    rules: tuple[Rule, ...]
    halts: tuple[Halt, ...]
    trials: int | None
    warnings: tuple[str, ...]
    seconds: dict[str, float]
    until_halt: Part | None = None
    without_limits: WithoutLimits | None = None

    @property
    def symbols(self) -> list[str]:
        """Everything that was traded, feed by feed; one may be there for the benchmark alone."""
        traded = {feed for strategy in self.config["strategies"].values() for feed in strategy["data"]}
        return [symbol for feed in self.data if feed.name in traded for symbol in feed.symbols]

    @property
    def books(self) -> list[str]:
        """Names of the strategies, in the file's order."""
        return list(self.config["strategies"])
