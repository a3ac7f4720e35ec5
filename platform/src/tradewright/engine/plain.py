"""A second copy of the engine's modules that is left to the interpreter.

It serves sets of rules that numba cannot compile.  The source is the same; only the decorators do nothing.
"""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from tradewright.host.fence import expect, fence
from tradewright.risk.contract import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F")

_COPIED = ("log", "transitions", "actions", "fills", "matcher", "decide", "plan")
PLAIN_PREFIX = "tradewright_plain_"
"""Begins the name of each plain copy of an engine's module."""


def compiled(function: F) -> F:
    """Stand in for every decorator of `engine.jit`."""
    return function


compiled_rule = cached = compiled


def guarded(name: str, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return an interpreted rule whose exceptions and wrong answers name it.

    Raises:
        PluginError: When called: the rule raised, or answered with another type than its phase wants.
    """
    wanted = ANSWERS[phase]

    def call(*arguments: Any) -> Any:
        with fence(name, function):
            answer = function(*arguments)
        return expect(name, answer, wanted)

    return call


def plain(source: str) -> str:
    """Return an engine module's source with its imports led to the plain copies.

    >>> plain("from tradewright.engine.jit import compiled")
    'from tradewright.engine.plain import compiled'
    """
    source = source.replace("from tradewright.engine.jit ", "from tradewright.engine.plain ")
    for name in _COPIED:
        source = source.replace(f"from tradewright.engine.{name} ", f"from {PLAIN_PREFIX}{name} ")
    return source


def interpreted(name: str) -> ModuleType:
    """Return the copy of an engine's module that is left to the interpreter.

    >>> interpreted("fills").price_at_stop(10.0, 95.0, 96.0)
    95.0
    """
    if PLAIN_PREFIX + name not in sys.modules:
        load_plain_engine()
    return sys.modules[PLAIN_PREFIX + name]


def load_plain_engine() -> None:
    """Make the plain copies importable; once is enough."""
    for name in _COPIED:
        original, copy = import_module(f"tradewright.engine.{name}"), ModuleType(PLAIN_PREFIX + name)
        if copy.__name__ in sys.modules:
            continue
        sys.modules[copy.__name__] = copy
        code = compile(plain(inspect.getsource(original)), str(original.__file__), "exec")
        exec(code, copy.__dict__)  # noqa: S102  # the kernel's own source
