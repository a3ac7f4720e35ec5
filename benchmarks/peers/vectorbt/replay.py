"""Replay fixed share orders with vectorbt: `python replay.py CASES.npz EQUITY.npz`, in vectorbt's own environment."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import vectorbt as vbt  # type: ignore[import-not-found]  # installed only in this peer's environment


def main(source: str, result: str) -> None:
    """Read `open`, `close` and `position` of each case, and write its equity and its number of fills."""
    with np.load(source) as cases:
        names = sorted({key.partition("/")[0] for key in cases})
        answers: dict[str, Any] = {}
        for name in names:
            # What is decided at one close is filled at the next open.
            wanted = np.concatenate([[0.0], cases[f"{name}/position"][:-1]])
            size = np.diff(wanted, prepend=0.0)
            portfolio = vbt.Portfolio.from_orders(
                cases[f"{name}/close"],
                size=np.where(size == 0.0, np.nan, size),
                size_type="amount",
                price=cases[f"{name}/open"],
                fees=float(cases[f"{name}/fee"]),
                init_cash=float(cases[f"{name}/capital"]),
            )
            answers[f"{name}/equity"] = np.asarray(portfolio.value(), dtype=float)
            answers[f"{name}/fills"] = np.asarray(portfolio.orders.count())
    np.savez(result, **answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
