"""Ask one plugin what it provides, behind a guard: it may raise, exit, hang or answer nonsense.

    import -> register -> check_pending -> each hook -> specs

Each plugin has a pluggy manager of its own and its hooks are called one by one, because one raising
implementation makes pluggy drop the results of all others.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import pluggy

from tradewright.config import did_you_mean, show
from tradewright.errors import PluginError
from tradewright.host import hookspecs
from tradewright.host.components import API
from tradewright.host.fence import place_of, text_of
from tradewright.host.kinds import HOOKS
from tradewright.host.worker import worker_of
from tradewright.values.secret import is_reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradewright.host.components import Spec

NAME = re.compile(r"[a-z0-9-]+")
"""What plugins and components may be called."""

HOST = re.compile(r"(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]+)?")
"""A host on the network as a component declares it, with a port or not; `*.` stands for any host below."""

_T = TypeVar("_T")


class IncompatibleError(PluginError):
    """A component is written for another contract: not broken, but not for this kernel.

    Attributes:
        api: The contract it is written for.
    """

    def __init__(self, message: str, *, api: int) -> None:
        super().__init__(message)
        self.api = api


@attrs.frozen
class Guard:
    """Calls a plugin's code so that it can neither raise into, nor exit, nor hang the program.

    A hang that never lets go of the interpreter's lock, as in a C extension, is beyond it.

    Attributes:
        package: The plugin's top-level package, to find its own lines in a traceback.
        deadline_seconds: How long one call may take.
    """

    package: str
    deadline_seconds: float

    def call(self, function: Callable[[], _T], doing: str) -> _T:
        """Return what `function` returns.

        Args:
            function: The plugin's code.
            doing: The place in the sentence of an error, such as `while importing`.

        Raises:
            PluginError: It raised anything at all, or has not returned in time.
        """
        # A banner printed while loading must not end up in the middle of `--json`.
        worker = worker_of(self.package)
        question = worker.ask(f"{self.package} {doing}", function, self.deadline_seconds, banner=True)
        if question.raised is not None:
            raise self._failure(question.raised, doing) from question.raised
        if not question.returned:
            raise PluginError(f"hung for {self.deadline_seconds:g} s {doing}")
        return question.returned[0]

    def _failure(self, error: BaseException, doing: str) -> PluginError:
        if isinstance(error, SyntaxError):
            file, line = error.filename, error.lineno
        else:
            file, line = place_of(error, self.package)
        text = text_of(error)
        message = f"raised {type(error).__name__} {doing}{': ' if text else ''}{text}"
        return PluginError(message, file=file, line=line)


def components(guard: Guard, name: str, load_plugin: Callable[[], object]) -> tuple[Spec, ...]:
    """Return what a plugin provides, in the order of the hooks.

    Args:
        guard: What every call into the plugin goes through.
        name: The plugin's name.
        load_plugin: Imports it and returns the object that carries its hooks.

    Raises:
        IncompatibleError: A component is written for another contract.
        PluginError: It cannot be loaded, or what it registers is not what a hook promises.
    """
    plugin = guard.call(load_plugin, "while importing")
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    refused = guard.call(partial(_register, manager, plugin, name), "while registering")
    if refused is not None:
        raise refused
    found: list[Spec] = []
    for hook, wanted in HOOKS.items():
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            function = implementation.function
            result = guard.call(partial(_drained, function), f"in {hook}")
            flaw = _flaw(result, wanted)
            if flaw is not None:
                raise _at(function, f"{hook} {flaw}")
            found += result
    _check_api(found)
    return tuple(found)


def _register(manager: pluggy.PluginManager, plugin: object, name: str) -> PluginError | None:
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        return _invalid(plugin, str(error))
    for hook in HOOKS:
        function = getattr(plugin, hook, None)
        if inspect.isroutine(function) and not getattr(manager.hook, hook).get_hookimpls():
            return _at(function, f"{hook} lacks @tradewright.hookimpl")
    return None


def _invalid(plugin: object, text: str) -> PluginError:
    """Put pluggy's verdict in one line and add the place, which pluggy does not tell."""
    match = re.search(r"hook '(\w+)'", text)
    hook = match[1] if match else ""
    if text.startswith("unknown hook"):
        message = f"no such hook {hook}{did_you_mean(hook, HOOKS)}"
    else:
        message = f"PluginValidationError: {'; '.join(text.splitlines())}"
    return _at(getattr(plugin, hook, None), message)


def _at(function: object, message: str) -> PluginError:
    code = getattr(inspect.unwrap(function) if callable(function) else None, "__code__", None)
    if code is None:
        return PluginError(message)
    return PluginError(message, file=code.co_filename, line=code.co_firstlineno)


def _drained(function: Callable[[], object]) -> Any:
    """Call a hook and run its generator to the end, which is as much the plugin's code as the hook."""
    result = function()
    return list(result) if isinstance(result, Iterable) and not isinstance(result, str) else result


def _flaw(result: object, wanted: tuple[type[Spec], ...]) -> str | None:
    names = " or ".join(kind.__name__ for kind in wanted)
    if not isinstance(result, list):
        return _async(result) or f"returned {type(result).__name__}; an iterable of {names} wanted"
    for item in result:
        if not isinstance(item, wanted):
            return _async(item) or f"yielded {type(item).__name__}; {names} wanted"
        flaw = _spec_flaw(item)
        if flaw is not None:
            return flaw
    return None


def _async(result: object) -> str | None:
    if inspect.iscoroutine(result):
        result.close()  # Otherwise the interpreter warns later, far from the cause.
    elif not isinstance(result, AsyncIterable) and not inspect.isawaitable(result):
        return None
    return "is an async hook not awaited; write `def` instead of `async def`"


def _spec_flaw(spec: Spec) -> str | None:
    if not isinstance(spec.name, str) or not NAME.fullmatch(spec.name):
        name = show(spec.name) if isinstance(spec.name, str) else type(spec.name).__name__
        return f"yielded a {spec.kind} named {name}; small letters, digits and - wanted"
    if not callable(spec.factory):
        return f"yielded {spec.kind} {spec.name} whose factory is not callable"
    if not isinstance(spec.config, type) or not attrs.has(spec.config):
        return f"yielded {spec.kind} {spec.name} whose config is not an attrs class"
    for field, wanted in (("summary", str), ("api", int), ("native", bool)):
        value = getattr(spec, field, False)
        if not isinstance(value, wanted) or isinstance(value, bool) != (wanted is bool):
            was = type(value).__name__
            return f"yielded {spec.kind} {spec.name} whose {field} is of type {was}; {wanted.__name__} wanted"
    return _needs_flaw(spec)


def _needs_flaw(spec: Spec) -> str | None:
    """Say what is wrong with the hosts and secrets that a spec declares; a secret itself is not repeated."""
    for field, wanted, fits in (
        ("hosts", 'names such as "api.example.com"', HOST.fullmatch),
        ("secrets", "env:NAME or keyring:service/name", is_reference),
    ):
        values = getattr(spec, field)
        if not isinstance(values, tuple) or not all(isinstance(value, str) and fits(value) for value in values):
            return f"yielded {spec.kind} {spec.name} whose {field} are not a tuple of {wanted}"
    return None


def _check_api(specs: Iterable[Spec]) -> None:
    for spec in specs:
        if spec.api != API:
            message = f"{spec.kind} {spec.name} is written for api {spec.api}, this kernel speaks api {API}"
            raise IncompatibleError(message, api=spec.api)
