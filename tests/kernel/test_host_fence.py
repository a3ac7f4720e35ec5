"""The fence around plugins."""

from __future__ import annotations

import contextlib

import attrs
import numpy as np
import pytest
from tradewright.errors import PluginError
from tradewright.host.components import Signal, SignalSpec
from tradewright.host.fence import TEXT_MAX, expect, fence, make_component
from tradewright.values.arrays import read_only


class Component:
    """Stands for a plugin's object: its package is this test module."""

    def fail(self, error: BaseException) -> None:
        raise error


@attrs.frozen
class Options:
    size: int = attrs.field(default=1, validator=attrs.validators.gt(0))


def caught(error: BaseException) -> PluginError:
    component = Component()
    with pytest.raises(PluginError) as found, fence("x.compute", component):
        component.fail(error)
    return found.value


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ZeroDivisionError("division by zero"), "raised ZeroDivisionError: division by zero"),
        (SystemExit(3), "raised SystemExit: 3"),
        (GeneratorExit(), "raised GeneratorExit"),
        (StopIteration(), "raised StopIteration"),
        (MemoryError(), "raised MemoryError"),
        (PluginError("no model file", key="x"), "raised PluginError: x: no model file"),
        (ValueError("\x1b[31mred\nline"), r"raised ValueError: \x1b[31mred\nline"),
        (ValueError("a" * 10_000), "raised ValueError: " + "a" * TEXT_MAX),
    ],
)
def test_fence_when_anything_is_raised_names_it(error, message):
    assert message == caught(error).message


@pytest.mark.parametrize("mute", [RuntimeError, SystemExit, GeneratorExit])
def test_fence_when_the_error_cannot_say_its_text_names_its_type(mute: type[BaseException]):
    class MuteError(Exception):
        def __str__(self) -> str:
            raise mute

    assert "raised MuteError" == caught(MuteError()).message


def test_fence_when_raised_keeps_the_cause_and_the_plugins_line():
    error = ValueError("odd")

    found = caught(error)

    assert error is found.__cause__
    assert (__file__, Component.fail.__code__.co_firstlineno + 1) == (found.file, found.line)
    assert str(found).startswith(f"{__file__}:{found.line}: x.compute: raised ValueError")


def test_fence_when_raised_inside_generated_code_names_the_line_that_called_it():
    component = Component()

    with pytest.raises(PluginError) as found, fence("x.compute", component):
        Options(size=0)

    assert __file__ == found.value.file


def test_fence_when_another_package_raises_names_no_line():
    with pytest.raises(PluginError) as found, fence("x.compute", object()):
        read_only("text")

    assert (None, None) == (found.value.file, found.value.line)


def test_fence_when_a_person_presses_ctrl_c_lets_it_through():
    with pytest.raises(KeyboardInterrupt), fence("x.compute", object()):
        raise KeyboardInterrupt


def test_fence_when_the_input_is_written_to_says_so():
    array = read_only([1.0])

    with pytest.raises(PluginError, match="wrote to its input, which") as found, fence("x.compute", object()):
        array[0] = 2.0

    assert "copy the array before changing it" == found.value.fix


def test_expect_when_the_type_is_right_returns_the_object():
    array = np.zeros(1)

    assert array is expect("x.compute", array, np.ndarray)


async def _late() -> int:
    return 1


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "returned NoneType; dict wanted"),
        ("up", "returned str; dict wanted"),
        ([1], "returned list; dict wanted"),
        ((i for i in range(1)), "returned generator; dict wanted"),
    ],
)
def test_expect_when_the_type_is_wrong_names_both(result, message):
    with pytest.raises(PluginError) as found:
        expect("x.compute", result, dict)

    assert message == found.value.message


def test_expect_when_a_coroutine_is_returned_closes_it_and_says_async():
    coroutine = _late()

    with pytest.raises(PluginError, match="coroutine that nothing awaits; dict wanted") as found:
        expect("x.compute", coroutine, dict)

    assert "write `def` instead of `async def`" == found.value.fix
    assert coroutine.cr_frame is None


class Lost:
    """A signal that cannot even say how far it looks back."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    @property
    def warmup_bars(self) -> int:
        raise self.error

    def compute(self, view: object) -> object:
        return view


@pytest.mark.parametrize("error", [RuntimeError("lost"), SystemExit(3), PluginError("lost")])
def test_component_whose_property_raises_is_the_plugins_error_or_found_out_later(error: BaseException) -> None:
    """Python 3.11 runs the property to see whether it is there; later ones look without running it."""
    made = Lost(error)
    spec = SignalSpec(name="x", factory=lambda _: made, config=Options)
    with contextlib.suppress(PluginError):
        assert made is make_component(spec, Options(), Signal)


def test_component_that_is_something_else_is_refused_in_its_own_words() -> None:
    spec = SignalSpec(name="x", factory=lambda _: 3, config=Options)

    with pytest.raises(PluginError, match=r"x\.factory: returned int; Signal wanted"):
        make_component(spec, Options(), Signal)
