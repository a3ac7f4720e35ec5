"""The one place that decides what a report of a backtest says; every reader shows these numbers."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.metrics.drawdowns import max_drawdown
from tradewright.reports import events
from tradewright.reports.accounts import capital_at, curve_of
from tradewright.reports.comparison import outcome
from tradewright.reports.cuts import with_cuts
from tradewright.reports.figures import figures
from tradewright.reports.idle import reasons
from tradewright.reports.plain import money, number
from tradewright.reports.tree.halts import AfterHalt, AtHalt
from tradewright.reports.tree.report import CutOrders, Feed
from tradewright.reports.unpriced import unpriced
from tradewright.reports.unpriced import warnings as of_unpriced
from tradewright.sentence.wiring import divide_capital
from tradewright.signals.passes import NO_VOTE, UNCHECKED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from tradewright.reports.events import HaltRow
    from tradewright.reports.figures import Figures
    from tradewright.reports.tree.comparison import Outcome
    from tradewright.reports.tree.halts import Halt
    from tradewright.reports.tree.report import Rule, Status, Step, Unpriced
    from tradewright.sentence.record import Record
    from tradewright.values.bars import Bars

SHARPE_BELIEVED_MAX = 3.0
"""Over more than a year, a higher ratio is more often a price of tomorrow than an edge."""

DAYS_PER_YEAR = 365.25
CASH_CHECK = "buying-power"
"""The check that asks for cash before the fill does; both cut an order to what is there."""


@attrs.frozen(kw_only=True)
class Summary:
    """Everything that a report of a backtest shows.

    Attributes:
        status: `halted` when halts that only a person can lift stand over the account or in every book, `no_trades`
            without a fill.
        config: Every effective setting, in the file's shape.
        currency: Of every amount.
        data: The feeds.
        figures: The whole period; when halts ended all trading, up to the first close without a position.
        at_halt: Where they did.
        after_halt: What followed the figures then.
        until_halt: The figures up to the first halt, when a simulated person lifted it.
        outcome: Of all days, whatever halted the run.
        unlimited: The same file played without its limits, when that was asked.
        capital_start: Granted at first, in currency.
        steps: What was granted later, up to the end of `figures`.
        rules: What each rule cut.
        halts: Every halt, in order.
        idle: Why nothing was traded, empty when something was.
        unpriced: Positions at the end whose prices ended before.
        largest: Largest absolute weight at any close, by book and symbol.
        cuts: What became of orders that were not filled as sent.
        breaches: Answers of optimizers and rules that broke their contract and were replaced.
        verify_failures: Decisions whose second pass through the rules disagreed with the first.
        warnings: What weakens the result, most important first.
        seconds: Time of each stage.
    """

    status: Status
    config: dict[str, Any]
    currency: str
    data: tuple[Feed, ...]
    figures: Figures
    at_halt: AtHalt | None
    after_halt: AfterHalt | None
    until_halt: Figures | None
    outcome: Outcome
    unlimited: Summary | None
    capital_start: float
    steps: tuple[Step, ...]
    rules: tuple[Rule, ...]
    halts: tuple[Halt, ...]
    idle: tuple[str, ...]
    unpriced: tuple[Unpriced, ...]
    largest: dict[str, dict[str, float]]
    cuts: CutOrders
    breaches: int
    verify_failures: int
    warnings: tuple[str, ...]
    seconds: dict[str, float]


def summarise(ran: Record, warnings: Sequence[str] = ()) -> Summary:
    """Compute everything that a report of `ran` shows.

    Args:
        ran: The backtest.
        warnings: What the caller knows beyond `ran.warnings`; these come first.
    """
    halts = events.halts(ran)
    ended = events.end_of_trading(ran, halts)
    whole = figures(ran, ran.bars.n_bars if ended is None else ended[1])
    until = events.first_lifted(ran, halts)
    other = None if ran.unlimited is None else summarise(ran.unlimited)
    counts = ran.trace.state.run[0]
    rules, without = tuple(events.rules(ran)), tuple(unpriced(ran))
    return Summary(
        status=_status(ran, halts),
        config=ran.settings.as_table(),
        currency=ran.settings.currency,
        data=tuple(feed_rows(ran)),
        figures=whole,
        at_halt=None if ended is None else at_halt(ran, ended[0]),
        after_halt=None if ended is None else after_halt(ran, ended[1]),
        until_halt=None if until is None else figures(ran, until),
        outcome=outcome(ran),
        unlimited=other,
        capital_start=float(divide_capital(ran.settings).sum()),
        steps=tuple(step for step in events.steps(ran) if np.datetime64(step.on) <= whole.on[-1]),
        rules=rules,
        halts=with_cuts(ran, halts),
        idle=() if len(ran.trace.fills) else reasons(ran),
        unpriced=without,
        largest=largest(ran),
        cuts=cut_orders(ran, rules),
        breaches=int(counts.breaches) + sum(len(one.breaches) for one in ran.targets.values()),
        verify_failures=int(counts.verify_failures),
        warnings=leading(
            (
                *of_unpriced(without),
                *doubts(whole),
                *warnings,
                *ran.warnings,
                *refusals(rules[len(ran.rules) :]),
                *(f"without limits: {line}" for line in (() if other is None else other.warnings)),
            )
        ),
        seconds=ran.seconds,
    )


def cut_orders(ran: Record, rules: Iterable[Rule]) -> CutOrders:
    """Return what became of orders; cash is asked for by a check, and again by the fill."""
    counts = ran.trace.state.run[0]
    refused = sum(rule.cuts for rule in rules if rule.name == CASH_CHECK)
    return CutOrders(
        participation=int(counts.participation_cuts),
        cash=int(counts.cash_cuts) + refused,
        expired=int(counts.expired),
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


def _status(ran: Record, halts: tuple[HaltRow, ...]) -> Status:
    if not len(ran.trace.fills):
        return "no_trades"
    return "halted" if events.is_halted(ran, halts) else "complete"


def refusals(checks: Iterable[Rule]) -> Iterator[str]:
    """Yield a warning for each order check that held orders back.

    Halts and cash are left out: the report leads with the ones, and counts the other's cuts by themselves.
    """
    for check in checks:
        if check.cuts and check.name not in {"halt", CASH_CHECK}:
            yield (
                f"{check.name} refused or cut {check.cuts:,} orders on {check.bars_bound:,} bars, first on "
                f"{check.first_on}: an increase beyond it is not made smaller, but asked for again at every close"
            )


def at_halt(ran: Record, end: int) -> AtHalt:
    """Return the account at the close before bar `end`, which ends the session of the halt."""
    curve = curve_of(ran, end)
    return AtHalt(
        on=events.session_of(ran, end - 1),
        profit=money(curve.equity[-1]) - money(capital_at(ran, end)),
        max_drawdown=max_drawdown(np.append(1.0, curve.nav)).depth,
    )


def after_halt(ran: Record, end: int) -> AfterHalt:
    """Return where the prices end, and the account with them."""
    before, last = curve_of(ran, end)[-1], curve_of(ran, ran.bars.n_bars)[-1]
    on = events.session_of(ran, ran.bars.n_bars - 1)
    change = number(last.nav / before.nav - 1.0)
    years = (on - events.session_of(ran, end - 1)).days / DAYS_PER_YEAR
    return AfterHalt(
        on=on,
        equity=money(last.equity),
        change=change,
        annual_return=None if change is None or years < 1.0 else number((1.0 + change) ** (1.0 / years) - 1.0),
        years=years,
        flat=float(before.gross) == 0.0,
    )


def largest(ran: Record) -> dict[str, dict[str, float]]:
    """Return the largest absolute weight at any close, by book and symbol, of what was ever held."""
    weights = ran.trace.state.positions.largest
    return {
        book: {symbol: float(weight) for symbol, weight in zip(ran.bars.symbols, row, strict=True) if weight > 0.0}
        for book, row in zip(ran.books, weights, strict=True)
    }


def feed_rows(ran: Record) -> Iterator[Feed]:
    """Yield a row per feed."""
    for feed in ran.feeds:
        yield Feed(
            name=feed.name,
            source=feed.source,
            symbols=feed.bars.symbols,
            first_on=feed.bars.session[0].astype(object),
            last_on=feed.bars.session[-1].astype(object),
            bars=feed.bars.n_bars,
            adjustment=feed.bars.adjustment,
            fingerprint=feed.fingerprint,
            last_on_by_symbol=_last_bars(feed.bars),
            origin="source" if feed.fetched_at is None else "cache",
            fetched_at=None if feed.fetched_at is None else feed.fetched_at.astimezone(UTC).replace(microsecond=0),
        )


def _last_bars(bars: Bars) -> dict[str, date | None]:
    """Return the session of each symbol's last bar, None where it has none."""
    rows = [np.flatnonzero(bars.traded[:, asset]) for asset in range(bars.n_assets)]
    return {
        symbol: bars.session[row[-1]].item() if row.size else None
        for symbol, row in zip(bars.symbols, rows, strict=True)
    }
