"""Halts: what fired, what it sold, and how the account stood before and after."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003  # cattrs reads the annotations at run time
from decimal import Decimal  # noqa: TC003  # likewise

import attrs


@attrs.frozen(kw_only=True)
class Saved:
    """What a cut had saved by the close so many sessions later, in currency; negative is what it had cost.

    None where the prices end before.
    """

    sessions: int
    amount: Decimal | None


@attrs.frozen(kw_only=True)
class Cut:
    """What one firing of the daily-loss rule sold at once.

    Attributes:
        notional: Of what was sold, at its price before spread and slippage, in currency.
        costs: Fees and slippage of the sale, in currency; in none of the following.
        saved: How the price of what was sold had moved 1, 5 and 20 sessions later.
    """

    notional: Decimal
    costs: Decimal
    saved: tuple[Saved, ...]


@attrs.frozen(kw_only=True)
class Halt:
    """One halt.

    Attributes:
        kind: Name of the rule.
        level: `reduce_only`, `flatten` or `freeze`.
        book: Name of the book, or `account`.
        at: Close of the bar on which it was decided.
        on: That bar's session; a bar of a session may close on another day.
        observed: What was compared: a fraction, or beyond a limit of 1 a ratio; see `risk.contract.Halt`.
        limit: What it was compared with.
        latched: Whether only a person lifts it.
        lifted_at: When it ended, None when it stands.
        lifted_on: That session.
        cut: What the daily-loss rule sold by it; None for other rules, and when it sold nothing.
    """

    kind: str
    level: str
    book: str
    at: datetime
    on: date
    observed: float | None
    limit: float | None
    latched: bool
    lifted_at: datetime | None
    lifted_on: date | None
    cut: Cut | None

    @property
    def stands(self) -> bool:
        """Whether a person would still have to lift it."""
        return self.latched and self.lifted_at is None


@attrs.frozen(kw_only=True)
class AfterHalt:
    """What came of the account after the figures, once halts had ended all trading.

    Attributes:
        on: Last session of the prices.
        equity: On that day, in currency.
        change: Of NAV since the figures end, a fraction.
        annual_return: The same per year; None for less than a year.
        years: That long, in years of 365.25 days; None where the figures ended before what the halt sold.
        flat: Whether nothing was held, so that all of it is interest on idle cash; None as for `years`.
    """

    on: date
    equity: Decimal
    change: float | None
    annual_return: float | None
    years: float | None
    flat: bool | None


@attrs.frozen(kw_only=True)
class AtHalt:
    """The account at the close of the session in which halts ended all trading, before what they sold.

    Attributes:
        on: That session.
        profit: Equity less the capital granted, in currency.
        max_drawdown: Largest fall of NAV from a peak until then, a fraction.
    """

    on: date
    profit: Decimal
    max_drawdown: float
