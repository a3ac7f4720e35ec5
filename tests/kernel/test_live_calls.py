"""Calls of an executor: made once, with a deadline, and never a crash."""

from __future__ import annotations

import asyncio
import copy
import math
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest
from executor_script import ABLE, NAME, NOW, Scripted, accepted, order, snapshot
from tradewright import Capabilities, Limited, PluginError, Refused, Report
from tradewright.execute.budget import Contact, Outcome, Use
from tradewright.live.calls import Calls, budget_of
from tradewright.live.events import SnapshotTaken

ASKED: dict[str, Callable[[Calls], Awaitable[list[Any]]]] = {
    "submit": lambda calls: calls.submit(order()),
    "cancel": lambda calls: calls.cancel(NAME),
    "query": lambda calls: calls.query(NAME),
    "snapshot": lambda calls: calls.look(NOW, NOW),
}
FOLLOWING = {"submit": ["unanswered"], "cancel": ["cancel-unanswered"], "query": [], "snapshot": [None]}


def heard(events: list[Any]) -> list[object]:
    return [
        one.outcome if isinstance(one, Contact) else one.news.word if isinstance(one, Report) else one.seen
        for one in events
    ]


def asked(executor: Scripted, call: str, deadline: float | None = 5.0) -> list[Any]:
    async def main() -> list[Any]:
        return await ASKED[call](Calls(executor, "home", deadline))

    return asyncio.run(main())


async def hang() -> None:
    await asyncio.Event().wait()


async def hang_on() -> None:
    """Swallow one cancellation, which is what makes a deadline late; the loop's own end is the second."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.Event().wait()


def test_submit_is_made_once_and_told_with_its_answer() -> None:
    executor = Scripted(accepted())

    assert [Contact(outcome=Outcome.ANSWERED), accepted()] == asked(executor, "submit")
    assert [("submit", order())] == executor.asked


def test_look_tells_the_account_at_the_instant_it_was_asked() -> None:
    _, taken = asked(Scripted(snapshot()), "snapshot")

    assert isinstance(taken, SnapshotTaken)
    assert taken.seen is not None
    assert (NOW, "home") == (taken.seen.at, taken.seen.fills[0].venue)


@pytest.mark.parametrize("call", ASKED)
@pytest.mark.parametrize(
    "answer",
    [
        hang,
        hang_on,
        SystemExit(3),
        asyncio.CancelledError(),
        GeneratorExit(),
        TimeoutError(),
        ValueError("503"),
        1,
        None,
    ],
    ids=lambda answer: getattr(answer, "__name__", repr(answer)),
)
def test_call_that_fails_is_made_once_and_told_as_unanswered(call: str, answer: object) -> None:
    executor = Scripted(answer)

    assert [Outcome.FAILED, *FOLLOWING[call]] == heard(asked(executor, call, deadline=0.01))
    assert [call] == [name for name, _ in executor.asked]


@pytest.mark.parametrize("answer", [Limited(2.0), Refused("no")], ids=repr)
def test_submit_that_is_refused_or_limited_is_not_made_again(answer: Exception) -> None:
    executor = Scripted(answer)

    asked(executor, "submit")

    assert 1 == len(executor.asked)


def test_deadline_is_the_venues_own_unless_it_is_given() -> None:
    assert 0.01 == Calls(Scripted(), "home").deadline
    assert [Outcome.FAILED, "unanswered"] == heard(asked(Scripted(hang), "submit", deadline=None))
    assert 3.0 == Calls(Scripted(), "home", 3.0).deadline


def test_method_that_is_no_coroutine_is_a_failure() -> None:
    executor = Scripted()
    executor.submit = lambda order: accepted()

    assert [Outcome.FAILED, "unanswered"] == heard(asked(executor, "submit"))


def test_answer_that_comes_after_the_deadline_is_heard_by_nobody() -> None:
    async def main() -> tuple[list[Any], list[object]]:
        ended: list[object] = []
        release = asyncio.Event()

        async def late() -> object:
            try:
                await release.wait()
            except asyncio.CancelledError:
                await release.wait()
            ended.append("late")
            return accepted()

        events = await Calls(Scripted(late), "home", 0.01).submit(order())
        release.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return events, ended

    events, ended = asyncio.run(main())

    assert ([Outcome.FAILED, "unanswered"], ["late"]) == (heard(events), ended)


def test_whoever_waits_for_a_call_can_be_cancelled() -> None:
    async def main() -> bool:
        waiting = asyncio.create_task(Calls(Scripted(hang), "home", 60.0).submit(order()))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        return waiting.cancelled()

    assert asyncio.run(main())


def test_ctrl_c_ends_the_program() -> None:
    with pytest.raises(KeyboardInterrupt):
        asked(Scripted(KeyboardInterrupt()), "submit")


def test_close_is_asked_for_where_there_is_one() -> None:
    closed: list[str] = []

    async def close() -> None:
        closed.append("closed")
        raise ValueError("already gone")

    executor: Any = Scripted()
    asyncio.run(Calls(executor, "home").close())
    executor.close = close
    asyncio.run(Calls(executor, "home").close())

    assert ["closed"] == closed


# ---- what it is able to --------------------------------------------------------------------------------------


class Vague(Scripted):
    @property
    def capabilities(self) -> Any:
        raise KeyError("account")

    @capabilities.setter
    def capabilities(self, value: object) -> None: ...


@pytest.mark.parametrize(
    ("executor", "found"), [(Vague(), "raised KeyError"), (Scripted(), "is dict; Capabilities wanted")]
)
def test_executor_that_does_not_say_what_it_can_is_refused(executor: Scripted, found: str) -> None:
    if not isinstance(executor, Vague):
        executor.capabilities = {}

    with pytest.raises(PluginError, match=found):
        Calls(executor, "home")


@pytest.mark.parametrize("calls", [4, 5, 10, 200])
def test_budget_never_lets_more_calls_through_than_the_venue_takes(calls: int) -> None:
    budget = budget_of(_limited(calls, 10.0))
    at, spent = NOW, []
    for _ in range(1500):
        for use in (Use.UPKEEP, Use.RISK):  # Each has a bucket of its own.
            if (left := budget.spend(use, at)) is not None:
                budget, spent = left, [*spent, at]
        at += timedelta(seconds=0.02)

    windows = [sum(one <= other < one + timedelta(seconds=10) for other in spent) for one in spent]
    assert calls - 2 <= max(windows) <= calls  # Two buckets that come back at their own pace.
    assert budget_of(_limited(calls, 10.0)).spend(Use.RISK, NOW) is not None


def test_budget_without_a_limit_is_endless() -> None:
    assert math.inf == budget_of(ABLE).size


def _limited(calls: float, seconds: float) -> Capabilities:
    return attrs.evolve(ABLE, calls=calls, per_seconds=seconds)


def test_limit_keeps_its_time_when_it_is_copied() -> None:
    copied = copy.copy(Limited(2.5, "slow down"))

    assert (2.5, "slow down", "slow down") == (copied.retry_after, copied.reason, str(copied))


@pytest.mark.parametrize(
    "changes",
    [
        {"calls": 3.9},
        {"calls": math.nan},
        {"per_seconds": 0.0},
        {"per_seconds": math.inf},
        {"latency_seconds_max": math.nan},
        {"order_types": ["limit"]},
        {"order_types": ["market", "stop"]},
        {"stops_rest": "gtc"},
        {"order_types": ["market", "iceberg"]},
        {"client_ids": "some"},
        {"paper": 1},
        {"shorting": None},
    ],
    ids=repr,
)
def test_capabilities_that_cannot_be_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        attrs.evolve(ABLE, **changes)
