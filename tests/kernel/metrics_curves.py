"""Curves that the measures are compared on: random ones of several shapes, and real prices."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Callable
from pathlib import Path

import arch
import numpy as np

Curve = np.ndarray[tuple[int], np.dtype[np.float64]]


def curve(*daily: float) -> Curve:
    """Return the values that these returns lead to, 1 at first."""
    return np.cumprod(np.append(1.0, 1.0 + np.array(daily)))


def random(n: int, seed: int = 7, **shape: float) -> Curve:
    """Return a curve of n independent returns; `tail` is the degrees of freedom of Student's distribution."""
    draw = np.random.default_rng(seed)
    noise = draw.standard_t(shape.get("tail", math.inf), n) if "tail" in shape else draw.normal(size=n)
    return curve(*(shape.get("mean", 0.0005) + shape.get("deviation", 0.01) * noise))


def real(index: str) -> Curve:
    """Return the closes of `sp500` or `nasdaq`, 1999 to 2018, which arch ships."""
    with gzip.open(Path(arch.__file__).parent / "data" / index / f"{index}.csv.gz", "rt", encoding="utf-8") as file:
        closes = np.array([float(row["Adj Close"]) for row in csv.DictReader(file)])
    return closes / closes[0]


CURVES: dict[str, Callable[[], Curve]] = {
    "year": lambda: random(252),
    "calm": lambda: random(2_000, 1, deviation=0.002),
    "rough": lambda: random(5_000, 2, tail=3.0),
    "smooth": lambda: curve(*np.convolve(np.diff(random(3_000)), np.full(5, 0.2), "valid")),
    "falling": lambda: random(1_000, 3, mean=-0.001),
    "S&P 500": lambda: real("sp500"),
    "Nasdaq": lambda: real("nasdaq"),
}
