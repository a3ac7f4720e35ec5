"""One plugin behind its guard: whatever it does ends as specs or as one PluginError."""

from __future__ import annotations

import _thread
import inspect
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from tradewright import hookimpl
from tradewright.errors import PluginError
from tradewright.host import hookspecs
from tradewright.host.components import API, DataSourceSpec, OrderCheckSpec, SignalSpec, TargetRuleSpec
from tradewright.host.kinds import HOOKS
from tradewright.host.registration import Guard, IncompatibleError, components

HERE = __file__
HOSTS = 'yielded signal one whose hosts are not a tuple of names such as "api.example.com"'
SECRETS = "yielded signal one whose secrets are not a tuple of env:NAME or keyring:service/name"


@attrs.frozen
class Options:
    bars: int = 20


def spec(name: str = "one", **changes: Any) -> SignalSpec:
    return attrs.evolve(SignalSpec(name=name, factory=Options, config=Options), **changes)


def plugin(function: Callable[[], object]) -> SimpleNamespace:
    """Return a plugin whose hook for signals is `function`."""
    function.__name__ = "tradewright_signals"
    return SimpleNamespace(tradewright_signals=hookimpl(function))


def load(carrier: object, deadline_seconds: float = 5.0) -> tuple[Any, ...]:
    return components(Guard(__name__, deadline_seconds), "mine", lambda: carrier)


def refusal(carrier: object) -> PluginError:
    with pytest.raises(PluginError) as caught:
        load(carrier)
    return caught.value


# ---- hooks -----------------------------------------------------------------------------------------------


def test_hooks_table_names_every_hook_in_the_order_of_the_specs() -> None:
    declared = [name for name, _ in inspect.getmembers(hookspecs, inspect.isfunction) if name in HOOKS]
    listed = [name for name in vars(hookspecs) if name.startswith("tradewright_")]

    assert listed == list(HOOKS)
    assert sorted(HOOKS) == declared


def test_components_when_several_hooks_answer_come_in_the_order_of_the_sentence() -> None:
    check = OrderCheckSpec(name="check", factory=Options, config=Options)
    rule = TargetRuleSpec(name="rule", factory=Options, config=Options)
    source = DataSourceSpec(name="source", factory=Options, config=Options)

    class Carrier:
        @hookimpl
        def tradewright_risk_rules(self) -> Iterator[object]:
            yield check
            yield rule

        @hookimpl
        def tradewright_data_sources(self) -> list[object]:
            return [source]

    assert (source, check, rule) == load(Carrier())


def test_components_when_a_plugin_has_no_hook_are_none() -> None:
    assert () == load(SimpleNamespace())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, "returned NoneType; an iterable of SignalSpec wanted"),
        ("ma", "returned str; an iterable of SignalSpec wanted"),
        (7, "returned int; an iterable of SignalSpec wanted"),
        (spec(), "returned SignalSpec; an iterable of SignalSpec wanted"),
        ({"one": spec()}, "yielded str; SignalSpec wanted"),
        ([None], "yielded NoneType; SignalSpec wanted"),
        ([spec(), SignalSpec], "yielded type; SignalSpec wanted"),
        (
            [DataSourceSpec(name="a", factory=Options, config=Options)],
            "yielded DataSourceSpec; SignalSpec wanted",
        ),
        ([spec("MA")], 'yielded a signal named "MA"; small letters, digits and - wanted'),
        ([spec("")], 'yielded a signal named ""; small letters, digits and - wanted'),
        ([spec("a\n")], 'yielded a signal named "a\\n"; small letters, digits and - wanted'),
        ([spec(name=5)], "yielded a signal named int; small letters, digits and - wanted"),  # type: ignore[arg-type]  # the point
        ([spec(factory=None)], "yielded signal one whose factory is not callable"),
        ([spec(config=dict)], "yielded signal one whose config is not an attrs class"),
        ([spec(config=Options())], "yielded signal one whose config is not an attrs class"),
        ([spec(summary=None)], "yielded signal one whose summary is of type NoneType; str wanted"),
        ([spec(native=1)], "yielded signal one whose native is of type int; bool wanted"),
        ([spec(api="1")], "yielded signal one whose api is of type str; int wanted"),
        ([spec(hosts="api.example.com")], HOSTS),
        ([spec(hosts=("https://api.example.com/v2",))], HOSTS),
        ([spec(hosts=(7,))], HOSTS),
        ([spec(secrets=("BROKER_KEY",))], SECRETS),
        ([spec(secrets=["env:BROKER_KEY"])], SECRETS),
    ],
)
def test_components_when_a_hook_answers_nonsense_say_what_was_wanted(answer: object, expected: str) -> None:
    def hook() -> object:
        return answer

    error = refusal(plugin(hook))

    assert f"tradewright_signals {expected}" == error.message
    assert (HERE, hook.__code__.co_firstlineno) == (error.file, error.line)


