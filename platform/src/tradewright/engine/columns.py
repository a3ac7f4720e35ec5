"""A state as text and back, column by column: what a kernel has written, a later one with more columns can read.

Numbers stand in the order of the table, a run of equal ones as `0*12`.  A column that stands everywhere as it does
before the first bar is not told.  So a column that is newer than the text is read like one that was not told: it has
its default.
"""

from __future__ import annotations

import hashlib
from itertools import groupby, islice, repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from tradewright.engine import state as states
from tradewright.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from tradewright.engine.state import State

LAYOUT = 2
"""Number of the columns as they are now.  Whoever adds one raises it, and says below since when it is there."""
SINCE = {"positions.blocked": 2}
"""The layout in which a column came; one that is not named was there from the first."""
LAYOUTS = range(1, LAYOUT + 1)
"""Those that can be read."""

_NAN = int(np.array(np.nan).view("i8"))


def tell(state: State) -> dict[str, str]:
    """Return the columns that differ from their defaults: numbers in the shortest form that reads back, by name.

    >>> state = states.initial(np.array([50_000.0]), 2, 0, 0, 0, 0)
    >>> state.positions.quantity[0] = 3.0, -0.5
    >>> tell(state)["positions.quantity"], "positions.order" in tell(state)
    ('3 -0.5', False)
    """
    defaults = dict(_columns(_blank(state)))
    return {name: _text(one) for name, one in _columns(state) if one.tobytes() != defaults[name].tobytes()}


def read(told: Mapping[str, str], like: State) -> State:
    """Return the state that was told.

    Args:
        told: By name of the column.
        like: A state of the same shapes; its numbers do not matter.

    Raises:
        LedgerError: It has a column that this version does not know, or other shapes.
    """
    state = _blank(like)
    columns = dict(_columns(state))
    for name, text in told.items():
        if name not in columns:
            raise LedgerError(f"the state must have columns that this version knows, was {name[:40]!r}", key="state")
        column = columns[name]
        try:
            numbers = _numbers([*islice(_words(text), column.size + 1)], column.dtype)
        except (OverflowError, ValueError) as error:
            raise LedgerError(f"{name} must be numbers: {error}", key="state") from error
        if len(numbers) != column.size:
            found = len(numbers) if len(numbers) < column.size else "more"
            wrong = f"{name} must have {column.size} numbers with these strategies, symbols and rules"
            raise LedgerError(f"{wrong}, had {found}", key="state")
        column[...] = numbers.reshape(column.shape)
    return state


def fingerprint(state: State, layout: int = LAYOUT) -> str:
    """Return the hash of the columns that a layout has, its number before it: `2:9f86d08188...`."""
    digest = hashlib.sha256()
    for name, column in _columns(state):
        if SINCE.get(name, 1) <= layout:
            digest.update(name.encode() + b"\0" + column.tobytes())
    return f"{layout}:{digest.hexdigest()}"


def _columns(state: State) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield every column as an array on the state's own memory, by its name."""
    for name, table in zip(state._fields, state, strict=True):
        if table.dtype.names is None:
            yield name, table
        else:
            plain = table.view(np.ndarray)
            yield from ((f"{name}.{column}", plain[column]) for column in table.dtype.names)


def _blank(like: State) -> State:
    """Return the state before the first bar without any money, of the same shapes."""
    n_books, n_assets = like.positions.shape
    memory = like.asset_memory.shape[-1], like.book_memory.shape[-1]
    return states.initial(np.zeros(n_books), n_assets, like.halts.shape[1], len(like.counters), *memory)


def _text(column: NDArray[Any]) -> str:
    flat = np.ascontiguousarray(column).ravel()
    words = (
        map(str, flat.tolist()) if flat.dtype.kind == "i" else map(_number, flat.tolist(), flat.view("i8").tolist())
    )
    runs = ((word, len([*run])) for word, run in groupby(words))
    return " ".join(f"{word}*{n}" if n > 1 else word for word, n in runs)


def _words(text: str) -> Iterator[str]:
    for run in text.split(" "):
        word, _, times = run.partition("*")
        yield from repeat(word, int(times or 1))


def _number(value: float, bits: int) -> str:
    """Write a number, and what is none by its bits unless they are the usual ones: they are part of the state."""
    if value != value:  # noqa: PLR0124  # the quickest question whether it is none
        return "nan" if bits == _NAN else f"nan:{bits}"
    return repr(value).removesuffix(".0")


def _numbers(words: list[str], dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind == "i":
        return np.array([int(word) for word in words], dtype)
    bits = {at: int(word[4:]) for at, word in enumerate(words) if word.startswith("nan:")}
    numbers = np.array([np.nan if at in bits else float(word) for at, word in enumerate(words)], dtype)
    for at, one in bits.items():
        numbers.view("i8")[at] = one
    return numbers
