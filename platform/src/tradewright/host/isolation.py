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
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.errors import ConfigError, PluginError
from tradewright.host.fence import RelayedError, ask, make_component
from tradewright.host.guards import end_process
from tradewright.host.kinds import KINDS
from tradewright.host.loading import load
from tradewright.host.worker import Worker
from tradewright.redaction import guard_streams
from tradewright.values.secret import Secret, secrets_in, with_texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from tradewright.config import Pin
    from tradewright.host.lockfile import Lock

STOP_SECONDS = 2.0
"""How long a process that was asked to end may take before it is killed."""

_WORDS = ("message", "file", "line", "key", "fix")


@attrs.frozen(kw_only=True)
class Home:
    """Where a component comes from.

    Attributes:
        plugin: The plugin, in the version that runs here.
        kind: `signal` or `optimizer`.
        name: The component's name.
        config: Its validated options.
        lock: What the plugin must consist of; None compares nothing.
        hidden: Environment variables that are not for it: secrets of other components.
        texts: The secrets among its options, by their references; they go through the pipe and nowhere else.
    """

    plugin: Pin
    kind: str
    name: str
    config: Any
    lock: Lock | None = None
    hidden: frozenset[str] = frozenset()
    texts: Mapping[str, str] = attrs.field(factory=dict, repr=False)


class Children:
    """The processes of one run; leaving the context ends them all."""

    def __init__(self) -> None:
        self._open: list[_Process] = []

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._open:
            process.close()

    def start(self, home: Home, seconds: float) -> Child:
        """Return a component that lives in a new process.

        Args:
            home: Where it comes from.
            seconds: How long it may take to be made, and then to give each answer.

        Raises:
            ConfigError: The factory refused the options.
            PluginError: The plugin or its component broke while being made, or took too long.
        """
        try:
            # Unpacking them imports the plugin, which the other process does not before it has looked at the lock.
            texts = {secret.reference: secret.reveal() for _, secret in secrets_in(home.config)}
            packed = attrs.evolve(home, config=pickle.dumps(home.config), texts=texts)
        except Exception as error:
            message = f"its options cannot be sent to another process: {error}"
            raise PluginError(message, key=home.name, fix='use isolation = "none"') from error
        process = _Process(home.name, seconds)
        self._open.append(process)
        return Child(process, *process.ask("about", packed))


class Child:
    """A component in another process: it has what its protocols declare, as far as the component has it there."""

    def __init__(self, process: _Process, attributes: dict[str, Any], methods: tuple[str, ...]) -> None:
        self._process = process
        # As the object's own, because a protocol does not look behind `__getattr__`.
        for name, value in attributes.items():
            setattr(self, name, value)
        for name in methods:
            setattr(self, name, partial(process.ask, name))


class _Process:
    """One process and the pipe to it."""

    def __init__(self, name: str, seconds: float) -> None:
        self._name, self._seconds = name, seconds
        # A forked child would share locks that other threads hold.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        # Sending blocks while the other side does not read, and receiving until it has sent the rest.
        self._worker = Worker(f"process of {name}")

    def ask(self, what: str, *given: object) -> Any:
        """Return the component's answer.

        Raises:
            ConfigError: As `Children.start`.
            PluginError: It raised, or is no longer there, or has not answered in time and was killed.
        """
        key = f"{self._name}.{what}"
        question = self._worker.ask(key, lambda: self._exchange(what, given), self._seconds)
        if not question.ended.is_set():
            self._process.kill()
            raise RelayedError(f"gave no answer within {self._seconds:g} s; its process was killed", key=key)
        if isinstance(question.raised, OSError | EOFError):
            raise RelayedError(self._end(), key=key) from question.raised
        if question.raised is not None:
            message = f"could not be exchanged with its process: {question.raised}"
            raise PluginError(message, key=key, fix='use isolation = "none"') from question.raised
        said, answer = question.returned[0]
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
        self._worker.dismiss()

    def _exchange(self, what: str, given: tuple[object, ...]) -> Any:
        self._pipe.send((what, given))
        return self._pipe.recv()

    def _end(self) -> str:
        self._process.join(STOP_SECONDS)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"its process was ended by signal {-code} ({signals.Signals(-code).name})"
        return f"its process has ended, with exit code {code}"


# ---- in the other process --------------------------------------------------------------------------------


def _serve(pipe: Connection) -> None:
    """Make the component and answer until the pipe closes."""
    signals.signal(signals.SIGINT, signals.SIG_IGN)  # A Ctrl-C goes to the program, which then ends this process.
    os.dup2(2, 1)  # Standard output may carry `--json`; what C code writes there ends up on standard error.
    guard_streams()
    os._exit = end_process  # A component that ends its own process harms nobody, and is named for it.
    name, component = "", None
    with contextlib.suppress(EOFError, OSError):
        while True:
            what, given = pipe.recv()
            try:
                if component is None:
                    (home,) = given
                    name, component = home.name, _component(home)
                    answer: Any = _about(home, component)
                else:
                    answer = _answer(name, component, what, given)
                said = "answer"
            except (ConfigError, PluginError) as error:
                said = "config" if isinstance(error, ConfigError) else "plugin"
                answer = {word: getattr(error, word) for word in _WORDS}
            pipe.send((said, answer))


def _component(home: Home) -> Any:
    for name in home.hidden:
        os.environ.pop(name, None)
    plugins = load((home.plugin,), lock=home.lock)
    spec = plugins.find(home.kind, home.name)
    packed = pickle.loads(home.config)  # noqa: S301  # from the parent, which made it
    config = with_texts(packed, lambda _, secret: Secret(secret.reference, home.texts[secret.reference]))
    # No deadline here: whoever asks keeps it, and ends this process.
    return make_component(spec, config, KINDS[home.kind].protocols[0], None)


def _about(home: Home, component: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the attributes that the component has of those its protocols declare, and the names of the methods."""
    kind = KINDS[home.kind]

    def told() -> tuple[dict[str, Any], tuple[str, ...]]:
        attributes = {name: getattr(component, name) for name in kind.attributes if hasattr(component, name)}
        return attributes, tuple(name for name in kind.methods if hasattr(component, name))

    return ask(f"{home.name}.about", component, told, None)


def _answer(name: str, component: Any, what: str, given: tuple[Any, ...]) -> Any:
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
