"""The executor's contract: a sound one passes it, and each fault is found by the test that is made for it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest
from broken_executors import FAULTS, Fault
from contract_harness import Uninstalled, contract_tests, failures
from tradewright import ExecutorSpec
from tradewright.scaffold.names import names_of
from tradewright.scaffold.project import rendered, write
from tradewright.testing import ComponentContract, ExecutorContract, PlannedVenue


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


def contract_of(executor: type, double: ModuleType) -> type[ExecutorContract]:
    class Contract(Uninstalled, ExecutorContract):
        spec_type = ExecutorSpec
        made_of: Any = executor
        seconds_max = 2.0

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
        contract = contract_of(faulty, sound[1])
        failed = failures(contract, only=[fault.test] if fault.is_silent else None)

    assert sorted([fault.test, *fault.also]) == sorted(failed), failed
    assert ["expected", "found", "to mend"] == [
        line.split("  ")[0] for line in failed[fault.test].split("\n") if line
    ]
    assert fault.found in failed[fault.test]


def test_every_test_of_the_kind_has_a_fault_that_it_finds() -> None:
    own = contract_tests(ExecutorContract) - contract_tests(ComponentContract)

    assert own - {fault.test for fault in FAULTS.values()} == set()
