"""Returns of calendar months and years."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray, TimeArray

MONTHS_PER_YEAR = 12


class YearRow(NamedTuple):
    """One calendar year.

    Attributes:
        year: Such as 2008.
        total: Return of the sessions of the year that are there.
        months: Return of each month, January first; None for a month without a session.
    """

    year: int
    total: float
    months: tuple[float | None, ...]


def yearly_returns(values: FloatArray, on: TimeArray) -> tuple[TimeArray, FloatArray]:
    """Return the years and the return of each, `v_last / v_before - 1`; the first and last may be parts of a year.

    Args:
        values: `(n + 1,)`.
        on: Session of each close `v_1 .. v_n`, `(n,)`, days in rising order.

    >>> on = np.array(["2020-12-31", "2021-01-04", "2021-12-31"], "datetime64[D]")
    >>> years, earned = yearly_returns(np.array([1.0, 1.5, 3.0, 6.0]), on)
    >>> years.astype(str).tolist(), earned.tolist()
    (['2020', '2021'], [0.5, 3.0])
    """
    return _returns(values, on, "Y")


def monthly_returns(values: FloatArray, on: TimeArray) -> tuple[TimeArray, FloatArray]:
    """Return the months and the return of each, as `yearly_returns` does.

    >>> on = np.array(["2020-12-30", "2020-12-31", "2021-02-01"], "datetime64[D]")
    >>> months, earned = monthly_returns(np.array([1.0, 1.25, 1.5, 3.0]), on)
    >>> months.astype(str).tolist(), earned.tolist()
    (['2020-12', '2021-02'], [0.5, 1.0])
    """
    return _returns(values, on, "M")


def calendar(values: FloatArray, on: TimeArray) -> tuple[YearRow, ...]:
    """Return a row per year, with its months.

    Args:
        values: `(n + 1,)`.
        on: Session of each close `v_1 .. v_n`, `(n,)`, days in rising order.

    >>> on = np.array(["2020-12-31", "2021-02-01"], "datetime64[D]")
    >>> first, second = calendar(np.array([1.0, 1.5, 3.0]), on)
    >>> first.year, first.total, first.months[-1], second.months[:2]
    (2020, 0.5, 0.5, (None, 1.0))
    """
    years, totals = yearly_returns(values, on)
    months, earned = monthly_returns(values, on)
    by_month = dict(zip(months.astype(np.int64).tolist(), earned.tolist(), strict=True))
    first = years.astype("datetime64[M]").astype(np.int64).tolist()
    return tuple(
        YearRow(int(str(year)), float(total), tuple(by_month.get(start + i) for i in range(MONTHS_PER_YEAR)))
        for year, total, start in zip(years, totals, first, strict=True)
    )


def _returns(values: FloatArray, on: TimeArray, unit: str) -> tuple[TimeArray, FloatArray]:
    period = on.astype(f"datetime64[{unit}]")
    last = np.flatnonzero(np.append(period[1:] != period[:-1], True)) if len(on) else np.zeros(0, np.int64)
    ends = values[1:][last]
    before = np.append(values[0], ends[:-1]) if len(last) else ends
    # A curve that has lost everything stands still from then on.
    change = np.divide(ends - before, before, out=np.zeros(len(ends)), where=before > 0.0)
    return period[last], change
