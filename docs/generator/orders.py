"""The table of orders: what every piece of news makes of an order in every state, asked of the function itself."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from tradewright.execute.news import News, Word
from tradewright.execute.orders import Step, advance
from tradewright.execute.state import GRACE, OrderState
from tradewright.values.order import SAID, Fill, Order, Purpose, Status

from generator.markdown import code, table

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime(2026, 3, 2, 21, tzinfo=UTC)
ORDER = Order(
    id=UUID(int=1),
    venue="simulated",
    symbol="SPY",
    quantity=Decimal(10),
    purpose=Purpose.TARGET,
    shares=[("trend", Decimal(10))],
    decided_at=AT,
)


def transitions() -> str:
    """Return each piece of news with the states that it changes, and what is demanded then."""
    rows = []
    for name, news in _news():
        grouped: dict[tuple[str, str], list[str]] = {}
        for status in Status:
            step = advance(_standing(status), news, AT + GRACE)
            outcome = (_outcome(status, step), ", ".join(code(one) for one in sorted(step.demands)))
            if outcome != ("stays", ""):
                grouped.setdefault(outcome, []).append(status.name)
        rows += [(name, ", ".join(before), after, demands) for (after, demands), before in grouped.items()]
    return table(("news", "state", "next", "demands"), rows)


def _outcome(status: Status, step: Step) -> str:
    if step.state.status is not status:
        return step.state.status.name
    return "stays, booked" if step.booked else "stays"


def _standing(status: Status) -> OrderState:
    """Return an order of 10 units: filled where it says so, and absent once where it is UNKNOWN."""
    filled = ORDER.quantity if status is Status.FILLED else Decimal(0)
    absences = (AT,) if status is Status.UNKNOWN else ()
    return OrderState(order=ORDER, since=AT, status=status, filled=filled, absences=absences)


def _news() -> Iterator[tuple[str, News]]:
    for word in Word:
        if word is Word.FOUND:
            yield from ((f"{code(word)}: {one.name}", News(word=word, status=one)) for one in Status if one in SAID)
        elif word is Word.FILL:
            yield f"{code(word)} of a part", News(word=word, fill=_fill(4))
            yield f"{code(word)} of all", News(word=word, fill=_fill(10))
        elif word is not Word.BUST:  # It changes no state.
            yield f"{code(word)}{' again' if word is Word.ABSENT else ''}", News(word=word)


def _fill(quantity: int) -> Fill:
    return Fill(
        venue=ORDER.venue,
        execution_id="e1",
        order_id=ORDER.id,
        symbol=ORDER.symbol,
        quantity=Decimal(quantity),
        price=Decimal(100),
        currency="USD",
        at=AT,
    )
