"""The tables [capital], [execution], [venues.NAME] and [costs]: money, and how orders become fills."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # cattrs reads the annotations at run time
from typing import Any, Literal

import attrs

from tradewright.config.fields import fraction, late, non_negative, number, option, positive
from tradewright.config.ranges import OptionError, Range
from tradewright.config.texts import word

MONEY_MAX = 1e9  # More than a fund of this kind will hold: a slip of the keyboard.


def _within_total(instance: CapitalSettings, _: attrs.Attribute[float], start: float) -> None:
    if not start <= instance.total:
        raise OptionError(
            f"must be at most capital.total = {instance.total:.10g}, was {start:.10g}",
            "lower start or raise total",
        )


@attrs.frozen(kw_only=True)
class CapitalSettings:
    """How much money trades, and when more does; in the account's currency.

    Attributes:
        total: All that may ever be deployed.
        start: Deployed at first.
        step: Added at each step.
        step_return: Growth of NAV per unit since the last step that earns the next.
    """

    total: float = positive(200_000.0, doc="all that may ever be deployed", unit="currency", at_most=MONEY_MAX)
    start: float = option(
        50_000.0,
        doc="deployed at first",
        unit="currency",
        validator=[Range(above=0.0, at_most=MONEY_MAX), _within_total],
    )
    step: float = positive(50_000.0, doc="added at each step", unit="currency", at_most=MONEY_MAX)
    step_return: float = fraction(0.15, doc="growth of NAV since the last step that earns the next")


@attrs.frozen(kw_only=True)
class ExecutionSettings:
    """How orders are sized, sent and, in simulation, filled.

    Attributes:
        fill: Price of a simulated fill: the next bar's open or close.
        units: Whole lots, or fractions of a unit.
        order: Whether increases go at the market or with a limit; reductions always go at the market.
        limit_offset: How far beyond the mark the limit lies, a fraction; negative waits for a better price.
        participation: Largest share of a bar's volume that one order may take.
        executor: Name of a venue, or of an executor.
    """

    fill: Literal["next-open", "next-close"] = option("next-open", doc="price of a simulated fill")
    units: Literal["whole", "fractional"] = option("whole", doc='"whole" lots or "fractional"')
    order: Literal["market", "limit"] = option("market", doc="how increases are sent")
    limit_offset: float = number(
        0.0,
        at_least=-0.2,
        at_most=0.2,
        unit="fraction",
        doc="limit beyond the mark, negative waits for a better price",
    )
    participation: float = fraction(0.05, doc="largest share of a bar's volume that one order may take")
    executor: str = option("simulated", doc="a venue, or an executor with its defaults", validator=word)


@attrs.frozen(kw_only=True)
class VenueSettings:
    """An account at a broker or exchange; keys not listed here belong to the executor.

    Attributes:
        executor: Name of an executor.
        options: The executor's own keys, not yet validated.
    """

    executor: str = option(doc="an executor, which talks to the venue", validator=word)
    options: Mapping[str, Any] = attrs.field(factory=dict, metadata={"rest": True})


@attrs.frozen(kw_only=True)
class CostSettings:
    """What trading costs.

    Attributes:
        commission_per_share: Currency per unit traded.
        commission_rate: Fraction of the value traded.
        commission_min: Currency per order, the least.
        spread_bps: Half is paid on each fill, basis points of the price.
        slippage_bps: Paid on each fill, basis points of the price.
        borrow_rate: Annual fraction of the value held short.
        cash_rate: Annual fraction earned on idle cash; it may be negative.
        risk_free: Annual fraction that could be earned without risk, subtracted in Sharpe; None for `cash_rate`.
    """

    commission_per_share: float = non_negative(
        0.005, doc="commission by quantity", unit="currency per unit", at_most=1_000.0
    )
    commission_rate: float = fraction(0.0, doc="commission by value", at_least=0.0)
    commission_min: float = non_negative(1.0, doc="least commission of an order", unit="currency", at_most=1e6)
    spread_bps: float = non_negative(
        2.0, doc="distance of bid and ask; each fill pays half", unit="basis points", at_most=10_000.0
    )
    slippage_bps: float = non_negative(3.0, doc="paid on each fill", unit="basis points", at_most=10_000.0)
    borrow_rate: float = fraction(0.01, doc="paid on what is held short", unit="fraction per year", at_least=0.0)
    cash_rate: float = fraction(0.0, doc="earned on idle cash", unit="fraction per year", at_least=-1.0)
    risk_free: float | None = late(
        fraction(
            None,
            doc="subtracted in Sharpe and the like, earned by the cash beside them; else it is `cash_rate`",
            unit="fraction per year",
            at_least=-1.0,
        )
    )

    @property
    def rate_without_risk(self) -> float:
        """Annual fraction that returns are measured against: `risk_free`, or `cash_rate` where that is not told."""
        return self.cash_rate if self.risk_free is None else self.risk_free
