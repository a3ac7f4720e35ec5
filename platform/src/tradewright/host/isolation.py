"""Components in processes of their own: one that hangs or crashes there is killed, and costs no more than its vote.

A process holds one component.  It loads the plugin as the kernel does, makes the component from its options, and
answers one question after another.  It keeps a plugin's faults away from the program; it is no sandbox, because it
runs as the same user with the same rights.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal as signals
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.config import Pin
from tradewright.errors import ConfigError, PluginError
from tradewright.host.components import FittedSignal, Optimizer, RowOptimizer, Signal
from tradewright.host.fence import RelayedError, ask, made
from tradewright.host.loading import load

if TYPE_CHECKING:
    from datetime import date
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from tradewright.values.allocation import Allocation, Problem
    from tradewright.values.arrays import BoolArray, FloatArray
    from tradewright.values.forecast import Forecast
    from tradewright.values.history import History

STOP_SECONDS = 2.0
"""How long a process that was asked to end may take before it is killed."""

_PROTOCOLS: dict[str, type[Any]] = {"signal": Signal, "optimizer": Optimizer}
_WORDS = ("message", "file", "line", "key", "fix")


@attrs.frozen(kw_only=True)
class Home:
    """Where a component comes from.

    Attributes:
        plugin: The plugin's name.
        kind: `signal` or `optimizer`.
        name: The component's name.
        config: Its validated options.
    """

    plugin: str
    kind: str
    name: str
    config: Any


class Children:
    """The processes of one run; leaving the context ends them all."""

    def __init__(self) -> None:
        self._open: list[_Child] = []

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._open:
            child.close()

    def start(self, home: Home, seconds: float) -> ChildSignal | ChildOptimizer:
        """Return a component that lives in a new process.

        Args:
            home: Where it comes from.
            seconds: How long it may take to be made, and then to give each answer.

        Raises:
            ConfigError: The factory refused the options.
            PluginError: The plugin or its component broke while being made, or took too long.
        """
        child = _Child(home, seconds)
        self._open.append(child)
        about = child.ask("about")
        if home.kind == "signal":
            return ChildSignal(child, *about)
        return (ChildRowOptimizer if about else ChildOptimizer)(child)


class ChildSignal:
    """A signal in another process."""

    def __init__(self, child: _Child, warmup_bars: int, fitted_until: date | None) -> None:
        self._child = child
        self.warmup_bars = warmup_bars
        self.fitted_until = fitted_until

    def compute(self, view: History) -> Forecast:
        """Ask it."""
        forecast: Forecast = self._child.ask("compute", view)
        return forecast


class ChildOptimizer:
    """An optimizer in another process."""

    def __init__(self, child: _Child) -> None:
        self._child = child

    def solve(self, problem: Problem) -> Allocation:
        """Ask it."""
        allocation: Allocation = self._child.ask("solve", problem)
        return allocation


class ChildRowOptimizer(ChildOptimizer):
    """One that answers all rebalances at once."""

    def solve_rows(
        self, forecast: FloatArray, volatility: FloatArray, trading: BoolArray, gross: float
    ) -> FloatArray:
        """Ask it."""
        weights: FloatArray = self._child.ask("solve_rows", forecast, volatility, trading, gross)
        return weights


class _Child:
    """One process and the pipe to it."""

    def __init__(self, home: Home, seconds: float) -> None:
        self._key, self._seconds = home.name, seconds
        try:
            packed = pickle.dumps(home)
        except Exception as error:
            message = f"its options cannot be sent to another process: {error}"
            raise PluginError(message, key=home.name, fix='use isolation = "none"') from error
        # A forked child would share locks that other threads hold.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(theirs, packed), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, what: str, *given: object) -> Any:
        """Return the component's answer.

        Raises:
            ConfigError: As `Children.start`.
            PluginError: It raised, or is no longer there, or has not answered in time and was killed.
        """
        try:
            self._pipe.send((what, given))
            if not self._pipe.poll(self._seconds):
                self._process.kill()
                message = f"gave no answer within {self._seconds:g} s; its process was killed"
                raise RelayedError(message, key=f"{self._key}.{what}")
            said, answer = self._pipe.recv()
        except (OSError, EOFError) as error:
            raise RelayedError(self._end(), key=f"{self._key}.{what}") from error
        if said == "answer":
            return answer
        raise (ConfigError if said == "config" else RelayedError)(answer.pop("message"), **answer)

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._pipe.close()  # It ends when nobody is left to ask.
        self._process.join(STOP_SECONDS)
        self._process.kill()
        self._process.join()

    def _end(self) -> str:
        self._process.join(STOP_SECONDS)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"its process was ended by signal {-code} ({signals.Signals(-code).name})"
        return f"its process has ended, with exit code {code}"


# ---- in the other process --------------------------------------------------------------------------------


def _serve(pipe: Connection, packed: bytes) -> None:
    """Make the component and answer until the pipe closes."""
    signals.signal(signals.SIGINT, signals.SIG_IGN)  # A Ctrl-C goes to the program, which then ends this process.
    os.dup2(2, 1)  # Standard output may carry `--json`; what C code writes there ends up on standard error.
    home: Home = pickle.loads(packed)  # noqa: S301  # from the parent, which made it
    component: Any = None
    with contextlib.suppress(EOFError, OSError):
        while True:
            what, given = pipe.recv()
            try:
                if component is None:
                    component = _component(home)
                reply = "answer", _answer(home.name, component, what, given)
            except (ConfigError, PluginError) as error:
                said = "config" if isinstance(error, ConfigError) else "plugin"
                reply = said, {word: getattr(error, word) for word in _WORDS}
            pipe.send(reply)


def _component(home: Home) -> Any:
    plugins = load((Pin(name=home.plugin),))
    spec = plugins.find(home.kind, home.name)
    return made(spec, home.config, _PROTOCOLS[home.kind])


def _answer(name: str, component: Any, what: str, given: tuple[Any, ...]) -> Any:
    if what == "about":
        if isinstance(component, Signal):
            until = component.fitted_until if isinstance(component, FittedSignal) else None
            return component.warmup_bars, until
        return isinstance(component, RowOptimizer)
    # Numbers that came through a pipe can be written to; copies made by a value type cannot.
    values = [_frozen(value) for value in given]
    return ask(f"{name}.{what}", component, lambda: getattr(component, what)(*values), None)


def _frozen(value: Any) -> Any:
    if attrs.has(type(value)):
        fields = (field for field in attrs.fields(type(value)) if field.init)
        return attrs.evolve(value, **{field.alias: _frozen(getattr(value, field.name)) for field in fields})
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    return value
