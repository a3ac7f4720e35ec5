"""Where a ledger and its replay part, in words: which number of which symbol is another one now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tradewright.ledger.brief import SAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Path = tuple[str, ...]

_NAMES = {
    "opinions": "signal",
    "missing": "no vote",
    "combined": "forecast",
    "answers": "optimizer's answer",
    "standing": "wanted before",
    "held": "weight held",
    "verdicts": "rule",
    "targets": "target",
    "orders": "order",
    "fewer": "ordered less",
    "stops": "stop",
    "refused": "refused",
    "cash": "cash",
    "state": "hash of the state",
}
"""Parts of a decision, in the order in which one follows from another, and what they are called."""
_BEFORE, _ANOTHER = "as before", "another"
_COLUMNS = {
    "opinions": ("score", "confidence"),
    "verdicts": ("before", "after", "limit"),
    "orders": ("units", "limit price", "expected bps"),
    "stops": ("price",),
    "fewer": ("why",),
}


def parting(found: str, wanted: str, symbols: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what differs, a line each, what came first in the first line.

    Args:
        found: What stands in the ledger: its kind, a space, its body.
        wanted: What the agent would write now, likewise; empty for nothing.
        symbols: What each strategy trades, in the order of its forecasts.
    """
    kind, _, text = found.partition(" ")
    other, _, now = wanted.partition(" ")
    if not wanted:
        gone = "a row, a quote or a word of the venue that led to it is missing, or not what it was"
        return [f"{_title(kind, json.loads(text))} stands there, and now nothing is said: {gone}"]
    if other in {"timeout", "breach"} and kind != other:
        return [*_lost_now(json.loads(now))]
    if kind != other:
        return [f"{_title(kind, json.loads(text))} there, {_title(other, json.loads(now))} now"]
    if text == now:
        return [f"{_title(kind, json.loads(text))} is of another instant now"]
    bodies = [json.loads(one) for one in (text, now)]
    ours, theirs = (dict(_leaves(_marked(body, other), symbols)) for body, other in (bodies, bodies[::-1]))
    differ = [path for path in {**ours, **theirs} if ours.get(path) != theirs.get(path)]
    ranks = {name: rank for rank, name in enumerate(_NAMES)}
    differ.sort(key=lambda path: ranks.get(path[0], len(ranks)))
    return [f"{_words(path)}: {ours.get(path, 'none')} there, {theirs.get(path, 'none')} now" for path in differ]


def _marked(body: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return a decision whose parts that it leaves out say so, and that tells no more of them than the other one."""
    left, told = body.get(SAME, ()), other.get(SAME, ())
    one_sided = {*left} ^ {*told}
    kept = {name: part for name, part in body.items() if name != SAME and name not in one_sided}
    return {**kept, **{name: _BEFORE if name in left else _ANOTHER for name in one_sided}}


def _lost_now(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield the votes, or the answer, that are lost now."""
    for strategy, signals in body.get("votes", {}).items():
        yield from (
            f"the vote of {one} for {strategy} is lost now, and was not: {why}" for one, why in signals.items()
        )
    if "reason" in body:
        yield f"the optimizer's answer for {body['strategy']} is replaced now, and was not: {body['reason']}"


def _title(kind: str, body: Mapping[str, Any]) -> str:
    about = " ".join(str(body[name]) for name in ("quantity", "symbol", "closed_at", "session") if body.get(name))
    return f"{kind} {about}".strip()


def _words(path: Path) -> str:
    """Return a path as `target of SPX for trend`, or `signal ma score of SPX for trend`."""
    name, rest = _NAMES.get(path[0], path[0]), path[1:]
    match rest:
        case (strategy, symbol):
            return f"{name} of {symbol} for {strategy}"
        case (strategy, symbol, *more):
            return f"{name} {' '.join(more)} of {symbol} for {strategy}"
    return " ".join((name, *rest))


def _leaves(body: Mapping[str, Any], symbols: Mapping[str, Sequence[str]]) -> Iterator[tuple[Path, str]]:
    """Yield every number of a body with its path: name, strategy, symbol, and what else tells it apart."""
    for name, value in body.items():
        columns = _COLUMNS.get(name, ())
        if isinstance(value, str):
            yield (name,), value
        elif name == "opinions":
            for strategy, signals in value.items():
                for signal, said in signals.items():
                    for column, pair in enumerate(said):
                        symbol = _symbol(symbols, strategy, column)
                        yield from (
                            ((name, strategy, symbol, signal, part), one)
                            for part, one in zip(columns, pair, strict=True)
                        )
        elif name == "combined":
            for strategy, said in value.items():
                yield from (
                    ((name, strategy, _symbol(symbols, strategy, column)), one) for column, one in enumerate(said)
                )
        elif name in _COLUMNS:
            for strategy, symbol, *told in value:
                by = [told.pop(0)] if name == "verdicts" else []
                yield from (
                    ((name, strategy, symbol, *by, part), _spelled(one))
                    for part, one in zip(columns, told, strict=False)
                )
        else:
            yield from _plain((name,), value)


def _plain(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _plain((*path, key), one)
    else:
        yield path, _spelled(value)


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else "none" if value is None else json.dumps(value)


def _symbol(symbols: Mapping[str, Sequence[str]], strategy: str, column: int) -> str:
    own = symbols.get(strategy, ())
    return own[column] if column < len(own) else f"column {column}"
