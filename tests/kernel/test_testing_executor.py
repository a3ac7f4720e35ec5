"""The executor's contract: a sound one passes it, and each fault is found by the test that is made for it."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from broken_executors import FAULTS, Fault
from contract_harness import Uninstalled, contract_tests, failures
from executor_script import NAME, NOW, order
from tradewright import ExecutorSpec, Report, Word
from tradewright.execute.budget import Contact, Outcome
from tradewright.live.calls import Calls
from tradewright.live.stream import listen
from tradewright.scaffold.names import names_of
from tradewright.scaffold.project import rendered, write
from tradewright.testing import ComponentContract, ExecutorContract, Lost, PlannedVenue


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ModuleType, ModuleType]]:
    """Return the module of the executor that `plugins new` writes, and that of its double."""
    folder = tmp_path_factory.mktemp("plugin") / "taught"
    write(folder, rendered(names_of("taught"), "executor"))
    added = [str(folder / "src"), str(folder / "tests")]
    sys.path[:0] = added
    try:
        yield importlib.import_module("tradewright_taught"), importlib.import_module("double_of_taught")
    finally:
        sys.path[:] = [path for path in sys.path if path not in added]
        for name in ("tradewright_taught", "double_of_taught"):
            sys.modules.pop(name, None)


def contract_of(executor: type, double: ModuleType, seconds: float = 5.0) -> type[ExecutorContract]:
    class Contract(Uninstalled, ExecutorContract):
        spec_type = ExecutorSpec
        made_of: Any = executor
        seconds_max = seconds

        @asynccontextmanager
        async def double(self, venue: PlannedVenue, /) -> AsyncIterator[dict[str, str]]:
            async with double.served(venue) as url:
                yield {"url": url}

    return Contract


def test_sound_executor_passes(sound: tuple[ModuleType, ModuleType]) -> None:
    assert {} == failures(contract_of(sound[0].Account, sound[1]))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault_is_found_by_the_test_that_is_made_for_it(sound: tuple[ModuleType, ModuleType], fault: Fault) -> None:
    with fault.plant(sound[0]) as faulty:
        contract = contract_of(faulty, sound[1], 1.0 if fault.is_silent else 5.0)
        failed = failures(contract, only=[fault.test] if fault.is_silent else None)

    assert sorted([fault.test, *fault.also]) == sorted(failed), failed
    assert ["expected", "found", "to mend"] == [
        line.split("  ")[0] for line in failed[fault.test].split("\n") if line
    ]
    assert fault.found in failed[fault.test]


def test_every_test_of_the_kind_has_a_fault_that_it_finds() -> None:
    own = contract_tests(ExecutorContract) - contract_tests(ComponentContract)

    assert own - {fault.test for fault in FAULTS.values()} == set()


def test_sound_executor_is_heard_through_the_kernels_calls(sound: tuple[ModuleType, ModuleType]) -> None:
    """Over a socket: an order, a lost answer, a fill, a cut stream, and the account that makes up for it."""
    module, double = sound

    async def trade() -> tuple[list[Any], list[Any]]:
        venue, heard, stands = PlannedVenue(("SPY",)), [], asyncio.Event()
        async with double.served(venue) as url:
            executor = module.Account(url=url)
            calls = Calls(executor, "home", 10.0)

            def hear(event: Any) -> None:
                heard.append(event)
                stands.set()

            async def until(n_events: int) -> None:
                while len(heard) < n_events:
                    stands.clear()
                    await stands.wait()

            async with asyncio.timeout(20.0):
                listening = asyncio.create_task(
                    listen(executor, "home", hear, sleep=lambda _: asyncio.sleep(0), jitter=lambda: 0.0)
                )
                await until(1)
                venue.plan("submit", Lost())
                told = [*await calls.submit(order()), *await calls.query(NAME)]
                await until(2)
                venue.break_streams(Lost())
                await until(4)
                venue.execute(NAME, "SPY", Decimal(10), Decimal("98.5"))
                await until(5)
                told += [*await calls.cancel(NAME), *await calls.look(NOW - timedelta(hours=1), NOW)]
                listening.cancel()
                await asyncio.wait({listening})
        return told, heard

    told, heard = asyncio.run(trade())

    words = [one.news.word if isinstance(one, Report) else getattr(one, "outcome", None) for one in told]
    assert [
        *(Outcome.FAILED, Word.UNANSWERED),
        *(Outcome.ANSWERED, Word.FOUND),
        *(Outcome.ANSWERED, Word.FOUND),
        *(Outcome.ANSWERED, None),
    ] == words
    assert [Outcome.CUT, Word.FOUND, Outcome.CUT, Outcome.CUT, Word.FILL] == [
        one.outcome if isinstance(one, Contact) else one.news.word for one in heard
    ]
    assert told[-1].seen.fills == (heard[-1].news.fill,)
    assert {"SPY": Decimal(10)} == dict(told[-1].seen.positions)
