"""The one place that decides what a report of a backtest says; every reader shows these numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np

from tradewright.reports import events
from tradewright.reports.accounts import curve_of
from tradewright.reports.figures import figures
from tradewright.reports.idle import reasons
from tradewright.sentence.wiring import granted
from tradewright.signals.passes import NO_VOTE, UNCHECKED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime

    from tradewright.backtest import Backtest
    from tradewright.reports.events import HaltRow, RuleRow, StepRow
    from tradewright.reports.figures import Figures

SHARPE_BELIEVED_MAX = 3.0
"""Over more than a year, a higher ratio is more often a price of tomorrow than an edge."""

Status = Literal["complete", "halted", "no_trades"]


@attrs.frozen(kw_only=True)
class FeedRow:
    """What one feed brought; see `tradewright.data.feeds.Feed`."""

    name: str
    source: str
    symbols: tuple[str, ...]
    first_on: date
    last_on: date
    bars: int
    adjustment: str
    fingerprint: str
    fetched_at: datetime | None


@attrs.frozen(kw_only=True)
class AfterHalt:
    """What came of the account once halts had ended all trading: positions were sold on the next bar, or are frozen.

    Attributes:
        on: Last session of the prices.
        equity: On that day, in currency.
        change: Of NAV since the halt's close, a fraction.
    """

    on: date
    equity: float
    change: float


@attrs.frozen(kw_only=True)
class Summary:
    """Everything that a report of a backtest shows.

    Attributes:
        status: `halted` when halts that only a person can lift stand over the account or in every book, `no_trades`
            without a fill.
        config: Every effective setting, in the file's shape.
        currency: Of every amount.
        data: The feeds.
        figures: The whole period; when halts ended all trading, up to the close of the session in which they did.
        after_halt: What followed then.
        until_halt: The figures up to the first halt, when a simulated person lifted it.
        capital_start: Granted at first, in currency.
        steps: What was granted later, up to the end of `figures`.
        rules: What each rule cut.
        halts: Every halt, in order.
        idle: Why nothing was traded, empty when something was.
        largest: Largest absolute weight at any close, by book and symbol.
        cuts: Orders reduced by `participation` and by `cash`.
        expired: Orders that never reached their limit.
        breaches: Answers of optimizers and rules that broke their contract and were replaced.
        verify_failures: Decisions whose second pass through the rules disagreed with the first.
        warnings: What weakens the result, most important first.
        seconds: Time of each stage.
    """

    status: Status
    config: dict[str, Any]
    currency: str
    data: tuple[FeedRow, ...]
    figures: Figures
    after_halt: AfterHalt | None
    until_halt: Figures | None
    capital_start: float
    steps: tuple[StepRow, ...]
    rules: tuple[RuleRow, ...]
    halts: tuple[HaltRow, ...]
    idle: tuple[str, ...]
    largest: dict[str, dict[str, float]]
    cuts: dict[str, int]
    expired: int
    breaches: int
    verify_failures: int
    warnings: tuple[str, ...]
    seconds: dict[str, float]


def summarise(ran: Backtest, warnings: Sequence[str] = ()) -> Summary:
    """Compute everything that a report of `ran` shows.

    Args:
        ran: The backtest.
        warnings: What the caller knows beyond `ran.warnings`; these come first.
    """
    halts = events.halts(ran)
    end = events.end_of_trading(ran, halts)
    lifted = [halt.bar for halt in halts if halt.latched and not halt.stands]
    whole = figures(ran, ran.bars.n_bars if end is None else end)
    counts = ran.trace.state.run[0]
    rules = tuple(events.rules(ran))
    return Summary(
        status=_status(ran, halts),
        config=ran.settings.as_table(),
        currency=ran.settings.currency,
        data=tuple(feed_rows(ran)),
        figures=whole,
        after_halt=None if end is None else after_halt(ran, end),
        until_halt=figures(ran, events.session_end(ran, lifted[0])) if lifted else None,
        capital_start=float(granted(ran.settings).sum()),
        steps=tuple(step for step in events.steps(ran) if np.datetime64(step.on) <= whole.on[-1]),
        rules=rules,
        halts=halts,
        idle=() if len(ran.trace.fills) else reasons(ran),
        largest=largest(ran),
        cuts={"participation": int(counts.participation_cuts), "cash": int(counts.cash_cuts)},
        expired=int(counts.expired),
        breaches=int(counts.breaches) + sum(len(one.breaches) for one in ran.targets.values()),
        verify_failures=int(counts.verify_failures),
        warnings=leading((*doubts(whole), *warnings, *ran.warnings, *refusals(rules[len(ran.rules) :]))),
        seconds=ran.seconds,
    )


def leading(warnings: Sequence[str]) -> tuple[str, ...]:
    """Return the warnings with those first that say whether the signals can be believed and were heard.

    >>> leading(["prices have gaps", "NO VOTE: b of a: raised", "UNCHECKED: signal a has no pass"])
    ('UNCHECKED: signal a has no pass', 'NO VOTE: b of a: raised', 'prices have gaps')
    """
    return tuple(sorted(warnings, key=lambda line: (not line.startswith(UNCHECKED), not line.startswith(NO_VOTE))))


def doubts(whole: Figures) -> Iterator[str]:
    """Yield what makes a result hard to believe."""
    ratio = whole.net.sharpe
    if ratio is not None and ratio > SHARPE_BELIEVED_MAX and whole.sessions > whole.sessions_per_year:
        yield f"Sharpe {ratio:.1f} is rarely real: check the signal for look-ahead"


def _status(ran: Backtest, halts: tuple[HaltRow, ...]) -> Status:
    if not len(ran.trace.fills):
        return "no_trades"
    return "halted" if events.is_halted(ran, halts) else "complete"


def refusals(checks: Iterable[RuleRow]) -> Iterator[str]:
    """Yield a warning for each order check that held orders back.

    Halts and cash are left out: the report leads with the ones, and counts the other's cuts by themselves.
    """
    for check in checks:
        if check.cuts and check.name not in {"halt", "buying-power"}:
            yield (
                f"{check.name} refused or cut {check.cuts:,} orders on {check.bars_bound:,} bars, first on "
                f"{check.first_on}: an increase beyond it is not made smaller, but asked for again at every close"
            )


def after_halt(ran: Backtest, end: int) -> AfterHalt:
    """Return where the prices end, and the account with them."""
    before, last = curve_of(ran, end)[-1], curve_of(ran, ran.bars.n_bars)[-1]
    return AfterHalt(
        on=ran.bars.session[-1].astype(object),
        equity=float(last.equity),
        change=float(last.nav / before.nav - 1.0),
    )


def largest(ran: Backtest) -> dict[str, dict[str, float]]:
    """Return the largest absolute weight at any close, by book and symbol, of what was ever held."""
    weights = ran.trace.state.positions.largest
    return {
        book: {symbol: float(weight) for symbol, weight in zip(ran.bars.symbols, row, strict=True) if weight > 0.0}
        for book, row in zip(ran.books, weights, strict=True)
    }


def feed_rows(ran: Backtest) -> Iterator[FeedRow]:
    """Yield a row per feed."""
    for feed in ran.feeds:
        yield FeedRow(
            name=feed.name,
            source=feed.source,
            symbols=feed.bars.symbols,
            first_on=feed.bars.session[0].astype(object),
            last_on=feed.bars.session[-1].astype(object),
            bars=feed.bars.n_bars,
            adjustment=feed.bars.adjustment,
            fingerprint=feed.fingerprint,
            fetched_at=feed.fetched_at,
        )
