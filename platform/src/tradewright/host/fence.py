"""The fence around plugins: what a component raises or returns wrongly becomes a PluginError with a place."""

from __future__ import annotations

import contextlib
import inspect
import io
import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from tradewright.errors import ConfigError, PluginError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tradewright.host.components import Spec

T = TypeVar("T")
TEXT_MAX = 300
"""Characters of a plugin's own error text that are shown: it may be a whole file."""


class RelayedError(PluginError):
    """What the fence around a component in its own process has already put into words."""


@contextmanager
def fence(key: str, component: object, letting: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Run a plugin's code inside; only a Ctrl-C, and what is named, gets through as it is.

    Args:
        key: What is called, such as `ma-crossover.compute`.
        component: The object or function whose package is looked for in the traceback, to name its file and line.
        letting: Errors that the component's protocol allows it to raise.

    Raises:
        PluginError: Anything was raised, SystemExit included; the original is its cause.

    >>> with fence("broken.compute", object()):
    ...     1 / 0
    Traceback (most recent call last):
    tradewright.errors.PluginError: ...broken.compute: raised ZeroDivisionError: division by zero
    """
    try:
        yield
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, RelayedError, *letting)):
            raise
        raise _refusal(key, component, error) from error


@attrs.frozen
class Attempt(Generic[T]):
    """What became of a call: it returned, or raised, or neither in time.

    Attributes:
        returned: The result in a tuple of one, empty without one.
        raised: What was raised.
    """

    returned: tuple[T, ...] = ()
    raised: BaseException | None = None


def attempt(function: Callable[[], T], seconds: float | None, name: str) -> Attempt[T]:
    """Call a function in a thread of its own, and wait for it no longer than `seconds`; None waits for ever.

    A thread cannot be killed: a late one goes on unheard, and as a daemon lets the program end.  One that never lets
    go of the interpreter's lock, as a C extension may, cannot be stopped waiting for.

    >>> attempt(lambda: 1 + 1, 5.0, "sum").returned
    (2,)
    """
    returned: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            returned.append(function())
        except BaseException as error:  # noqa: BLE001  # even SystemExit is the plugin's own; a real Ctrl-C goes to the main thread
            raised.append(error)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    thread.join(seconds)
    return Attempt(tuple(returned[:1]), raised[0] if raised else None)


def ask(key: str, component: object, function: Callable[[], T], seconds: float | None) -> T:
    """Return what a component answers, in time and without writing to standard output, which may carry `--json`.

    Args:
        key: What is called, such as `ma-crossover.compute`.
        component: As of `fence`.
        function: The call.
        seconds: How long it may take, None for ever.

    Raises:
        PluginError: Anything was raised, nothing was returned in time, or something was printed.

    >>> ask("chatty.compute", object(), lambda: print("hello"), 5.0)
    Traceback (most recent call last):
    tradewright.errors.PluginError: chatty.compute: wrote to standard output: hello
    """
    printed = _Printed()
    with contextlib.redirect_stdout(printed):
        tried = attempt(function, seconds, key)
    if isinstance(tried.raised, RelayedError):
        raise tried.raised
    if tried.raised is not None:
        raise _refusal(key, component, tried.raised) from tried.raised
    if not tried.returned:
        message = f"gave no answer within {seconds:g} s; a later one is discarded"
        raise PluginError(message, key=key, fix="give it less to do, or more time: the strategy's deadline")
    if printed.text:
        fix = "write to the log, with the standard library's logging"
        raise PluginError(f"wrote to standard output: {printed.text}", key=key, fix=fix)
    return tried.returned[0]


class _Printed(io.TextIOBase):
    """Takes everything and remembers how it began."""

    def __init__(self) -> None:
        self._begun = ""

    def write(self, text: str) -> int:
        if len(self._begun) < TEXT_MAX:
            self._begun += text[: TEXT_MAX - len(self._begun)]
        return len(text)

    @property
    def text(self) -> str:
        """The beginning of what was written, as one line that a terminal can show."""
        return _one_line(self._begun.strip())


def made(spec: Spec, config: object, wanted: type[Any]) -> Any:
    """Return the component that `spec` makes from its validated options, a `wanted`.

    Raises:
        ConfigError: The factory refused the options.
        PluginError: The factory raised anything else, or returned something else.
    """
    key = f"{spec.name}.factory"
    with fence(key, spec.factory, letting=(ConfigError,)):
        returned = spec.factory(config)
    return expect(key, returned, wanted)


def expect(key: str, result: object, wanted: type[T]) -> T:
    """Return what a component returned if it is a `wanted`.

    Raises:
        PluginError: It is something else; a coroutine is named as such, and closed.

    >>> expect("x.compute", "up", dict)
    Traceback (most recent call last):
    tradewright.errors.PluginError: x.compute: returned str; dict wanted
    """
    if isinstance(result, wanted):
        return result
    if inspect.iscoroutine(result):
        result.close()  # Otherwise the interpreter warns later, far from the cause.
        message = f"returned a coroutine that nothing awaits; {wanted.__name__} wanted"
        raise PluginError(message, key=key, fix="write `def` instead of `async def`")
    raise PluginError(f"returned {type(result).__name__}; {wanted.__name__} wanted", key=key)


def place_of(error: BaseException, package: str) -> tuple[str | None, int | None]:
    """Return the deepest line of a traceback that belongs to `package`: where its author should look."""
    found: tuple[str | None, int | None] = (None, None)
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        # Generated code, such as an attrs initialiser, has a file name in angle brackets.
        if module.partition(".")[0] == package and not frame.f_code.co_filename.startswith("<"):
            found = (frame.f_code.co_filename, line)
    return found


def text_of(error: BaseException) -> str:
    """Return the error's own text as one line that a terminal can show."""
    try:
        text = str(error)[:TEXT_MAX]
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001  # the text is the plugin's code as well, and may even exit
        return ""
    return _one_line(text)


def _one_line(text: str) -> str:
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def _refusal(key: str, component: object, error: BaseException) -> PluginError:
    file, line = place_of(error, str(getattr(component, "__module__", "")).partition(".")[0])
    return PluginError(_message(error), file=file, line=line, key=key, fix=_fix(error))


def _message(error: BaseException) -> str:
    if _is_write(error):
        return "wrote to its input, which is read-only"
    return f"raised {type(error).__name__}: {text_of(error)}".rstrip(": ")


def _fix(error: BaseException) -> str | None:
    if _is_write(error):
        return "copy the array before changing it"
    *_, (deepest, _) = traceback.walk_tb(error.__traceback__)
    if deepest.f_globals.get("__name__") == "tradewright.values.arrays":
        return "give arrays of float64 to the values of tradewright"
    return None


def _is_write(error: BaseException) -> bool:
    # numpy has no class of its own for this, only these words.
    return isinstance(error, ValueError) and "read-only" in text_of(error)
