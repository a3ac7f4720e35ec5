"""A paper venue that is killed at any moment: what it has answered is there, and nothing is there twice."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from paper_desk import START, begun, terms
from paper_forker import Forker, forking
from paper_reaching import is_over, priced, reaching, run, wait_until
from tradewright.execute.news import Report, Word
from tradewright.execute.paper import process
from tradewright.execute.paper.client import PaperExecutor
from tradewright.execute.paper.place import Place
from venue_rows import sent

KILLS = 50


@pytest.fixture(scope="module")
def fork() -> Iterator[Forker]:
    with forking() as forker:
        yield forker


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a venue that has begun and does not run."""
    place = Place(tmp_path / "venue")
    place.make()
    begun(place.folder)
    return place.folder


def test_venue_killed_at_any_moment_keeps_what_it_has_answered_and_has_nothing_twice(
    folder: Path, fork: Forker
) -> None:
    hammer = Hammer(folder, fork, Random(11))
    asyncio.run(asyncio.wait_for(hammer.run(), 60))

    assert {"lost": 0, "twice": 0} == {"lost": hammer.lost, "twice": hammer.twice}, hammer.counts()
    assert KILLS == hammer.kills, hammer.counts()
    assert len(hammer.answered) > 2 * KILLS, hammer.counts()
    assert len(hammer.in_flight) > KILLS // 2, hammer.counts()


class Hammer:
    """Orders as fast as they are answered, from three sides, at a venue that is killed again and again."""

    def __init__(self, folder: Path, fork: Forker, random: Random) -> None:
        self.folder, self.fork, self.random = folder, fork, random
        self.answered: set[int] = set()
        self.in_flight: set[int] = set()
        self.heard: dict[str, Any] = {}
        self.kills = self.lost = self.twice = self._number = 0

    def counts(self) -> str:
        return (
            f"{self.kills} kills, {len(self.answered)} orders answered, {len(self.in_flight)} in flight, "
            f"{len(self.heard)} fills heard, {self.lost} lost, {self.twice} twice"
        )

    async def run(self) -> None:
        for kill in range(KILLS):
            number = self.fork(self.folder)
            async with PaperExecutor(terms(), reaching(self.folder)) as executor:
                if kill % 5 == 1:
                    await self._check(executor)
                await priced(executor)
                working = [asyncio.create_task(self._submit(executor)) for _ in range(3)]
                working.append(asyncio.create_task(self._listen(executor)))
                await asyncio.sleep(self.random.uniform(0.0, 0.05))
                os.kill(number, signal.SIGKILL)
                self.kills += 1
                await asyncio.wait(working)
        self.fork(self.folder)
        async with PaperExecutor(terms(), reaching(self.folder)) as executor:
            await self._check(executor)

    async def _submit(self, executor: PaperExecutor) -> None:
        link = await executor.open()
        while link.lost is None:
            self._number += 1
            number = self._number
            self.in_flight.add(number)
            try:
                said = await executor.submit(sent(number, 1))
            except ConnectionError:
                return
            self.in_flight.discard(number)
            self.answered.add(number)
            self.twice += said.news.word is not Word.ACCEPTED

    async def _listen(self, executor: PaperExecutor) -> None:
        with contextlib.suppress(ConnectionError):
            async for one in executor.reports():
                if isinstance(one, Report) and one.news.fill is not None:
                    self.twice += one.news.fill.execution_id in self.heard
                    self.heard[one.news.fill.execution_id] = one.news.fill

    async def _check(self, executor: PaperExecutor) -> None:
        """Compare what was answered and heard with what the venue says now."""
        seen = await executor.snapshot(START)
        fills = {fill.execution_id: fill for fill in seen.fills}
        of_orders = [fill.order_id for fill in seen.fills]
        known = {name.int for name in seen.orders if isinstance(name, UUID)}
        self.lost += len(self.answered - known) + sum(fills.get(name) != fill for name, fill in self.heard.items())
        self.twice += len(seen.fills) - len(fills) + len(of_orders) - len(set(of_orders))
        self.twice += len(known - self.answered - self.in_flight)
        assert sum(fill.quantity for fill in seen.fills) == seen.positions.get("SPY", 0), self.counts()


def test_venue_killed_while_it_plays_its_journal_again_is_the_same_the_next_time(folder: Path, fork: Forker) -> None:
    fork(folder)

    async def trade(executor: PaperExecutor) -> None:
        await priced(executor)
        for number in range(1, 30):
            await executor.submit(sent(number, 1))

    run(folder, trade)
    process.stop(folder)
    before = (folder / "venue.journal").read_bytes()
    for moment in range(5):
        number = fork(folder)
        time.sleep(moment * 0.004)
        os.kill(number, signal.SIGKILL)
        wait_until(partial(is_over, number))
    fork(folder)

    async def look(executor: PaperExecutor) -> None:
        assert {"SPY": Decimal(29)} == (await executor.snapshot(START)).positions

    run(folder, look)
    assert before == (folder / "venue.journal").read_bytes()
