"""The book's expected volatility: docs/reference/rules/volatility-target.md."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from engine_market import NAN, PLAIN_BOOK
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tradewright.risk.contract import Sides
from tradewright.risk.correlated import Parameters, VolatilityTarget, limit_together, make_volatility_target
from tradewright.risk.features import volatility
from tradewright.risk.market import correlations

DAILY = 0.10 / math.sqrt(252)  # The volatility a day of a book of weight 1 at the limit.
TWO = np.eye(2)


def ask(
    target: Any, scale: Any, correlation: Any = TWO, held: Any = 0.0, *, limit: float = 0.10, band: float = 0.0
) -> float:
    wanted = np.array(target, dtype=float)
    owned = np.broadcast_to(np.array(held, dtype=float), wanted.shape)
    sides = limit_together(
        wanted,
        owned,
        PLAIN_BOOK,
        Parameters(limit, band, annual=True),
        np.array(scale, dtype=float),
        np.array(correlation),
    )
    assert sides.long == sides.short or math.isnan(sides.long)
    return float(sides.long)


def by_numpy(target: Any, scale: Any, correlation: Any) -> float:
    exposure = np.array(target) * np.array(scale)
    return float(np.sqrt(252 * exposure @ np.array(correlation) @ exposure))


@pytest.mark.parametrize(
    ("weight", "factor"),
    [(1.0, 1.0), (0.999, 1.0), (1.001, 1 / 1.001), (2.0, 0.5), (-2.0, 0.5), (0.0, 1.0)],
)
def test_volatility_target_at_below_and_above_the_limit(weight: float, factor: float) -> None:
    """Just above 1 rounding decides nothing that matters."""
    assert ask([weight * (1 - 1e-12)], [DAILY], [[1.0]]) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("rho", "expected"),
    [(0.0, math.sqrt(2)), (1.0, 2.0), (0.5, math.sqrt(3)), (-0.5, 1.0)],
)
def test_volatility_target_counts_how_assets_move_together(rho: float, expected: float) -> None:
    """Two assets of weight 1 at the limit each: together so many times the limit."""
    assert ask([1.0, 1.0], [DAILY, DAILY], [[1, rho], [rho, 1]]) == pytest.approx(1 / expected)


def test_volatility_target_of_a_perfect_hedge_is_0_and_nothing_is_cut() -> None:
    assert ask([5.0, -5.0], [DAILY, DAILY], [[1, 1], [1, 1]]) == 1.0


@pytest.mark.parametrize(
    ("held", "factor"),
    [
        pytest.param(1.05, 1.05 / 1.2, id="held within the band: kept, nothing added"),
        pytest.param(1.0999, 1.0999 / 1.2, id="held just below the band"),
        pytest.param(1.1001, 1 / 1.2, id="held just above the band: back to the limit"),
        pytest.param(0.9, 1 / 1.2, id="held below the limit"),
    ],
)
def test_volatility_target_lets_the_market_drift_within_the_band(held: float, factor: float) -> None:
    assert ask([1.2], [DAILY], [[1.0]], [held], band=0.01) == pytest.approx(factor)


def test_volatility_target_takes_an_unknown_correlation_at_its_worst() -> None:
    """A long and a short that may move against each other count as their sum."""
    assert ask([1.0, -1.0], [DAILY, DAILY], [[1, NAN], [NAN, 1]]) == pytest.approx(0.5)


def test_volatility_target_takes_an_unknown_volatility_for_the_largest_known() -> None:
    """The second asset counts 2 as the third does, and as moving with both: 1 + 2 + 2 times the limit."""
    matrix = np.eye(3) * 0.0 + np.array([[1, 0.2, 1], [0.2, 1, 0.2], [1, 0.2, 1]])
    assert ask([1.0, 1.0, 1.0], [DAILY, NAN, 2 * DAILY], matrix) == pytest.approx(1 / 5)


def test_volatility_target_leaves_out_what_has_no_weight() -> None:
    """The wild asset is neither wanted nor held; held, it sets the worst case."""
    scale = [DAILY, NAN, 9 * DAILY]

    assert ask([1.0, 1.0, 0.0], scale, np.eye(3)) == pytest.approx(1 / 2)
    assert ask([1.0, 1.0, 0.0], scale, np.eye(3), [0.0, 0.0, 0.1]) == pytest.approx(1 / 10)


def test_volatility_target_that_knows_nothing_lets_nothing_through() -> None:
    assert ask([0.1, 0.2], [NAN, NAN]) == 0.0
    assert ask([0.1, 0.0], [NAN, DAILY]) == 0.0
    assert ask([0.0, 0.0], [NAN, NAN]) == 1.0
    assert ask([0.1, 0.2], [math.inf, NAN]) == 0.0


def test_volatility_target_of_no_number_gives_no_factor() -> None:
    assert math.isnan(ask([NAN, 0.5], [DAILY, DAILY]))


_weights = arrays(np.float64, 3, elements=st.floats(-1.5, 1.5).map(lambda w: round(w, 6)))
_returns = arrays(np.float64, (30, 3), elements=st.floats(-0.1, 0.1).map(lambda r: round(r, 6)))


@given(
    _weights, _weights, _returns, st.floats(0.01, 1.0), st.floats(0.0, 0.05), st.integers(0, 511), st.integers(0, 7)
)
def test_volatility_target_never_raises_and_is_idempotent(
    target: Any, held: Any, returns: Any, limit: float, band: float, hidden_pairs: int, hidden: int
) -> None:
    returns = returns + np.random.default_rng(0).normal(0.0, 0.01, returns.shape)
    matrix, scale = np.corrcoef(returns.T), returns.std(axis=0, ddof=1)
    mask = np.array([bool(hidden_pairs >> i & 1) for i in range(9)]).reshape(3, 3)
    mask = mask | mask.T
    matrix = np.where(mask & ~np.eye(3, dtype=bool), NAN, matrix)
    scale = np.where([bool(hidden >> i & 1) for i in range(3)], NAN, scale)

    factor = ask(target, scale, matrix, held, limit=limit, band=band)
    again = ask(target * factor, scale, matrix, held, limit=limit, band=band)

    assert 0.0 <= factor <= 1.0
    assert np.all(np.abs(target * factor) * (1.0 - again) <= 1e-12)
    if not mask.any() and not hidden:
        assert by_numpy(target * factor, scale, matrix) <= limit + band + 1e-9


def test_volatility_target_is_made_from_its_options() -> None:
    rule = make_volatility_target(VolatilityTarget(limit=0.2, lookback=40, refresh=3, trim_band=0.0))

    assert rule.phase == "sides"
    assert rule.parameters == Parameters(0.2, 0.0, annual=True)
    assert [(f.compute, f.window) for f in rule.features] == [(volatility, 40)]
    assert [(m.compute, m.window, m.refresh) for m in rule.matrices] == [(correlations, 40, 3)]
    assert limit_together(np.zeros(2), np.zeros(2), PLAIN_BOOK, rule.parameters, np.ones(2), TWO) == Sides(1.0, 1.0)
