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

_NUMBERS = "biuf"  # numpy's kinds: a bool counts as 0 or 1, a complex number would lose half of itself.


def read_only(values: ArrayLike, dtype: str | np.dtype[Any] = "float64") -> NDArray[Any]:
    """Return `values` as an array of `dtype` that refuses writes.

    It is a copy, unless nobody can write to `values` as they are: a history is cut and handed on many times a run,
    and copying 1,000,000 bars takes 12 ms each time.

    >>> first = read_only([1, 2])
    >>> first.flags.writeable, read_only(first) is first
    (False, True)
    """
    if type(values) is np.ndarray and values.dtype == dtype and _frozen(values):
        return values
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


def _frozen(array: Any) -> bool:
    """Say whether neither the array nor what it is a view of takes writes; memory of something else may change."""
    while type(array) is np.ndarray and not array.flags.writeable:
        array = array.base
    return array is None


def array_field(
    dtype: str = "float64", *, wanted: str | None = None, optional: bool = False, validator: Any = None
) -> Any:
    """Return an attrs field that copies to `dtype`, freezes, and compares by content (NaN equal to NaN).

    Args:
        dtype: What the array is converted to.
        wanted: What to ask for instead of values that are no numbers; None takes whatever numpy can convert, such
            as text and objects.
        optional: Whether None is taken as well, and is the default.
        validator: Called by attrs with the converted array.
    """
    held = np.dtype(dtype)  # numpy reads a name anew each time, which takes longer than all the rest.

    def convert(values: ArrayLike) -> NDArray[Any]:
        if wanted is not None and (found := np.asarray(values).dtype).kind not in _NUMBERS:
            raise ValueError(f"{wanted}, was of dtype {found}")
        return read_only(values, held)

    comparison = attrs.cmp_using(eq=_same)
    if optional:
        return attrs.field(default=None, converter=attrs.converters.optional(convert), eq=comparison)
    return attrs.field(converter=convert, eq=comparison, validator=validator)


def _same(left: NDArray[Any] | None, right: NDArray[Any] | None) -> bool:
    if left is None or right is None:
        return left is right
    return np.array_equal(left, right, equal_nan=left.dtype.kind in "fM")
