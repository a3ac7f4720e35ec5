"""When and how the kernel calls an optimizer: an answer that breaks its bounds is replaced, not repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np

from tradewright.errors import PluginError
from tradewright.host.fence import ask, expect
from tradewright.optimize.simple import InverseVolatility
from tradewright.sessions import periods
from tradewright.values.allocation import Allocation
from tradewright.values.weights import Breach, TargetWeights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.host.components import Optimizer, RowOptimizer
    from tradewright.values.allocation import Problem
    from tradewright.values.arrays import BoolArray, FloatArray, TimeArray

BOUND_SLACK = 1e-9
"""Solvers end within a tolerance; what exceeds a bound by no more than this is rounding."""

FALLBACK = InverseVolatility()

BREACHES_MAX = 3
"""Answers of one optimizer that are replaced before it is no longer asked."""

Rebalance = Literal["bar", "session", "week", "month"]


@attrs.frozen
class Answer:
    """What came of one rebalance.

    Attributes:
        allocation: Within the bounds of the problem.
        breach: Why it is not the optimizer's own, or None.
        own: What the optimizer itself said, None when it gave no allocation.
    """

    allocation: Allocation
    breach: Breach | None
    own: Allocation | None


def solve(
    name: str, optimizer: Optimizer, problem: Problem, seconds: float | None = None, fallback: Optimizer = FALLBACK
) -> Answer:
    """Ask `optimizer` for weights, check them against the problem, and fall back when they do not hold.

    Args:
        name: The optimizer's word in plugins.toml.
        optimizer: Called once.
        problem: One rebalance.
        seconds: How long it may take, None for ever.
        fallback: Who answers instead; the kernel's own, and trusted.

    """
    key, own = f"{name}.solve", None
    try:
        returned = ask(key, optimizer, lambda: optimizer.solve(problem), seconds)
        own = expect(key, returned, Allocation)
        _check(key, own, problem)
    except PluginError as error:
        return Answer(fallback.solve(problem), Breach(component=name, reason=str(error)), own)
    return Answer(own, None, own)


def target_weights(
    name: str,
    optimizer: RowOptimizer,
    *,
    symbols: tuple[str, ...],
    forecast: FloatArray,
    volatility: FloatArray,
    trading: BoolArray,
    decide: BoolArray,
    gross: float,
    seconds: float | None = None,
    fallback: RowOptimizer = FALLBACK,
) -> TargetWeights:
    """Ask `optimizer` for the weights of every rebalance at once, and check each as `solve` does.

    An optimizer without `solve_rows` looks at the weights held: ask it with `solve`, bar by bar.

    Args:
        name: The optimizer's word in plugins.toml.
        optimizer: Called once.
        symbols: Name of each asset.
        forecast: Combined opinion in [-1, 1], `(n_bars, n_assets)`; 0 is no opinion.
        volatility: Daily close-to-close standard deviation as a fraction, same shape, NaN when unknown.
        trading: Assets that have begun to trade and are not delisted, same shape; see `has_begun`.
        decide: Bars on which the strategy decides, `(n_bars,)`; see `rebalance_rows`.
        gross: Cap on the sum of absolute weights, a fraction > 0.
        seconds: How long it may take, None for ever.
        fallback: Who answers the rows that break a bound, and every row after the last breach that is allowed.

    Returns:
        Weights, NaN on the bars between rebalances, and a breach for each row that broke a bound.
    """
    bars = np.flatnonzero(decide)
    rows = (forecast[bars], volatility[bars], trading[bars])
    breaches: tuple[Breach, ...]
    try:
        chosen = _asked_rows(f"{name}.solve_rows", optimizer, *rows, gross, seconds)
    except PluginError as error:
        chosen = fallback.solve_rows(*rows, gross)
        breaches = (Breach(component=name, reason=str(error)),)
    else:
        found = _breaches(chosen, symbols, rows[0], rows[2], gross)
        broken = sorted(found)[:BREACHES_MAX]
        breaches = tuple(Breach(component=name, reason=found[row], bar=int(bars[row])) for row in broken)
        off = range(broken[-1] + 1, len(bars)) if len(broken) == BREACHES_MAX else ()
        replaced = [*broken, *off]
        chosen[replaced] = fallback.solve_rows(rows[0][replaced], rows[1][replaced], rows[2][replaced], gross)
    weights = np.full(forecast.shape, np.nan)
    weights[bars] = chosen
    return TargetWeights(weights=weights, breaches=breaches)


def has_begun(traded: BoolArray) -> BoolArray:
    """Return where an asset has had its first bar, `(n_bars, n_assets)`.

    A bar missing later changes nothing: the asset may be held, and its share is not for the others.

    >>> has_begun(np.array([[False], [True], [False]])).ravel().tolist()
    [False, True, True]
    """
    begun: BoolArray = np.logical_or.accumulate(traded, axis=0)
    return begun


def rebalance_rows(session: TimeArray, ends: BoolArray, rule: Rebalance) -> BoolArray:
    """Mark the bars on which a strategy decides: every one, or the last of each session or of a period's first.

    The last session of a week shows itself only when the next week has begun, the first one at once.  So
    weeks (from Monday) and months are decided at the close of their first session in the data.

    Args:
        session: Exchange session of each bar, `(n_bars,)` datetime64[D], never decreasing.
        ends: Where a session has its last bar, `(n_bars,)`.
        rule: `bar`, `session`, `week` or `month`.

    >>> days = np.array(["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"], dtype="datetime64[D]")
    >>> rebalance_rows(days, np.ones(4, bool), "week").tolist()
    [True, False, True, False]
    """
    if rule == "bar":
        return np.ones(len(session), dtype=bool)
    if rule == "session":
        return ends.copy()
    first = np.ones(len(session), dtype=bool)
    first[1:] = session[1:] != session[:-1]
    period = periods(session[first].astype("datetime64[D]"), rule)
    begins = np.ones(len(period), dtype=bool)
    begins[1:] = period[1:] != period[:-1]
    marked: BoolArray = ends & begins[np.cumsum(first) - 1]
    return marked


def _check(key: str, allocation: Allocation, problem: Problem) -> None:
    if allocation.status not in {"optimal", "feasible"}:
        raise PluginError(f"status must be optimal or feasible, was {allocation.status}", key=key)
    wanted, shape = (len(problem.symbols),), allocation.weights.shape
    if shape != wanted:
        names = ", ".join(problem.symbols)
        raise PluginError(f"weights must have shape {wanted} for {names}, was {shape}", key=key)
    weights, forecast = allocation.weights[np.newaxis], problem.forecast[np.newaxis]
    found = _breaches(weights, problem.symbols, forecast, problem.trading[np.newaxis], problem.gross)
    if found:
        raise PluginError(found[0], key=key)


def _asked_rows(
    key: str,
    optimizer: RowOptimizer,
    forecast: FloatArray,
    volatility: FloatArray,
    trading: BoolArray,
    gross: float,
    seconds: float | None,
) -> FloatArray:
    """Return the optimizer's own weights, shape and type checked, in an array that may be written to."""
    for array in (forecast, volatility, trading):
        array.setflags(write=False)
    returned = ask(key, optimizer, lambda: optimizer.solve_rows(forecast, volatility, trading, gross), seconds)
    weights = expect(key, returned, np.ndarray)
    if weights.shape != forecast.shape or weights.dtype != np.float64:
        found = f"shape {weights.shape} of {weights.dtype}"
        raise PluginError(f"shape (n_rows, n_assets) = {forecast.shape} of float64 wanted, was {found}", key=key)
    return weights.copy()


def _breaches(
    weights: FloatArray, symbols: tuple[str, ...], forecast: FloatArray, trading: BoolArray, gross: float
) -> dict[int, str]:
    """Return the first broken bound of each row that breaks one.  Written so that NaN breaks every bound."""
    found: dict[int, str] = {}
    total = np.abs(weights).sum(axis=1)
    for over in np.flatnonzero(~(total <= gross + BOUND_SLACK)):
        found[int(over)] = f"absolute weights must sum to at most gross={gross:g}, was {total[over]:g}"
    cells = (
        (~np.isfinite(weights), "must be finite"),
        ((weights < -BOUND_SLACK) & ~(forecast < 0.0), "must not be negative without a negative forecast"),
        ((np.abs(weights) > BOUND_SLACK) & ~trading, "must be 0 before its first bar"),
    )
    for broken, wanted in cells:
        for row, asset in _first_of_each_row(broken):
            found[row] = f"weight of {symbols[asset]} {wanted}, was {weights[row, asset]:g}"
    return found


def _first_of_each_row(cells: BoolArray) -> Iterator[tuple[int, int]]:
    for row in np.flatnonzero(cells.any(axis=1)) if cells.any() else ():
        yield int(row), int(np.argmax(cells[row]))