def test_components_when_a_risk_hook_yields_a_signal_names_both_specs_wanted() -> None:
    class Carrier:
        @hookimpl
        def tradewright_risk_rules(self) -> Iterator[object]:
            yield spec()

    error = refusal(Carrier())

    assert error.message.endswith("yielded SignalSpec; TargetRuleSpec or OrderCheckSpec wanted")


async def coroutine() -> list[SignalSpec]:
    return [spec()]


async def async_generator() -> Any:
    yield spec()


def generator_of_coroutines() -> Iterator[object]:
    yield coroutine()


@pytest.mark.parametrize("hook", [coroutine, async_generator, generator_of_coroutines])
def test_components_when_a_hook_is_async_say_that_nothing_awaits_it(hook: Callable[[], object]) -> None:
    """The suite turns a coroutine that was never awaited into a failure: it must have been closed."""

    def answer() -> object:
        return hook()

    assert "async hook not awaited" in refusal(plugin(answer)).message


@pytest.mark.parametrize("api", [API - 1, API + 1])
def test_components_when_written_for_another_api_are_incompatible(api: int) -> None:
    with pytest.raises(IncompatibleError) as caught:
        load(plugin(lambda: [spec(), spec("two", api=api)]))

    assert api == caught.value.api
    assert f"signal two is written for api {api}, this kernel speaks api {API}" == caught.value.message


def test_components_when_a_hook_is_misspelled_suggest_the_right_one() -> None:
    @hookimpl
    def tradewright_signal() -> Iterator[object]:
        yield spec()

    error = refusal(SimpleNamespace(tradewright_signal=tradewright_signal))

    assert "no such hook tradewright_signal; did you mean tradewright_signals?" == error.message
    assert (HERE, tradewright_signal.__code__.co_firstlineno) == (error.file, error.line)


def test_components_when_a_hook_takes_an_unknown_argument_show_pluggys_verdict_and_the_place() -> None:
    @hookimpl
    def tradewright_signals(config: object) -> Iterator[object]:
        yield spec()

    error = refusal(SimpleNamespace(tradewright_signals=tradewright_signals))

    assert error.message.startswith("PluginValidationError: ")
    assert "'config'" in error.message
    assert "\n" not in error.message
    assert (HERE, tradewright_signals.__code__.co_firstlineno) == (error.file, error.line)


def test_components_when_the_marker_is_forgotten_say_so() -> None:
    def tradewright_signals() -> Iterator[object]:
        yield spec()

    error = refusal(SimpleNamespace(tradewright_signals=tradewright_signals))

    assert "tradewright_signals lacks @tradewright.hookimpl" == error.message


# ---- the guard -------------------------------------------------------------------------------------------


class SpeechlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (ValueError("no"), "raised ValueError while importing: no"),
        (SystemExit(3), "raised SystemExit while importing: 3"),
        (SystemExit(), "raised SystemExit while importing"),
        (KeyboardInterrupt(), "raised KeyboardInterrupt while importing"),
        (GeneratorExit(), "raised GeneratorExit while importing"),
        (BaseException("deep"), "raised BaseException while importing: deep"),
        (
            ModuleNotFoundError("No module named 'torch'"),
            "raised ModuleNotFoundError while importing: No module named 'torch'",
        ),
        (ValueError("two\nlines \x1b[31mred"), r"raised ValueError while importing: two\nlines \x1b[31mred"),
        (ValueError("x" * 301), f"raised ValueError while importing: {'x' * 300}"),
        (ValueError("x" * 300), f"raised ValueError while importing: {'x' * 300}"),
        (SpeechlessError(), "raised SpeechlessError while importing"),
        (TimeoutError("its own"), "raised TimeoutError while importing: its own"),
    ],
)
def test_guard_when_the_plugin_raises_tells_type_message_and_the_plugins_own_line(
    raised: BaseException, expected: str
) -> None:
    def fail() -> None:
        raise raised

    with pytest.raises(PluginError) as caught:
        Guard(__name__, 5.0).call(fail, "while importing")

    assert expected == caught.value.message
    assert (HERE, fail.__code__.co_firstlineno + 1) == (caught.value.file, caught.value.line)
    assert raised is caught.value.__cause__


def test_guard_when_a_library_raises_names_the_plugins_line_that_called_it() -> None:
    def library() -> None:
        json.loads("{")

    with pytest.raises(PluginError) as caught:
        Guard(__name__, 5.0).call(library, "in a hook")

    assert (HERE, library.__code__.co_firstlineno + 1) == (caught.value.file, caught.value.line)


def test_guard_when_nothing_of_the_plugin_is_in_the_traceback_names_no_place() -> None:
    with pytest.raises(PluginError) as caught:
        Guard("elsewhere", 5.0).call(lambda: 1 / 0, "while importing")

    assert (None, None) == (caught.value.file, caught.value.line)


def test_guard_when_the_source_does_not_parse_names_its_line() -> None:
    with pytest.raises(PluginError) as caught:
        Guard("elsewhere", 5.0).call(lambda: compile("x = 1\nx = = 2\n", "mine.py", "exec"), "while importing")

    assert ("mine.py", 2) == (caught.value.file, caught.value.line)


def test_guard_when_the_plugin_hangs_gives_up_at_the_deadline() -> None:
    release = threading.Event()
    started = time.monotonic()

    with pytest.raises(PluginError) as caught:
        Guard(__name__, 0.2).call(lambda: release.wait(30), "while importing")
    waited = time.monotonic() - started
    release.set()

    assert "hung for 0.2 s while importing" == caught.value.message
    assert 0.2 <= waited < 5.0


def test_guard_when_a_plugin_hangs_leaves_no_thread_that_keeps_the_program_alive() -> None:
    release = threading.Event()
    with pytest.raises(PluginError):
        Guard(__name__, 0.05).call(lambda: release.wait(30), "in tradewright_signals")
    left = [thread.daemon for thread in threading.enumerate() if thread.name.endswith("in tradewright_signals")]
    release.set()

    assert [True] == left


def test_guard_when_ctrl_c_is_pressed_while_a_plugin_loads_stops_the_program() -> None:
    release = threading.Event()

    def press() -> None:
        _thread.interrupt_main()
        release.wait(30)

    with pytest.raises(KeyboardInterrupt):
        Guard(__name__, 30.0).call(press, "while importing")
    release.set()


def test_guard_when_the_plugin_prints_keeps_stdout_clean(capsys: pytest.CaptureFixture[str]) -> None:
    Guard(__name__, 5.0).call(lambda: sys.stdout.write("Thank you!\n"), "while importing")
    captured = capsys.readouterr()

    assert ("", "Thank you!\n") == (captured.out, captured.err)


def test_guard_when_all_is_well_returns_the_answer() -> None:
    assert None is Guard(__name__, 5.0).call(lambda: None, "while importing")


@pytest.mark.parametrize("hosts", [("api.example.com",), ("*.example.com:443", "localhost"), ("127.0.0.1:8545",)])
def test_components_when_hosts_and_secrets_are_declared_keep_them(hosts: tuple[str, ...]) -> None:
    declared = spec(hosts=hosts, secrets=("env:BROKER_KEY", "keyring:broker/paper"))

    assert (declared,) == load(plugin(lambda: [declared]))
