"""Small mistakes that a program could contain: every one of a file, and some of them drawn by a seed.

What cannot change what happens is left out: docstrings, annotations, decorators, the words of
errors, `__repr__`, whether zip is strict.
"""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any, NamedTuple

_PAIRS: tuple[tuple[type[ast.AST], type[ast.AST]], ...] = (
    *((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn)),
    *((ast.And, ast.Or), (ast.Add, ast.Sub), (ast.Mult, ast.Div)),
)
_SWAPS: Mapping[type[ast.AST], Any] = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_NOTHING = {"bool": "False", "str": "''", "float": "0.0", "int": "0", "list": "[]", "tuple": "()", "dict": "{}"}
"""What a function returns that does nothing, by the first word of what it says that it returns; else None."""
_ENUMS = frozenset({"ActivityKind", "Demand", "Level", "Outcome", "Purpose", "Reason", "Status", "Use", "Word"})


class Mutant(NamedTuple):
    """One mistake.

    Attributes:
        name: Its file and function, its line's text, and what stands there before and after; not its line's number.
        file: Where.
        line: In it.
        source: Of the whole file with the mistake.
    """

    name: str
    file: str
    line: int
    source: str


class Scope(NamedTuple):
    """Where a node lies.

    Attributes:
        place: Names of the classes and functions around it.
        nothing: What the function returns that does nothing.
        members: Those of each enumeration that the file names, in order.
    """

    place: tuple[str, ...]
    nothing: str
    members: Mapping[str, list[str]]


def draw(sources: Mapping[str, str], count: int, seed: int, only: str = "") -> list[Mutant]:
    """Return so many mistakes of some files: what changes elsewhere in a file hardly changes which.

    Args:
        sources: Text of each file, by name.
        count: How many.
        seed: Which ones.
        only: Text that a mistake's name has to contain.
    """
    every = (mutant for file, source in sources.items() for mutant in mutants(file, source))
    found = [mutant for mutant in every if only in mutant.name]
    return sorted(found, key=lambda one: hashlib.sha256(f"{seed} {one.name}".encode()).digest())[:count]


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Yield every mistake that one file could contain."""
    tree, seen, raw, texts = ast.parse(source), Counter[str](), source.encode(), source.splitlines()
    starts = [0, *accumulate(len(line) for line in raw.splitlines(keepends=True))]
    for scope, node in _walk(tree, Scope((), "None", _members(tree))):
        begin, end = starts[node.lineno - 1] + node.col_offset, starts[_end(node)[0] - 1] + _end(node)[1]
        before = " ".join(raw[begin:end].decode().split())
        for after in _changes(node, scope):
            name = (
                f"{file} {'.'.join(scope.place) or 'module'} | {texts[node.lineno - 1].strip()} | {before} -> {after}"
            )
            seen[name] += 1
            name += f" ({seen[name]})" if seen[name] > 1 else ""
            yield Mutant(name, file, node.lineno, (raw[:begin] + after.encode() + raw[end:]).decode())


def _end(node: ast.stmt | ast.expr) -> tuple[int, int]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.end_lineno, node.end_col_offset


def _members(tree: ast.AST) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=enum), attr=member) if enum in _ENUMS and member.isupper():
                found.setdefault(enum, set()).add(member)
    return {enum: sorted(members) for enum, members in found.items()}


def _walk(node: ast.AST, scope: Scope) -> Iterator[tuple[Scope, ast.stmt | ast.expr]]:
    """Yield the statements and expressions that do something."""
    for child in _parts(node):
        inner = scope
        if isinstance(child, ast.FunctionDef):
            returns = "" if child.returns is None else ast.unparse(child.returns)
            inner = scope._replace(
                place=(*scope.place, child.name), nothing=_NOTHING.get(returns.partition("[")[0], "None")
            )
        elif isinstance(child, ast.ClassDef):
            inner = scope._replace(place=(*scope.place, child.name))
        elif isinstance(child, ast.stmt | ast.expr):
            yield scope, child
        yield from _walk(child, inner)


def _parts(node: ast.AST) -> Iterable[ast.AST]:
    """Return what of a node can contain a mistake."""
    match node:
        case ast.FunctionDef(name="__repr__") | ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.keyword(arg="strict"):
            return []
        case ast.Raise() | ast.Assert() | ast.JoinedStr() | ast.arg() | ast.AnnAssign(value=None):
            return []
        case ast.FunctionDef(args=args, body=body):
            return [args, *body]
        case ast.ClassDef(body=body):
            return body
        case ast.AnnAssign(value=ast.expr() as value):
            return [value]
        case _:
            return ast.iter_child_nodes(node)


def _changes(node: ast.stmt | ast.expr, scope: Scope) -> Iterator[str]:
    """Yield what a mistake would write in place of a node."""
    match node:
        case ast.Compare(left=left, ops=ops, comparators=right):
            for at, op in enumerate(ops):
                yield f"({ast.unparse(ast.Compare(left, [*ops[:at], _SWAPS[type(op)](), *ops[at + 1 :]], right))})"
        case ast.BoolOp(op=op, values=values):
            yield f"({ast.unparse(ast.BoolOp(_SWAPS[type(op)](), values))})"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SWAPS:
            yield f"({ast.unparse(ast.BinOp(left, _SWAPS[type(op)](), right))})"
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield f"({ast.unparse(operand)})"
        case ast.Constant(value=bool() as value):
            yield str(not value)
        case ast.Constant(value=int() | float() as value):
            yield from (repr(value + 1), f"({value - 1!r})")
        case ast.Attribute(value=ast.Name(id=enum), attr=member) if len(scope.members.get(enum, ())) > 1:
            members = scope.members[enum]
            if member in members:
                yield f"{enum}.{members[(members.index(member) + 1) % len(members)]}"
        case ast.Return(value=ast.expr() as value):
            if ast.unparse(value) != scope.nothing:
                yield f"return {scope.nothing}"
        case ast.AugAssign() | ast.Expr(value=ast.Call()) | ast.Delete():
            yield "pass"
