"""What a simulated venue has told, kept so that it can be asked again: streams lose messages, venues do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tradewright.execute.news import News, Report, Word
from tradewright.values.exact import EXACT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from decimal import Decimal
    from uuid import UUID

    from tradewright.values.order import Activity, Fill, Status


class Ended(NamedTuple):
    """How an order came to its end.

    Attributes:
        status: Final.
        filled: Signed units.
        symbol: What it was in.
        at: When.
    """

    status: Status
    filled: Decimal
    symbol: str
    at: datetime


class Told:
    """Reports that are due, and everything that was ever told.

    Attributes:
        ended: By client id.
        fills: Those that stand, by execution id, in their order.
        activities: In their order.
        busts: Executions that were taken back, and when.
        strange: Symbols in which something was executed that nobody's agent asked for.
    """

    def __init__(self) -> None:
        self.ended: dict[UUID, Ended] = {}
        self.fills: dict[str, Fill] = {}
        self.activities: list[Activity] = []
        self.busts: list[tuple[datetime, Fill]] = []
        self.strange: set[str] = set()
        self._due: list[Report | Activity | Fill] = []

    def due(self) -> list[Report | Activity | Fill]:
        """Return what is to be reported, and forget that it is due; a fill by itself is a stranger's."""
        reports, self._due = self._due, []
        return reports

    def say(self, order_id: UUID, news: News) -> None:
        """Report news of an order."""
        self._due.append(Report(order_id, news))

    def fill(self, fill: Fill) -> None:
        """Report an execution."""
        self.fills[fill.execution_id] = fill
        if fill.order_id is None:
            self._due.append(fill)
        else:
            self.say(fill.order_id, News(word=Word.FILL, fill=fill))

    def post(self, activity: Activity) -> None:
        """Report what moved cash or units and was no fill."""
        self.activities.append(activity)
        self._due.append(activity)

    def take_back(self, execution_id: str, now: datetime) -> Fill:
        """Report that an execution does not stand, and return it.

        Raises:
            LookupError: There is no such execution, or it was taken back before.
        """
        if execution_id not in self.fills:
            raise LookupError(f"execution_id must name a fill that stands, was {execution_id!r}")
        fill = self.fills.pop(execution_id)
        self.busts.append((now, fill))
        if fill.order_id in self.ended:
            ended = self.ended[fill.order_id]
            self.ended[fill.order_id] = ended._replace(filled=EXACT.subtract(ended.filled, fill.quantity))
        if fill.order_id is not None:
            self.say(fill.order_id, News(word=Word.BUST, fill=fill))
        return fill

    def fills_since(self, since: datetime) -> tuple[Fill, ...]:
        """Return the executions from an instant on, in their order."""
        fills = tuple(self.fills.values())
        return fills[_first(fills, since) :]

    def activities_since(self, since: datetime) -> tuple[Activity, ...]:
        """Return the activities from an instant on, in their order."""
        return tuple(self.activities[_first(self.activities, since) :])

    def busts_since(self, since: datetime) -> tuple[Fill, ...]:
        """Return the executions that were taken back from an instant on."""
        return tuple(fill for at, fill in self.busts if at >= since)


def _first(told: Sequence[Fill | Activity], since: datetime) -> int:
    """Return the number of the first from an instant on, looked for from the end: a venue tells in time's order."""
    return next((number for number in range(len(told), 0, -1) if told[number - 1].at < since), 0)
