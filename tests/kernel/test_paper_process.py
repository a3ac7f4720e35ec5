"""The process of a paper venue: it outlives whoever calls it, and what it has answered outlives it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from paper_desk import START, begun, submit, terms
from paper_forker import Forker, forking
from paper_reaching import CLOSED, SECONDS, is_over, priced, reaching, run, wait_until
from tradewright.errors import LedgerError, SafetyError
from tradewright.execute.news import Word
from tradewright.execute.paper import connection, journal, process, server
from tradewright.execute.paper.client import PaperExecutor
from tradewright.execute.paper.place import Place
from tradewright.values.venue import Gap, Refused
from tradewright.workspace.locks import locked
from venue_rows import OPENED, QUARTER, STRATEGY, opening, row, sent


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


# ---- who calls it ----------------------------------------------------------------------------------------

AGENT = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from paper_desk import terms
from paper_reaching import priced
from venue_rows import sent
from tradewright.execute.paper.process import start

async def trade():
    executor = await start(Path(sys.argv[1]), terms())
    await priced(executor)
    for number in range(1, 100_000):
        await executor.submit(sent(number, 1))
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()

asyncio.run(trade())
"""


def test_venue_outlives_an_agent_that_is_killed_with_its_whole_group(tmp_path: Path) -> None:
    folder = tmp_path / "account" / "venue"
    command = [sys.executable, "-c", AGENT, str(folder), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as agent:
        assert agent.stdout is not None
        answered = [int(agent.stdout.readline()) for _ in range(20)]
        os.killpg(agent.pid, signal.SIGKILL)

    async def look(executor: PaperExecutor) -> None:
        seen = await executor.snapshot(START)

        assert set(answered) <= {name.int for name in seen.orders if isinstance(name, UUID)}
        assert len(seen.fills) == len(seen.orders) == seen.positions["SPY"]
        assert not await executor.market.fund("grant", STRATEGY, 1e6), "it was paid in before"

    try:
        run(folder, look)
        assert (0o700, 0o600) == tuple(path.stat().st_mode & 0o777 for path in (folder, folder / "venue.sock"))
        assert int((folder / "venue.pid").read_text("ascii")) != agent.pid
    finally:
        assert process.stop(folder)
    assert not process.stop(folder)
    assert ["venue.err", "venue.journal", "venue.lock"] == sorted(path.name for path in folder.iterdir())


def test_start_when_the_venue_runs_reaches_it_and_when_it_was_killed_starts_it_again(tmp_path: Path) -> None:
    async def whole() -> None:
        executor = await process.start(tmp_path / "venue", terms())
        other = await process.start(tmp_path / "venue", terms())
        first = (await executor.open()).pid

        assert first == (await other.open()).pid
        await priced(executor)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(ConnectionError):
            async for _ in executor.reports():
                pass
        assert Word.ACCEPTED is (await executor.submit(sent(1, 5))).news.word
        assert first != (await executor.open()).pid
        await executor.close()
        await other.close()

    try:
        asyncio.run(asyncio.wait_for(whole(), 3 * SECONDS))
    finally:
        process.stop(tmp_path / "venue")


def test_start_when_a_killed_venue_ends_slowly_tries_again_until_the_lock_is_free(folder: Path) -> None:
    """A process that is killed while it waits for a slow disk holds its lock for seconds."""
    place = Place(folder)

    async def whole() -> None:
        with locked(place.lock, "ending slowly"):
            with pytest.raises(ConnectionError, match=r"must answer within 0\.1 s"):
                await process.start(folder, terms(), wait_seconds=0.1)
            starting = asyncio.create_task(process.start(folder, terms()))
            while not (
                place.errors.exists() and 2 == place.errors.read_text("utf-8").count("another process is still")
            ):
                await asyncio.sleep(0.02)
        async with await starting as executor:
            await priced(executor)

    try:
        asyncio.run(asyncio.wait_for(whole(), 3 * SECONDS))
    finally:
        process.stop(folder)


def test_reports_are_heard_before_the_answer_and_by_everybody(folder: Path, fork: Forker) -> None:
    fork(folder)

    async def trade(executor: PaperExecutor) -> None:
        await priced(executor)
        async with PaperExecutor(terms(), reaching(folder)) as other:
            heard, overheard = executor.reports(), other.reports()
            await other.open()
            await other.query(UUID(int=1))
            answer = await executor.submit(sent(1, 5))
            assert [Gap(), Gap()] == [await anext(heard), await anext(overheard)]
            words = [(await anext(stream)).news.word for stream in (heard, heard, overheard, overheard)]  # type: ignore[union-attr]

            assert Word.ACCEPTED is answer.news.word
            assert [Word.ACCEPTED, Word.FILL] * 2 == words

            await executor.submit(sent(2, 5, limit=Decimal(90)))
            cancelled = await other.cancel_all()
            said = [await anext(heard), await anext(heard)]

            assert [Word.CANCELLED] == [one.news.word for one in cancelled]
            assert cancelled == said[1:], "an order that somebody else has cancelled is told to the agent"

    run(folder, trade)


def test_answer_comes_after_all_that_the_call_has_brought_about(folder: Path, fork: Forker) -> None:
    """On the wire itself: a client that reads its answer has read the reports."""
    fork(folder)

    async def trade(executor: PaperExecutor) -> None:
        await priced(executor)

    run(folder, trade)
    lines = exchange(folder, [{"n": 5, "call": "submit", "body": submit(sent(1, 5))[1]}], answers=4)

    assert ["hello", "told", "told", "n"] == [next(iter(one)) for one in lines]


def exchange(folder: Path, said: list[Any], answers: int) -> list[dict[str, Any]]:
    """Say lines of a socket's own words, and return what comes back, the greeting first."""
    with socket.socket(socket.AF_UNIX) as link, Place(folder).address() as address:
        link.settimeout(SECONDS)
        link.connect(address)
        with link.makefile("rwb") as file:
            for one in said:
                file.write((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n")
            file.flush()
            return [json.loads(file.readline()) for _ in range(answers)]


def test_line_that_is_no_call_is_refused_and_the_venue_goes_on(folder: Path, fork: Forker) -> None:
    fork(folder)
    run(folder, lambda executor: executor.open())
    wrong = [b"", b"no json", b"[]", b"7", b"{}", b"\xff\xfe", b"[" * 100_000]
    odd = [
        {"n": 1, "call": []},
        {"n": 2, "call": "submit", "body": 7},
        {"n": 3, "call": "query", "body": {}, "at": "now"},
    ]
    said = exchange(folder, [*wrong, *odd], answers=1 + len(wrong) + len(odd))

    assert all("refused" in one for one in said[1:]), said
    with contextlib.suppress(ConnectionError):
        exchange(folder, [b"x" * 3_000_000], answers=1)
    assert 1 == exchange(folder, [], answers=1)[0]["hello"]["calls"]
    run(folder, priced)


# ---- one at a time, and its end --------------------------------------------------------------------------


def test_second_venue_on_a_folder_is_refused_and_names_the_first(folder: Path, fork: Forker) -> None:
    first = fork(folder)
    run(folder, lambda executor: executor.open())
    command = [sys.executable, "-m", "tradewright.execute.paper", str(folder)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert SafetyError.exit_code == second.returncode
    assert f"is still keeping this paper venue: process {first}" in second.stderr
    assert str(first) == (folder / "venue.pid").read_text("ascii").strip()
    run(folder, priced)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_venue_that_is_asked_to_end_leaves_the_journal_alone(folder: Path, fork: Forker, number: int) -> None:
    child = fork(folder)
    run(folder, priced)
    os.kill(child, number)
    wait_until(lambda: is_over(child))

    assert ["venue.journal", "venue.lock"] == sorted(path.name for path in folder.iterdir())
    assert not process.is_running(folder)
    assert 4 == (folder / "venue.journal").read_bytes().count(b"\n")


def test_venue_ends_by_itself_when_its_folder_is_gone(folder: Path, fork: Forker, monkeypatch: Any) -> None:
    child = fork(folder)
    run(folder, priced)
    shutil.rmtree(folder)

    wait_until(lambda: is_over(child))


def test_stop_when_the_venue_does_not_answer_names_its_process(folder: Path, fork: Forker) -> None:
    child = fork(folder)
    run(folder, priced)
    os.kill(child, signal.SIGSTOP)
    try:
        with pytest.MonkeyPatch.context() as quick:
            quick.setattr("tradewright.execute.paper.place.ANSWER_SECONDS", 0.2)
            with pytest.raises(SafetyError, match="does not end") as caught:
                process.stop(folder, wait_seconds=0.1)
    finally:
        os.kill(child, signal.SIGCONT)

    assert f"its process is {child}" in str(caught.value.fix)


def test_folder_with_a_long_name_is_reached_all_the_same(tmp_path: Path, fork: Forker) -> None:
    place = Place(tmp_path / ("n" * 60) / ("m" * 60))
    place.make()
    begun(place.folder)
    fork(place.folder)
    run(place.folder, priced)

    assert len(str(place.socket)) > 120
    assert process.stop(place.folder)


def test_connect_when_nothing_runs_says_where(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError, match=f"no paper venue runs on {tmp_path}"):
        asyncio.run(process.connect(tmp_path))


def test_start_on_a_damaged_journal_hands_on_what_the_venue_says(folder: Path) -> None:
    path = folder / "venue.journal"
    path.write_bytes(path.read_bytes() + b"no line\n")

    with pytest.raises(LedgerError, match=r"has ended with 7: .*venue.journal:2: .*journal is damaged"):
        asyncio.run(process.start(folder, terms()))


def test_start_with_other_terms_is_refused_before_anything_runs(folder: Path) -> None:
    with pytest.raises(SafetyError, match="keeps its terms for good"):
        asyncio.run(process.start(folder, terms(commission_min=1.0)))
    assert not process.is_running(folder)


def test_serve_without_a_journal_says_how_to_begin(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tradewright.execute.paper", str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert LedgerError.exit_code == found.returncode
    assert "no paper venue has begun here" in found.stderr


def test_refusal_is_raised_with_the_venues_words(folder: Path, fork: Forker) -> None:
    fork(folder)

    async def trade(executor: PaperExecutor) -> None:
        with pytest.raises(Refused, match="symbol must be one of SPY, QQQ, was XYZ") as caught:
            await executor.submit(sent(1, 5, symbol="XYZ"))
        assert str(caught.value) == caught.value.reason
        with pytest.raises(Refused, match="cash must be an amount"):
            await executor.market.fund("grant", STRATEGY, float("nan"))
        with pytest.raises(Refused, match="a row must begin"):
            await executor.market.match(CLOSED)
        with pytest.raises(Refused, match="cannot be written"):
            await executor.market.begin(opening(), row(close=float("inf")))
        assert Word.ABSENT is (await executor.query(UUID(int=1))).news.word

    run(folder, trade)


def test_calls_come_when_the_clock_says(folder: Path, fork: Forker) -> None:
    fork(folder)

    async def whole() -> None:
        async with PaperExecutor(terms(), reaching(folder), lambda: OPENED + QUARTER) as executor:
            await priced(executor)
            await executor.submit(sent(1, 5))
            seen = await executor.snapshot(OPENED)

            assert (OPENED + QUARTER, [OPENED + QUARTER]) == (seen.at, [fill.at for fill in seen.fills])

    asyncio.run(asyncio.wait_for(whole(), SECONDS))


def test_client_that_does_not_read_is_let_go_of(folder: Path, fork: Forker, monkeypatch: Any) -> None:
    monkeypatch.setattr(connection, "_TOLD_MAX", 3)
    fork(folder)

    async def trade(executor: PaperExecutor) -> None:
        await priced(executor)
        await executor.submit(sent(1, 1))
        with pytest.raises(ConnectionError, match="nobody has read them"):
            await executor.submit(sent(2, 1))
        assert Word.FOUND is (await executor.query(UUID(int=2))).news.word, "the next call opens a new connection"

    run(folder, trade)


def test_journal_that_cannot_be_written_ends_the_venue_before_it_answers(folder: Path, monkeypatch: Any) -> None:
    """The disk is full: nobody is answered, and nothing was played."""

    def refuse(handle: int, what: bytes) -> int:
        raise OSError(28, "No space left on device")

    async def whole() -> None:
        keeper = server.Keeper(folder / "venue.journal", lambda: OPENED)
        monkeypatch.chdir(folder)
        serving = asyncio.create_task(server.Server(keeper).run())
        async with PaperExecutor(terms(), reaching(folder)) as executor:
            await executor.open()
            monkeypatch.setattr(journal.os, "write", refuse)
            with pytest.raises(ConnectionError):
                await executor.market.fund("grant", STRATEGY, 1.0)
        with pytest.raises(OSError, match="No space"):
            await serving
        keeper.journal.close()
        assert {STRATEGY: 0.0} == keeper.desk.venue.cash

    asyncio.run(asyncio.wait_for(whole(), SECONDS))


def test_venue_beside_one_that_answers_does_not_wait_for_its_end(folder: Path, fork: Forker) -> None:
    """Two agents can start one each; whoever waited would begin when the other is ended."""
    fork(folder)
    command = [sys.executable, "-P", "-m", "tradewright.execute.paper", str(folder)]
    second = subprocess.run(command, check=False, timeout=SECONDS)

    assert SafetyError.exit_code == second.returncode
    assert process.stop(folder)
    assert not process.is_running(folder)
