"""The text of the module that fuses one set of rules into the loop: the engine's own source, asking other rules."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from tradewright.engine import bar, loop
from tradewright.engine.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tradewright.risk.contract import OrderCheck, TargetRule

PHASES = ("book", "asset", "sides")

_IMPORT_RULES = "from tradewright.engine.rules import ask_asset, ask_books, ask_checks, ask_sides\n"
_RULES = """\
from tradewright.engine.decide import apply_sides, judge, record_halt
from tradewright.engine.jit import cached, compiled_rule
from tradewright.engine.matcher import order_view, permit
from tradewright.engine.plain import guarded
from tradewright.values.arrays import read_only
{imports}

INTERPRETED = {interpreted!r}
{wrapped}


@compiled
def ask_books(state, tape, settings, parameters, log, bar):
    for row in range(len(state.rows)):
        view = book_view(state, settings, row)
{book}


@compiled
def ask_asset(proposal, asset, view, state, tape, parameters, log, bar, book, column, counting):
{asset}
    return proposal


@compiled
def ask_checks(order, state, tape, settings, parameters, log, bar, book, asset):
    size = abs(order.quantity)
{checks}
    return size


@compiled
def ask_sides(view, state, tape, parameters, work, log, bar, book, counting):
{sides}

"""
_FEATURE = {
    "book": "tape.features[{k}, bar, 0]",
    "asset": "tape.features[{k}, bar, column]",
    "sides": "tape.features[{k}, bar]",
}
_MATRIX = "tape.matrices[tape.matrix_at[{k}, bar]]"
_MEMORY = {
    "book": "state.book_memory[row, {start}:{stop}]",
    "asset": "state.asset_memory[book, column, {start}:{stop}]",
}
_CALL = {
    "book": "        record_halt(state, log, bar, row, {i}, rule_{i}(view, parameters[{i}]{more}))",
    "asset": "    if {asked}:\n"
    "        answer = rule_{i}(proposal, asset, view, parameters[{i}]{more})\n"
    "        proposal = judge("
    "state, log, proposal, answer, asset.held, view.equity, bar, book, column, {i}, counting)",
    "sides": "    sides = rule_{i}({target}, {held}, view, parameters[{i}]{more})\n"
    "    apply_sides(state, work, log, sides, {i}, bar, book, counting)",
}
# Most of a universe is neither wanted nor held; a rule that remembers nothing cannot tell whether it is asked.
_SOMETHING_TO_LOWER = "proposal.target != 0.0 or asset.held != 0.0"
_CHECK = """\
    allowed = rule_{i}(order, parameters[{i}]{more})
    size = permit(state, tape, settings, log, order, size, allowed, {i}, bar, book, asset)"""


def source_of(
    rules: Sequence[tuple[str, TargetRule]], checks: Sequence[tuple[str, OrderCheck]], *, interpreted: dict[str, str]
) -> str:
    """Return the module's text.

    Args:
        rules: Names and rules in the order of their numbers: book, asset, two-sided.
        checks: Names and order checks; their numbers follow.
        interpreted: Rules that do not compile, with the reason; when there are any, nothing that touches a
            rule is compiled, while every transition still is.
    """
    parts: list[tuple[str, TargetRule | OrderCheck]] = [*rules, *checks]
    functions = [part.function for _, part in parts]
    wrapper = "guarded({name!r}, {phase!r}, _{i})" if interpreted else "compiled_rule(_{i})"
    calls = {phase: "\n".join(_calls(phase, rules, python=bool(interpreted))) for phase in PHASES}
    text = _RULES.format(
        imports="\n".join(f"from {f.__module__} import {f.__name__} as _{i}" for i, f in enumerate(functions)),
        interpreted=interpreted,
        wrapped="\n".join(
            f"rule_{i} = {wrapper.format(i=i, name=name, phase=part.phase)}" for i, (name, part) in enumerate(parts)
        ),
        book=calls["book"] or "        pass",
        asset=calls["asset"],
        checks="\n".join(_check_calls(rules, checks)),
        sides=calls["sides"] or "    pass",
    )
    head, found, body = inspect.getsource(bar).partition(_IMPORT_RULES)
    imports, marker, parts_of_bar = body.partition("VERIFY_SLACK =")
    _, first, entries = inspect.getsource(loop).partition("@compiled\n")
    if not (found and marker and first):
        raise AssertionError("engine/bar.py or loop.py no longer has the lines that the fused modules replace")
    source = head + imports + text + marker + parts_of_bar + "\n\n" + first + entries
    return plain(source) if interpreted else source


def _calls(phase: str, rules: Sequence[tuple[str, TargetRule]], *, python: bool) -> Iterator[str]:
    """Yield the lines that ask each rule of a phase, with its features and its slice of the memory."""
    array = "read_only(work.{})" if python else "work.{}"
    arrays = {name: array.format(name) for name in ("target", "held")}
    feature = matrix = memory = 0
    for i, (_, rule) in enumerate(rules):
        more = [_FEATURE[rule.phase].format(k=feature + j) for j in range(len(rule.features))]
        more += [_MATRIX.format(k=matrix + j) for j in range(len(rule.matrices))]
        feature, matrix = feature + len(rule.features), matrix + len(rule.matrices)
        if rule.phase != phase:
            continue
        if rule.memory:
            more.append(_MEMORY[phase].format(start=memory, stop=memory + rule.memory))
            memory += rule.memory
        asked = "True" if rule.memory else _SOMETHING_TO_LOWER
        yield _CALL[phase].format(i=i, asked=asked, more="".join(f", {m}" for m in more), **arrays)


def _check_calls(rules: Sequence[tuple[str, TargetRule]], checks: Sequence[tuple[str, OrderCheck]]) -> Iterator[str]:
    """Yield the lines that ask each check; an order is released on what was known at the bar before."""
    feature = sum(len(rule.features) for _, rule in rules)
    for i, (_, check) in enumerate(checks, start=len(rules)):
        more = [f", tape.features[{feature + j}, bar - 1, asset]" for j in range(len(check.features))]
        feature += len(check.features)
        yield _CHECK.format(i=i, more="".join(more))
