"""Where newly fetched prices differ from those that were kept, and how new bars are put behind old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.values.bars import Bars

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from tradewright.values.arrays import BoolArray

_FACTS = ("lot", "tick", "multiplier", "currency")
_AXES = ("session", "opened_at")
_GRIDS = ("traded", "open", "high", "low", "close", "volume", "split", "dividend")
_NONE = {"split": 1.0, "dividend": 0.0}
"""What the absence of a column of actions means; without another column nothing is known."""


@attrs.frozen(kw_only=True)
class Revision:
    """The first difference between kept and new prices of one symbol.

    Attributes:
        symbol: Whose prices.
        on: Session of the first bar that differs; None when a fact of the instrument does.
        column: What differs in it: a column of the bars, `bar` when only one side has the bar, or a fact.
        was: What was kept.
        now: What came.
        bars: How many bars differ.
        of: How many bars were compared.
    """

    symbol: str
    on: date | None
    column: str
    was: str
    now: str
    bars: int
    of: int

    def __str__(self) -> str:
        """Say it in one sentence."""
        if self.on is None:
            return f"{self.symbol}: {self.column} was {self.was}, now {self.now}"
        counted = f"{self.bars:,} of {self.of:,} compared bars differ"
        return f"{self.symbol}: {self.column} of {self.on} was {self.was}, now {self.now}; {counted}"


def compare(held: Bars, fresh: Bars) -> Revision | None:
    """Return the first difference between two tellings of one symbol's prices over one range, None for none."""
    symbol = held.symbols[0]
    old, new = held.instruments[0], fresh.instruments[0]
    for fact in _FACTS:
        was, now = getattr(old, fact), getattr(new, fact)
        if was != now:
            return Revision(symbol=symbol, on=None, column=fact, was=str(was), now=str(now), bars=0, of=0)
    at, wrong = _differences(held, fresh)
    rows = np.any(list(wrong.values()), axis=0)
    if not rows.any():
        return None
    row = int(np.argmax(rows))
    column = next(name for name, mask in wrong.items() if mask[row])
    place = np.searchsorted(held.closed_at, at[row]), np.searchsorted(fresh.closed_at, at[row])
    side = held if at[row] in held.closed_at else fresh
    return Revision(
        symbol=symbol,
        on=side.session[np.searchsorted(side.closed_at, at[row])].item(),
        column=column,
        was=_shown(held, column, int(place[0]), absent=side is fresh),
        now=_shown(fresh, column, int(place[1]), absent=at[row] not in fresh.closed_at),
        bars=int(rows.sum()),
        of=len(at),
    )


def extended(held: Bars, fresh: Bars) -> Bars:
    """Return the kept bars before the first session of the new ones, then the new ones."""
    kept = held.until(int(np.searchsorted(held.session, fresh.session[0])))
    fields = attrs.asdict(fresh, recurse=False)
    acts = kept.split is not None or fresh.split is not None
    for name in ("closed_at", *_AXES, *_GRIDS):
        if fields[name] is not None or (name in _NONE and acts):
            fields[name] = np.concatenate([_values(kept, name), _values(fresh, name)])
    return Bars(**fields)


def _differences(held: Bars, fresh: Bars) -> tuple[NDArray[Any], dict[str, BoolArray]]:
    """Return every close of either side, and by column where the two differ."""
    at = np.union1d(held.closed_at, fresh.closed_at)
    in_held, in_fresh = np.isin(at, held.closed_at), np.isin(at, fresh.closed_at)
    both = in_held & in_fresh
    wrong = {"bar": in_held ^ in_fresh}
    for name in (*_AXES, *_GRIDS):
        left = _values(held, name)[np.isin(held.closed_at, at[both])]
        right = _values(fresh, name)[np.isin(fresh.closed_at, at[both])]
        unequal = (left != right) & ~((left != left) & (right != right))  # noqa: PLR0124  # NaN alone differs from itself
        wrong[name] = np.zeros(len(at), dtype=bool)
        wrong[name][both] = unequal.reshape(len(left))
    return at, wrong


def _values(bars: Bars, name: str) -> NDArray[Any]:
    values: NDArray[Any] | None = getattr(bars, name)
    return np.full((bars.n_bars, 1), _NONE.get(name, np.nan)) if values is None else values


def _shown(bars: Bars, column: str, row: int, *, absent: bool) -> str:
    if column == "bar":
        return "absent" if absent else "there"
    value = _values(bars, column)[row]
    return f"{value.item():.10g}" if value.dtype == np.float64 else str(value.squeeze())
