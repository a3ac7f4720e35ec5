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
    from types import ModuleType


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


PUBLIC: dict[str, str] = {
    "tradewright": "values, protocols, specs, errors, `hookimpl`",
    "tradewright.config": "fields of options, `OptionError`, `inside_workspace`",
    "tradewright.risk.contract": "what rules and checks see and return",
    "tradewright.risk.features": "numbers that rules share",
    "tradewright.risk.market": "numbers of the whole market that rules share",
    "tradewright.sessions": "exchange sessions",
    "tradewright.data.align": "several instruments on one grid",
    "tradewright.data.stamps": "from what a file calls a time to a bar of a session",
    "tradewright.data.quality": "whether bars can be true",
    "tradewright.signals.evaluate": "asking a signal as the kernel does",
    "tradewright.signals.causality": "asking whether it looks ahead",
    "tradewright.testing": "[its suite](testing.md)",
}
"""The modules that a plugin may import, and what for."""

CONFIG = ("fraction", "positive", "non_negative", "number", "count", "one_of", "option", "OptionError", "Range")
"""What of `tradewright.config` is for authors; the rest reads plugins.toml."""


def public() -> str:
    """Return the table of the modules that a plugin may import."""
    return table(("module", "for"), [(code(module), what) for module, what in PUBLIC.items()])


def entries(module: str) -> str:
    """Return the functions and classes of a public module, those on the package's face left out."""
    found = import_module(f"tradewright.{module}")
    if module == "config":
        return _entries(getattr(found, name) for name in (*CONFIG, "inside_workspace"))
    return _entries(_own(found))


def _own(module: ModuleType) -> Iterable[Any]:
    """Yield what a module defines for others, in its order."""
    for name, one in vars(module).items():
        mine = getattr(one, "__module__", None) == module.__name__
        if mine and not name.startswith("_") and name not in tradewright.__all__ and callable(one):
            yield one


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
    return "\n" + "\n".join(_class(one) if isinstance(one, type) else _function(one) for one in things) + "\n"


def _function(one: Any) -> str:
    return f"### `{one.__name__}`\n\n{signature(one)}\n{document(one)}"


def _class(one: type) -> str:
    """Return a class and, below it, what can be asked of it."""
    methods = [
        f"#### `{one.__name__}.{name}`\n\n{signature(getattr(one, name))}\n{document(getattr(one, name))}"
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
