"""Reach a paper venue that runs in another process, and wait for what it does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from paper_desk import terms
from tradewright.execute.paper import connection
from tradewright.execute.paper.client import PaperExecutor
from tradewright.execute.paper.place import Place
from tradewright.values.bars import utc
from venue_rows import STRATEGY, opening, row

CLOSED = utc(row().closed_at[0])
SECONDS = 15.0
"""How long anything is waited for: far more than it takes."""


def reaching(folder: Path) -> Callable[[], Awaitable[connection.Connection]]:
    """Return how to reach a venue that is starting."""

    async def open_anew() -> connection.Connection:
        until = time.monotonic() + SECONDS
        while True:
            try:
                return await connection.open_connection(Place(folder))
            except ConnectionError:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.005)

    return open_anew


async def priced(executor: PaperExecutor) -> None:
    """Let orders fill at 100; it may be asked for again and again."""
    await executor.market.fund("grant", STRATEGY, 1e6)
    await executor.market.begin(opening(), row())
    await executor.market.price(CLOSED)


def run(folder: Path, test: Callable[[PaperExecutor], Awaitable[None]]) -> None:
    """Run a test with an executor, for as long as anything may take."""

    async def whole() -> None:
        async with PaperExecutor(terms(), reaching(folder)) as executor:
            await test(executor)

    asyncio.run(asyncio.wait_for(whole(), SECONDS))


def is_over(number: int) -> bool:
    """Say whether a process has ended, whoever is still to take notice."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{number}/status").read_text("utf-8")
    except FileNotFoundError:
        return True


def wait_until(what: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < until
        time.sleep(0.01)
