"""A venue's stream of reports: one at a time, opened again when it breaks, ever later while it keeps breaking."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from tradewright.execute.budget import Contact
from tradewright.host.awaiting import Raised, outcome
from tradewright.live import answers
from tradewright.live.calls import asked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tradewright.host.components import Executor
    from tradewright.live.events import Event

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
    stream = await outcome(lambda: _opened(executor))
    if isinstance(stream, Raised):
        hear(answers.cut(stream.error))
        return False
    has_spoken = False
    try:
        while True:
            event = await outcome(lambda: _event(stream, venue))
            if isinstance(event, Raised):
                hear(answers.cut(event.error))
                return has_spoken
            has_spoken = has_spoken or not isinstance(event, Contact)
            hear(event)
    finally:
        if callable(close := getattr(stream, "aclose", None)):
            await asked(close, CLOSE_SECONDS)


async def _opened(executor: Executor) -> AsyncIterator[object]:
    return aiter(executor.reports())


async def _event(stream: AsyncIterator[object], venue: str) -> Event:
    return answers.of_stream(await anext(stream), venue)
