"""What Python sees: hooks, errors, the names for authors of plugins, and the measures."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any

import tradewright
from tradewright import errors as tree
from tradewright.cli import program
from tradewright.host import hookspecs
from tradewright.host.fence import RelayedError
from tradewright.host.registration import IncompatibleError

from generator.docstrings import document, signature
from generator.markdown import code, table

if TYPE_CHECKING:
    from collections.abc import Iterable


def hooks() -> str:
    """Return every hook: when it is called, what it yields, and an example."""
    found = [one for name, one in vars(hookspecs).items() if name.startswith("tradewright_")]
    return _entries(found)


def errors() -> str:
    """Return every error that a user can meet, with its exit code."""
    rows = [(code(one.__name__), str(one.exit_code), _summary(one)) for one in error_classes()]
    return table(("error", "exit code", "when"), rows)


def error_classes() -> list[type[tree.TradewrightError]]:
    """Return the classes, the abstract one left out, by exit code."""
    found = [one for module in (tree, program) for one in vars(module).values() if _is_error(one, module.__name__)]
    return sorted([*found, IncompatibleError, RelayedError], key=lambda one: one.exit_code)


def names() -> str:
    """Return everything that `import tradewright` gives to the author of a plugin."""
    found = [getattr(tradewright, name) for name in tradewright.__all__]
    return "\n" + "\n".join(_class(one) for one in found if isinstance(one, type)) + "\n"


def entries(module: str, *wanted: str) -> str:
    """Return the named functions and classes of a module."""
    return _entries(getattr(import_module(f"tradewright.{module}"), name) for name in wanted)


def measures(module: str) -> str:
    """Return every public function of a module of `tradewright.metrics`."""
    found = import_module(f"tradewright.metrics.{module}")
    public = [
        one
        for name, one in inspect.getmembers(found, inspect.isfunction)
        if one.__module__ == found.__name__ and not name.startswith("_")
    ]
    return _entries(public)


def _entries(things: Iterable[Any]) -> str:
    return "\n" + "\n".join(f"### `{one.__name__}`\n\n{signature(one)}\n{document(one)}" for one in things) + "\n"


def _class(one: type) -> str:
    """Return a class and, below it, what can be asked of it."""
    methods = [
        f"#### `{one.__name__}.{name}`\n\n{signature(member)}\n{document(member)}"
        for name, member in vars(one).items()
        if not name.startswith("_") and inspect.isroutine(member)
    ]
    called = "" if getattr(one, "_is_protocol", False) else f"{signature(one)}\n"
    return "\n".join([f"### `{one.__name__}`\n\n{called}{document(one)}", *methods])


def _is_error(one: object, module: str) -> bool:
    is_class = isinstance(one, type) and issubclass(one, tree.TradewrightError)
    return is_class and one is not tree.TradewrightError and one.__module__ == module


def _summary(one: type) -> str:
    return (one.__doc__ or "").strip().splitlines()[0]
