"""Contracts on components that are broken on purpose: what fails, and that nothing else does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
import pytest
from tradewright.testing import ComponentContract

FRESH_PROCESS = {
    "test_answer_is_the_same_in_every_process",
    "test_import_is_light",
    "test_import_touches_nothing",
    "test_nothing_is_remembered_from_a_longer_history",
}
COMPILED = {"test_compiled_it_answers_as_interpreted", "test_fused_into_the_engine_it_trades_as_interpreted"}
SLOW = FRESH_PROCESS | COMPILED
"""Half a second to ten each: asked only of the components that are made for them."""


def marked(tests: Iterable[str]) -> list[Any]:
    """Return the names of a contract's tests as parameters, those that compile marked so."""
    return [pytest.param(name, marks=[pytest.mark.compiled] if name in COMPILED else []) for name in tests]


def contract_tests(contract: type[ComponentContract]) -> set[str]:
    return {name for name in dir(contract) if name.startswith("test_")}


def failures(
    contract: type[ComponentContract], also: Iterable[str] = (), only: Iterable[str] | None = None
) -> dict[str, str]:
    """Return what the tests of a contract say that fail, of all or of those named; slow ones are run when named."""
    found = {}
    for name in sorted(contract_tests(contract) - SLOW | set(also) if only is None else only):
        try:
            getattr(contract(), name)()
        except pytest.skip.Exception:
            continue
        except pytest.fail.Exception as failure:
            found[name] = str(failure)
    return found


def assert_only(contract: type[ComponentContract], test: str, found: str) -> None:
    """Assert that a contract fails one test alone, and that its message has three parts."""
    failed = failures(contract, also={test} & SLOW)

    assert [test] == list(failed), failed
    lines = failed[test].strip().splitlines()
    assert ["expected", "found", "to mend"] == [
        line[:9].strip() for line in lines if line[:9].strip() and line[9:10] == " "
    ]
    assert found in failed[test]


class Uninstalled:
    """A component that no plugin registers: it is given by its config class, which is the component as well.

    Attributes:
        made_of: An attrs class.
        summary: Of its spec.
    """

    spec_type: Any
    made_of: Any
    summary = "a component of a test"

    def spec(self) -> Any:
        return self.spec_type(
            name="mutant", factory=lambda options: options, config=self.made_of, summary=self.summary
        )

    def module(self) -> str:
        return "light_plugin"

    def readme(self) -> str:
        rows = [f"| `{field.alias}` | {shown(field.default)} | |" for field in attrs.fields(self.made_of)]
        return "\n".join(["| option | default | meaning |", "|---|---|---|", *rows])


def shown(default: object) -> str:
    return f'`"{default}"`' if isinstance(default, str) else f"{default}"
