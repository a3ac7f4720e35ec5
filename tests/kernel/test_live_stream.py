"""A venue's stream: one at a time, opened again with a wait that grows, and each break told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from executor_script import NAME, Scripted, accepted, fill
from tradewright import Gap, News, Report, Word
from tradewright.execute.budget import Contact, Outcome
from tradewright.live.stream import WAIT_MAX, listen


class Enough(Exception):  # noqa: N818
    """The test has seen enough."""


def listened(executor: Any, waits: int, jitter: float = 1.0) -> tuple[list[Any], list[float]]:
    """Return what is heard until so many waits are over, and how long they were."""
    heard: list[Any] = []
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        assert 0 == executor.standing
        slept.append(seconds)
        if len(slept) == waits:
            raise Enough

    async def main() -> None:
        await listen(executor, "home", heard.append, sleep=sleep, jitter=lambda: jitter)

    with pytest.raises(Enough):
        asyncio.run(main())
    return heard, slept


def outcomes(heard: list[Any]) -> list[object]:
    return [one.outcome if isinstance(one, Contact) else one.news.word for one in heard]


def test_what_the_venue_says_is_heard_in_its_order() -> None:
    said = (Gap(), accepted(), fill(1), Report(NAME, News(word=Word.CANCELLED)))

    heard, _ = listened(Scripted(streams=(said,)), waits=1)

    assert [Outcome.CUT, Word.ACCEPTED, Word.FILL, Word.CANCELLED, Outcome.CUT] == outcomes(heard)
    assert "the stream has ended" == heard[-1].reason


@pytest.mark.parametrize(
    "broken",
    [ConnectionResetError("reset"), SystemExit(1), asyncio.CancelledError(), StopAsyncIteration(), "a text", None, 7],
    ids=repr,
)
def test_stream_that_breaks_is_told_closed_and_opened_again(broken: object) -> None:
    executor = Scripted(streams=((Gap(), accepted(), broken), (Gap(), fill(2))))

    heard, slept = listened(executor, waits=2)

    assert [Outcome.CUT, Word.ACCEPTED, Outcome.CUT, Outcome.CUT, Word.FILL, Outcome.CUT] == outcomes(heard)
    assert (2, 1, [1.0, 1.0]) == (executor.opened, executor.most_standing, slept)


def test_wait_grows_while_nothing_is_said_and_is_capped() -> None:
    """Only that a stream stands says nothing: one that is cut at once each time would be opened each second."""
    streams = ((Gap(),),) * 8

    assert [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, WAIT_MAX, WAIT_MAX] == listened(Scripted(streams=streams), waits=8)[1]


def test_wait_is_short_again_once_something_was_said() -> None:
    streams = ((Gap(),), (Gap(),), (Gap(), accepted()), (Gap(),))

    assert [1.0, 2.0, 1.0, 2.0] == listened(Scripted(streams=streams), waits=4)[1]


def test_jitter_takes_up_to_half_of_the_wait() -> None:
    assert [0.5, 1.0, 2.0] == listened(Scripted(), waits=3, jitter=0.0)[1]


@pytest.mark.parametrize("opened", [None, 1, accepted()])
def test_reports_that_are_no_stream_are_told_as_cut(opened: object) -> None:
    executor = Scripted()
    executor.reports = lambda: opened

    assert [Outcome.CUT, Outcome.CUT] == outcomes(listened(executor, waits=2)[0])


def test_error_of_whoever_hears_is_his_own() -> None:
    def hear(event: object) -> None:
        raise Enough

    executor = Scripted(streams=((Gap(), accepted()),))
    with pytest.raises(Enough):
        asyncio.run(listen(executor, "home", hear))

    assert 0 == executor.standing


def test_listening_ends_when_it_is_cancelled_and_the_stream_is_closed() -> None:
    class Silent(Scripted):
        async def reports(self) -> Any:
            self.standing += 1
            try:
                yield Gap()
                await asyncio.Event().wait()
            finally:
                self.standing -= 1

    async def main() -> tuple[bool, int]:
        stands, executor = asyncio.Event(), Silent()
        listening = asyncio.create_task(listen(executor, "home", lambda event: stands.set()))
        await stands.wait()
        listening.cancel()
        await asyncio.wait({listening})
        return listening.cancelled(), executor.standing

    assert (True, 0) == asyncio.run(main())
