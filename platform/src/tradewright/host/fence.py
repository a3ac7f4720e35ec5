"""The fence around plugins: what a component raises or returns wrongly becomes a PluginError with a place."""

from __future__ import annotations

import inspect
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from tradewright.errors import ConfigError, PluginError
from tradewright.host.guards import ExitRefusedError
from tradewright.host.questions import TEXT_MAX
from tradewright.host.worker import asked_here, worker_of
from tradewright.redaction import conceal_variables, redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tradewright.host.components import Spec
    from tradewright.host.questions import Question

T = TypeVar("T")
FACTORY_SECONDS = 60.0
"""How long a component may take to be made where nothing else says it: a strategy's default deadline."""


class RelayedError(PluginError):
    """What the fence around a component in its own process has already put into words."""


@contextmanager
def fence(key: str, component: object, letting: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Run a plugin's code inside, without a deadline; only a Ctrl-C, and what is named, gets through as it is.

    For what is called by the million, such as rules that are interpreted; everything else is for `ask`.

    Args:
        key: What is called, such as `ma-crossover.compute`.
        component: The object or function whose package is looked for in the traceback, to name its file and line.
        letting: Errors that the component's protocol allows it to raise.

    Raises:
        PluginError: Anything was raised, SystemExit included (the original is its cause), or something was printed.

    >>> with fence("broken.compute", object()):
    ...     1 / 0
    Traceback (most recent call last):
    tradewright.errors.PluginError: ...broken.compute: raised ZeroDivisionError: division by zero
    """
    try:
        with asked_here(key) as question:
            yield
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, RelayedError, *letting)):
            raise
        raise _refusal(key, component, error) from error
    _refuse_side_effects(key, question)


def ask(
    key: str,
    component: object,
    function: Callable[[], T],
    seconds: float | None,
    *,
    letting: tuple[type[Exception], ...] = (),
    more_time: str = "the strategy's deadline",
    banner: bool = False,
) -> T:
    """Return what a component answers from its own thread, in time and without side effects on the program.

    Args:
        key: What is called, such as `ma-crossover.compute`; the word before the dot has a thread of its own.
        component: As of `fence`.
        function: The call.
        seconds: How long it may take, None for ever.
        letting: As of `fence`.
        more_time: Where more time can be given.
        banner: Whether it may print, as the libraries of vendors do: that goes to standard error.

    Raises:
        PluginError: Anything was raised, nothing was returned in time, something was printed, or attrs' validators,
            the working folder, the locale or standard output were left otherwise.

    >>> ask("chatty.compute", object(), lambda: print("hello"), 5.0)
    Traceback (most recent call last):
    tradewright.errors.PluginError: chatty.compute: wrote to standard output: hello
    """
    question = worker_of(key.partition(".")[0]).ask(key, function, seconds, banner=banner)
    if question.raised is not None:
        if isinstance(question.raised, (RelayedError, *letting)):
            raise question.raised
        raise _refusal(key, component, question.raised) from question.raised
    if not question.returned:
        message = f"gave no answer within {seconds:g} s; a later one is discarded"
        raise PluginError(message, key=key, fix=f"give it less to do, or more time: {more_time}")
    _refuse_side_effects(key, question)
    return question.returned[0]


def _refuse_side_effects(key: str, question: Question[Any]) -> None:
    if question.printed:
        fix = "write to the log, with the standard library's logging"
        raise PluginError(f"wrote to standard output: {_one_line(question.printed.strip())}", key=key, fix=fix)
    if question.unchecked:
        message = "left attrs' validators switched off, for the whole program; they are on again"
        raise PluginError(message, key=key, fix="make values that hold, without attrs.validators.set_disabled")
    if question.changed:
        message = f"left {_one_line(question.changed)[:TEXT_MAX]}, for the whole program; it is put back"
        raise PluginError(message, key=key, fix="leave what belongs to the whole program as it is")


def make_component(spec: Spec, config: object, wanted: type[Any], seconds: float | None = FACTORY_SECONDS) -> Any:
    """Return the component that `spec` makes from its validated options, a `wanted`.

    Args:
        spec: Its spec.
        config: Its validated options.
        wanted: The protocol or class that it must be.
        seconds: How long the factory may take, None for ever.

    Raises:
        ConfigError: The factory refused the options.
        PluginError: The factory raised anything else, took too long, printed, or returned something else.
    """
    key = f"{spec.name}.factory"
    conceal_variables(spec.secrets)
    returned: object = ask(key, spec.factory, lambda: spec.factory(config), seconds, letting=(ConfigError,))
    with fence(key, returned, (PluginError,)):  # Python 3.11 runs a property to see whether a protocol has it.
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
        text = redact(str(error))[:TEXT_MAX]  # In this order: half a secret would not be found.
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
    if isinstance(error, ExitRefusedError):
        return f"{error}, which would have ended the program without a word"
    return f"raised {type(error).__name__}: {text_of(error)}".rstrip(": ")


def _fix(error: BaseException) -> str | None:
    if _is_write(error):
        return "copy the array before changing it"
    if isinstance(error, ExitRefusedError):
        return "raise an error instead"
    *_, (deepest, _) = traceback.walk_tb(error.__traceback__)
    if deepest.f_globals.get("__name__") == "tradewright.values.arrays":
        return "give arrays of float64 to the values of tradewright"
    return None


def _is_write(error: BaseException) -> bool:
    # numpy has no class of its own for this, only these words.
    return isinstance(error, ValueError) and "read-only" in text_of(error)
