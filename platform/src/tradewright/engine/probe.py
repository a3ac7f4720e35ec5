"""Compile each rule on its own, before it is fused: does it compile, and does it keep to what it may touch?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
from numba import types

from tradewright.engine.jit import COMPILING, compiled_rule
from tradewright.errors import PluginError
from tradewright.host.fence import fence
from tradewright.risk.contract import ANSWERS, AssetView, BookView, OrderView, Proposal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradewright.risk.contract import OrderCheck, TargetRule

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_type: Any = numba.typeof


class Arrays(NamedTuple):
    """The types of the arrays that a two-sided rule is handed."""

    weights: Any
    feature: Any
    matrix: Any


_READ_ONLY = Arrays(
    weights=types.Array(types.float64, 1, "A", readonly=True),
    feature=types.Array(types.float64, 1, "A", readonly=True),
    matrix=types.Array(types.float64, 2, "C", readonly=True),
)
_IN_LOOP = Arrays(
    weights=types.Array(types.float64, 1, "A", aligned=False),
    feature=types.Array(types.float64, 1, "C"),
    matrix=types.Array(types.float64, 2, "C"),
)
_MEMORY = types.Array(types.float64, 1, "C")
_PROPOSAL = _type(Proposal(0.0, 0.0, 0))
_ASSET = _type(AssetView(1.0, 0.0, 0.0, 0.0))
_BOOK = _type(BookView(1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0))
_ORDER = _type(OrderView(1.0, 0.0, 1.0, 1.0, 1.0, 0, 1.0, 1.0, 0.0, 0.0))
_BEFORE = {
    "asset": (_PROPOSAL, _ASSET, _BOOK),
    "book": (_BOOK,),
    "check": (_ORDER,),
}


def probe(rules: Sequence[tuple[str, TargetRule | OrderCheck]]) -> dict[str, str]:
    """Return the rules that numba cannot compile, with the first line of its reason.

    Raises:
        PluginError: A rule writes to a read-only array, or answers with another type than its phase wants.
    """
    reasons: dict[str, str] = {}
    if not COMPILING:
        return reasons
    for name, rule in rules:
        function: Any = compiled_rule(rule.function)
        try:
            with fence(name, rule.function):
                function.compile(signature(rule))
                if rule.phase == "sides":
                    # Compiled within the loop, which has no runtime, it could not allocate.
                    function.compile(signature(rule, _IN_LOOP))
        except PluginError as error:
            cause = str(error.__cause__)
            if "readonly" in cause:
                raise PluginError(
                    "a rule may only return its verdict, but this one writes to its arguments",
                    key=name,
                    fix="return the changed values; keep what must be remembered in `memory`",
                ) from error
            reasons[name] = reason_of(cause)
            continue
        check_answer(name, rule, function.nopython_signatures[0].return_type)
    return reasons


def reason_of(message: str) -> str:
    r"""Return the telling line of numba's message: the one after the last mention of its pipeline, without colours.

    >>> reason_of("Failed in nopython mode pipeline (step: x)\n\nUntyped global name 'f'\n\nFile ...")
    "Untyped global name 'f'"
    """
    lines = [line.strip() for line in _COLOUR.sub("", message).splitlines() if line.strip()]
    after = [i + 1 for i, line in enumerate(lines) if line.startswith("Failed in ")]
    return lines[min(after[-1], len(lines) - 1) if after else 0]


def signature(rule: TargetRule | OrderCheck, arrays: Arrays = _READ_ONLY) -> tuple[Any, ...]:
    """Return the types that a rule is called with: its own memory aside, arrays that it cannot write to.

    Args:
        rule: The rule.
        arrays: Of what is handed to two-sided rules; `_IN_LOOP` are those of the loop, which can be written to.
    """
    before = {**_BEFORE, "sides": (arrays.weights, arrays.weights, _BOOK)}
    feature = arrays.feature if rule.phase == "sides" else types.float64
    memory = (_MEMORY,) if rule.memory else ()
    features, matrices = (feature,) * len(rule.features), (arrays.matrix,) * len(rule.matrices)
    return (*before[rule.phase], _type(rule.parameters), *features, *matrices, *memory)


def check_answer(name: str, rule: TargetRule | OrderCheck, answer: Any) -> None:
    """Refuse a rule whose compiled return type is not the one of its phase."""
    if rule.phase == "check":
        if answer != types.float64:
            raise PluginError(f"check must return the units allowed, a float, was {answer}", key=name)
        return
    wanted = ANSWERS[rule.phase]
    if getattr(answer, "instance_class", None) is not wanted:
        raise PluginError(
            f"{rule.phase} rule must return {wanted.__name__}, was {answer}",
            key=name,
            fix=f"return tradewright.risk.contract.{wanted.__name__}(...) on every path",
        )
