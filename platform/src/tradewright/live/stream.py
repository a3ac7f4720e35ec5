"""A venue's stream of reports: one at a time, opened again when it breaks, ever later while it keeps breaking."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, TypeVar

from tradewright.live import answers
from tradewright.live.answers import Raised
from tradewright.live.calls import asked
from tradewright.values.venue import Gap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tradewright.host.components import Executor
    from tradewright.live.events import Event

T = TypeVar("T")
WAIT, WAIT_MAX = 1.0, 60.0
"""Seconds before a stream is opened again, and at most: twice as long each time, until it has said something."""
CLOSE_SECONDS = 5.0
"""How long one that has broken may take to let go."""


async def listen(
    executor: Executor,
    venue: str,
    hear: Callable[[Event], None],
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    jitter: Callable[[], float] = random.random,
) -> None:
    """Hand on what a venue says by itself, for good; each break of the stream is told as CUT.

    Args:
        executor: The plugin's.
        venue: What plugins.toml calls the venue.
        hear: Called with each event; what it raises ends the listening.
        sleep: Waits for some seconds.
        jitter: Returns a number from 0 to 1, so that those who were cut off together do not come back together.

    Raises:
        KeyboardInterrupt: Somebody has pressed Ctrl-C.
        CancelledError: The listening was cancelled: the one way in which it ends by itself.
    """
    breaks = 0
    while True:
        if await _until_cut(executor, venue, hear):
            breaks = 0
        wait = min(WAIT * 2.0 ** min(breaks, 10), WAIT_MAX)
        breaks += 1
        await sleep(wait * (0.5 + 0.5 * jitter()))


async def _until_cut(executor: Executor, venue: str, hear: Callable[[Event], None]) -> bool:
    """Hear one stream to its end, and say whether it has said more than that it stands."""
    has_spoken, stream = False, None
    try:
        opened = await _guarded(lambda: _opened(executor))
        if isinstance(opened, Raised):
            hear(answers.cut(opened.error))
            return False
        stream = opened
        while True:
            said = await _guarded(stream.__anext__)
            if isinstance(said, Raised):
                hear(answers.cut(None if isinstance(said.error, StopAsyncIteration) else said.error))
                return has_spoken
            try:
                event = answers.of_stream(said, venue)
            except Exception as error:  # noqa: BLE001  # made of what a plugin has made
                hear(answers.cut(error))
                return has_spoken
            has_spoken = has_spoken or not isinstance(said, Gap)
            hear(event)
    finally:
        if callable(close := getattr(stream, "aclose", None)):
            await asked(close, CLOSE_SECONDS)


async def _opened(executor: Executor) -> AsyncIterator[object]:
    return aiter(executor.reports())


async def _guarded(call: Callable[[], Awaitable[T]]) -> T | Raised:
    """Return what a call returns or raises; it may take for ever."""
    try:
        return await call()
    except KeyboardInterrupt:
        raise
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise  # Whoever listens was cancelled, and not something within the stream.
        return Raised(error)
    except BaseException as error:  # noqa: BLE001  # a plugin's code; what it raised is its answer
        return Raised(error)
