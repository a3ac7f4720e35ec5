"""Correlated exposure: docs/reference/rules/correlation-limit.md."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from engine_market import NAN, PLAIN_BOOK, walk
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tradewright.risk.correlated import CorrelationLimit, Parameters, limit_together, make_correlation_limit, ones


def ask(target: Any, rho: float, held: Any = 0.0, *, limit: float = 0.5, band: float = 0.02) -> float:
    """Return the factor for assets of which any two have the same correlation."""
    wanted = np.array(target, dtype=float)
    owned = np.broadcast_to(np.array(held, dtype=float), wanted.shape)
    matrix = np.where(np.eye(len(wanted), dtype=bool), 1.0, rho)
    numbers = Parameters(limit, band, annual=False)
    return float(limit_together(wanted, owned, PLAIN_BOOK, numbers, np.ones(len(wanted)), matrix).long)


@pytest.mark.parametrize(
    ("target", "rho", "exposure"),
    [
        pytest.param([0.3, 0.4], 1.0, 0.7, id="as one: the sum"),
        pytest.param([0.6, 0.8], 0.0, 1.0, id="independent: the root of the squares"),
        pytest.param([0.9, -0.2], 1.0, 0.7, id="a long and a short as one cancel out"),
        pytest.param([0.9, -0.2], NAN, 1.1, id="unknown: added up"),
        pytest.param([0.6], 0.0, 0.6, id="one asset is itself"),
        pytest.param([-0.6], 0.0, 0.6, id="one short likewise"),
    ],
)
def test_correlation_limit_scales_to_the_cap(target: list[float], rho: float, exposure: float) -> None:
    assert ask(target, rho) == pytest.approx(0.5 / exposure)


@pytest.mark.parametrize(("weight", "factor"), [(0.25, 1.0), (0.2499, 1.0), (0.2501, 0.25 / 0.2501)])
def test_correlation_limit_at_just_below_and_just_above(weight: float, factor: float) -> None:
    assert ask([weight, weight], 1.0) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("held", "factor"),
    [
        pytest.param(0.51, 0.51 / 0.6, id="held within the band"),
        pytest.param(0.5199, 0.5199 / 0.6, id="held just below the band"),
        pytest.param(0.5201, 0.5 / 0.6, id="held just above the band"),
        pytest.param(0.5, 0.5 / 0.6, id="held at the cap"),
    ],
)
def test_correlation_limit_lets_the_market_drift_within_the_band(held: float, factor: float) -> None:
    assert ask([0.6], 0.0, [held]) == pytest.approx(factor)


def test_correlation_limit_wanting_nothing_leaves_everything() -> None:
    assert ask([0.0, 0.0], 1.0, [0.9, 0.9]) == 1.0


def test_correlation_limit_of_no_number_gives_no_factor() -> None:
    assert math.isnan(ask([NAN, 0.5], 0.5))


@given(
    arrays(np.float64, 3, elements=st.floats(-1.5, 1.5).map(lambda w: round(w, 6))),
    arrays(np.float64, 3, elements=st.floats(-1.5, 1.5).map(lambda w: round(w, 6))),
    st.one_of(st.just(NAN), st.floats(-0.5, 1.0)),
    st.floats(0.01, 1.0),
    st.floats(0.0, 0.05),
)
def test_correlation_limit_never_raises_and_is_idempotent(
    target: Any, held: Any, rho: float, limit: float, band: float
) -> None:
    factor = ask(target, rho, held, limit=limit, band=band)
    again = ask(target * factor, rho, held, limit=limit, band=band)

    assert 0.0 <= factor <= 1.0
    assert np.all(np.abs(target * factor) * (1.0 - again) <= 1e-12)


def test_correlation_limit_is_made_from_its_options() -> None:
    rule = make_correlation_limit(CorrelationLimit(limit=0.4, lookback=30, refresh=2, trim_band=0.01))

    assert (rule.phase, rule.parameters) == ("sides", Parameters(0.4, 0.01, annual=False))
    assert [(m.window, m.refresh) for m in rule.matrices] == [(30, 2)]
    np.testing.assert_array_equal(ones(walk(3, 2), 1), np.ones((3, 2)))
