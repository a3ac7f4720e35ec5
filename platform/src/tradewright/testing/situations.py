"""What rules are asked about: ordinary views, random books, and how two answers are compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from tradewright.risk.contract import NORMAL, AssetView, BookView, OrderView, Proposal

N_ASSETS = 4
NAN = float("nan")

PROPOSAL = Proposal(target=0.1, stop=NAN, mode=NORMAL)
ASSET = AssetView(mark=100.0, held=0.0, quantity=0.0, cost=0.0)
BOOK = BookView(equity=10_000.0, nav=1.0, peak=1.0, day_base=1.0, capital=10_000.0, smallest_fee=0.0, session=3)
ORDER = OrderView(
    quantity=10.0,
    held=0.0,
    price=100.0,
    mark=100.0,
    multiplier=1.0,
    level=0,
    free=1e6,
    unit=100.0,
    variable_fee=0.0,
    smallest_fee=0.0,
)
TARGETS = np.array([0.2, -0.1, 0.05, 0.0])
VIEWS: dict[str, tuple[Any, ...]] = {
    "asset": (PROPOSAL, ASSET, BOOK),
    "book": (BOOK,),
    "sides": (BOOK,),
    "check": (ORDER,),
}
"""Ordinary situations; a sides rule sees `TARGETS` and the weights held before its book."""


def drawn_book(random: np.random.Generator) -> dict[str, Any]:
    """Return a random book."""
    nav = float(random.lognormal(0.0, 0.1))
    return {
        "equity": 10_000.0 * nav,
        "nav": nav,
        "peak": nav * float(1.0 + random.choice([0.0, 0.05, 0.2, 2.0]) * random.random()),
        "day_base": nav * float(random.lognormal(0.0, 0.03)),
        "session": int(random.integers(0, 4)),
    }


def own(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments with arrays of their own, so that a memory written to is written once."""
    return tuple(one.copy() if isinstance(one, np.ndarray) else one for one in arguments)


def same(left: tuple[float, ...], right: tuple[float, ...]) -> bool:
    """Say whether two answers have the very same numbers, NaN included."""
    return np.array_equal(np.array(left), np.array(right), equal_nan=True)
