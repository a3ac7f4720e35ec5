"""What is said of an account, believed or not: what cannot be true holds back, and a person is told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from tradewright.data import quality
from tradewright.execute.clock import is_absurd, offset_of
from tradewright.execute.news import Report, Word
from tradewright.execute.soundness import date, doubt_count, doubt_execution, has_other_sign
from tradewright.live import entries
from tradewright.live.events import Clocked, Commit, Imposed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tradewright.ledger.entry import Draft
    from tradewright.live.events import Action, Doubted, RowArrived
    from tradewright.live.watch import Watch
    from tradewright.values.bars import Bars
    from tradewright.values.order import Activity, Fill
    from tradewright.values.snapshot import Snapshot

DROPPED_TELLS = 3
"""So many prices of a symbol that were not used are told to a person, and each time that so many more were."""


class Doubtful:
    """An account whose venue is not believed everything.

    Attributes:
        watch: What is not certain, and holds back.
    """

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self._booked: dict[str, Fill] = {}

    def _impose(self, imposed: Imposed, now: datetime) -> list[Action]:
        """Hold back what is not certain, and tell a person."""
        raise NotImplementedError

    def _doubt_report(self, report: Report, now: datetime) -> tuple[Report | None, list[Action]]:
        """Return a report as far as it can be true, None where it cannot, and what follows from the rest."""
        news = report.news
        if news.word is Word.FILL and news.fill is not None:
            fill, doubts = self._doubt_fill(news.fill, now)
            if fill is None or fill is news.fill:
                return (None if fill is None else report), doubts
            return Report(report.id, attrs.evolve(news, fill=fill)), doubts
        order = self.watch.working.states[report.id].order
        why = doubt_count(order, news.filled)
        if not why or news.filled is None:
            return report, []
        freeze = why if has_other_sign(order, news.filled) else ""
        doubts = self._impose(Imposed({order.symbol: why}, freeze), now)
        return Report(report.id, attrs.evolve(news, filled=None)), doubts

    def _doubt_fill(self, fill: Fill, now: datetime) -> tuple[Fill | None, list[Action]]:
        """Return an execution at an instant that can be, None where it contradicts what was booked of it."""
        booked = self._booked.get(fill.execution_id)
        if booked is not None:
            why = doubt_execution(booked, fill)
            return (None, self._impose(Imposed({fill.symbol: why}, why), now)) if why else (fill, [])
        dated, offset = date(fill, now)
        where = f"execution {fill.execution_id}"
        return dated, [] if offset is None else self._clock(Clocked(offset, where), now)

    def _doubt_activity(self, activity: Activity, now: datetime) -> tuple[Activity, list[Action]]:
        """Return an activity at an instant that can be; one that is known is not dated again."""
        if activity.key in self.watch.account.holdings.activities:
            return activity, []
        dated, offset = date(activity, now)
        where = f"activity {activity.id}"
        return dated, [] if offset is None else self._clock(Clocked(offset, where), now)

    def _doubt_row(self, arrived: RowArrived, now: datetime) -> tuple[Bars, tuple[Draft, ...]]:
        """Return a row without the prices that cannot be true, and what is written of it."""
        row, found = quality.marked(arrived.row)
        dropped = {**arrived.dropped, **{str(one.symbol): f"{one.column}: {one.message}" for one in found}}
        return row, (entries.row(row, now, dropped), *self._count_dropped(dropped, now))

    def _count_dropped(self, dropped: Mapping[str, str], now: datetime) -> Iterator[Draft]:
        """Yield an alert for each symbol whose prices could not be used again and again."""
        counted = self.watch.dropped
        counted.update(dropped.keys())
        for symbol, why in dropped.items():
            if counted[symbol] % DROPPED_TELLS == 0:
                what = f"{counted[symbol]} of its prices were not used, the last one's {why}"
                yield entries.alert(f"row {symbol}", what, now)

    def _doubt_snapshot(self, seen: Snapshot | None, now: datetime) -> list[Action]:
        """Measure the clock by a snapshot, and compare the executions that it tells again."""
        if seen is None:
            return []
        actions: list[Action] = []
        if seen.said_at is not None:
            offset = offset_of(seen.said_at, now)
            if not (is_absurd(offset) and self.watch.clock.holds):  # It was told.
                actions += self._clock(Clocked(offset, "a snapshot"), now)
        for fill in seen.fills:
            if fill.execution_id in self._booked:
                actions += self._doubt_fill(fill, now)[1]
        return actions

    def _leap(self, step: timedelta, now: datetime) -> list[Action]:
        """Take no risk for a while where our own clock was set, or slept: what it showed is no measure of time."""
        self.watch.leapt(now)
        where = "our own clock was set back" if step < timedelta() else "our own clock leapt, or slept"
        return self._clock(Clocked(offset_of(now - abs(step), now), where), now)

    def _clock(self, told: Clocked, now: datetime) -> list[Action]:
        """Take over a measure of the venue's clock; what changes nothing is not told."""
        before, is_other_age = self.watch.measured(told.offset), is_absurd(told.offset)
        after = self.watch.clock
        if after == before and not is_other_age:
            return []
        seconds = told.offset / timedelta(seconds=1)
        by = f"{told.where}: the venue's clock is {seconds:+,.1f} s from ours"
        alerts = []
        if is_other_age:
            why = f"{by}, it counts other units, or from another year; nothing is increased"
            alerts.append(entries.alert("clock/units", why, now))
        elif after.holds and not before.holds:
            alerts.append(entries.alert("clock", f"{by}, nothing is increased until it is right again", now))
        elif after.is_warned and not before.is_warned:
            alerts.append(entries.alert("clock", by, now))
        return [Commit((entries.clocked(told, now), *alerts))]

    def _doubt(self, told: Doubted, now: datetime) -> list[Action]:
        """Tell what was not believed."""
        return [Commit((entries.doubted(told, now), entries.alert(told.name, told.why, now)))]
