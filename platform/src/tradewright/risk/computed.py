"""Where the kernel computes the numbers that rules ask for: nothing a plugin returns gets past here unchecked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.errors import DataError, PluginError
from tradewright.host.fence import expect, fence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradewright.risk.contract import Feature, MatrixFeature
    from tradewright.values.arrays import FloatArray, IntArray
    from tradewright.values.bars import Bars


def numbers(rule: str, feature: Feature, bars: Bars) -> FloatArray:
    """Return a feature's numbers, `(n_bars, n_assets)`.

    Args:
        rule: Who asks for it, its word in plugins.toml, for errors.
        feature: Called once.
        bars: Read-only prices.

    Raises:
        DataError: The feature needs what these bars do not have.
        PluginError: It raised anything else, or returned something else.
    """
    key = f"{rule}.{feature.name}"
    with fence(key, feature.compute, letting=(DataError,)):
        returned = feature.compute(bars, feature.window)
    array = expect(key, returned, np.ndarray)
    _require(key, "float64", array, (bars.n_bars, bars.n_assets), "fiub")
    return array.astype(np.float64, copy=False)


def matrices(rule: str, feature: MatrixFeature, bars: Bars) -> tuple[Sequence[FloatArray], IntArray]:
    """Return a feature's matrices, `(n_assets, n_assets)` each, and which of them is known on each bar.

    Those of a sequence that computes each when it is asked for are checked by `write`, one by one.

    Args:
        rule: As of `numbers`.
        feature: Called once.
        bars: Read-only prices.

    Raises:
        DataError: The feature needs what these bars do not have.
        PluginError: It raised anything else, or returned something else.
    """
    key = f"{rule}.{feature.name}"
    with fence(key, feature.compute, letting=(DataError,)):
        found, at = feature.compute(bars, feature.window, feature.refresh)
        count = len(found)
    known = expect(key, at, np.ndarray)
    _require(key, "the number of a matrix", known, (bars.n_bars,), "iu")
    if known.size and not -1 <= known.min() <= known.max() < count:
        span = f"{known.min()} to {known.max()}"
        raise PluginError(f"each bar must name one of {count} matrices, or -1 for none, was {span}", key=key)
    for matrix in found if isinstance(found, list | tuple) else ():
        _require(key, "matrices of float64", matrix, (bars.n_assets, bars.n_assets), "fiub")
    return found, known


def write(rule: str, feature: MatrixFeature, found: Sequence[FloatArray], number: int, out: FloatArray) -> None:
    """Put one matrix of a feature where it is to lie; a sequence with a `write` of its own saves the copy.

    Raises:
        PluginError: The sequence raised, or holds something else.
    """
    key = f"{rule}.{feature.name}"
    own = getattr(found, "write", None)
    with fence(key, feature.compute):
        if own is not None:
            own(number, out)
            return
        matrix = found[number]
    _require(key, "matrices of float64", matrix, out.shape, "fiub")
    out[...] = matrix


def _require(key: str, what: str, array: object, shape: tuple[int, ...], kinds: str) -> None:
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype.kind not in kinds:
        was = f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise PluginError(f"must return {what} of shape {shape}, was {was}", key=key)
