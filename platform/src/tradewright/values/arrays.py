"""Read-only float64 arrays: how every value type holds its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]
    IntArray = NDArray[np.int64]
    TimeArray = NDArray[np.datetime64]


def read_only(values: ArrayLike, dtype: str = "float64") -> NDArray[Any]:
    """Copy `values` into a new array of `dtype` that refuses writes.

    >>> read_only([1, 2]).flags.writeable
    False
    """
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


def array_field(dtype: str = "float64", *, optional: bool = False, validator: Any = None) -> Any:
    """Return an attrs field that copies to `dtype`, freezes, and compares by content (NaN equal to NaN)."""

    def convert(values: ArrayLike) -> NDArray[Any]:
        return read_only(values, dtype)

    comparison = attrs.cmp_using(eq=_same)
    if optional:
        return attrs.field(default=None, converter=attrs.converters.optional(convert), eq=comparison)
    return attrs.field(converter=convert, eq=comparison, validator=validator)


def _same(left: NDArray[Any] | None, right: NDArray[Any] | None) -> bool:
    if left is None or right is None:
        return left is right
    return np.array_equal(left, right, equal_nan=left.dtype.kind in "fM")
