"""The built-in optimizers against worked examples and against what must always hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tradewright.host.components import Optimizer, RowOptimizer
from tradewright.optimize.simple import EqualWeight, InverseVolatility, ScoreProportional
from tradewright.values.allocation import Problem

GROSS = 0.4
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "optimizers.md"
BUILT_IN = [EqualWeight(), InverseVolatility(), ScoreProportional()]


def weights(optimizer, forecast, volatility, trading=None, gross=GROSS):
    trading = np.ones(len(forecast), dtype=bool) if trading is None else trading
    rows = (
        np.array([forecast], dtype=float),
        np.array([volatility], dtype=float),
        np.array([trading], dtype=bool),
    )
    return optimizer.solve_rows(*rows, gross)[0]


@st.composite
def row_problems(draw):
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 5)))
    unknown = st.sampled_from([np.nan, 0.0, np.inf, -0.01])
    forecast = draw(arrays(np.float64, shape, elements=st.floats(-1.0, 1.0)))
    volatility = draw(arrays(np.float64, shape, elements=st.floats(1e-300, 1e300) | unknown))
    trading = draw(arrays(np.bool_, shape))
    return forecast, volatility, trading, draw(st.floats(0.01, 2.0))


@pytest.mark.parametrize("optimizer", BUILT_IN)
def test_built_in_when_asked_is_an_optimizer_of_rows(optimizer):
    assert isinstance(optimizer, Optimizer)
    assert isinstance(optimizer, RowOptimizer)


@pytest.mark.parametrize(
    ("optimizer", "forecast", "volatility", "trading", "expected"),
    [
        # Both long: half of gross each.
        (EqualWeight(), [1.0, 0.1], [0.01, 0.03], [1, 1], [0.2, 0.2]),
        # The share of the asset without an opinion stays in cash.
        (EqualWeight(), [1.0, 0.0], [0.01, 0.03], [1, 1], [0.2, 0.0]),
        (EqualWeight(), [-0.3, 0.2], [np.nan, 0.0], [1, 1], [-0.2, 0.2]),
        # An asset that has not begun to trade has no share.
        (EqualWeight(), [1.0, 1.0], [0.01, 0.03], [1, 0], [0.4, 0.0]),
        (EqualWeight(), [1.0, 1.0], [0.01, 0.03], [0, 0], [0.0, 0.0]),
        # 1 / 0.01 and 1 / 0.03 are as 3 to 1.
        (InverseVolatility(), [1.0, 0.1], [0.01, 0.03], [1, 1], [0.3, 0.1]),
        (InverseVolatility(), [0.0, -1.0], [0.01, 0.03], [1, 1], [0.0, -0.1]),
        (InverseVolatility(), [1.0, 1.0], [0.01, np.nan], [1, 1], [0.4, 0.0]),
        (InverseVolatility(), [1.0, 1.0], [0.0, 0.02], [1, 1], [0.0, 0.4]),
        (InverseVolatility(), [1.0, 1.0], [np.nan, np.nan], [1, 1], [0.0, 0.0]),
        (InverseVolatility(), [1.0, 1.0], [0.01, 0.03], [0, 1], [0.0, 0.4]),
        (InverseVolatility(), [1.0, 1.0], [5e-324, 5e-324], [1, 1], [0.2, 0.2]),
        # |w| = gross x |f| / 2.
        (ScoreProportional(), [0.5, -1.0], [0.01, 0.03], [1, 1], [0.1, -0.2]),
        (ScoreProportional(), [0.5, 0.0], [0.01, 0.03], [1, 1], [0.1, 0.0]),
        (ScoreProportional(), [0.5, -1.0], [np.nan, 0.0], [1, 0], [0.2, 0.0]),
    ],
)
def test_built_in_when_worked_by_hand_agrees(optimizer, forecast, volatility, trading, expected):
    np.testing.assert_allclose(weights(optimizer, forecast, volatility, trading), expected, rtol=0.0, atol=1e-15)


@pytest.mark.parametrize("optimizer", BUILT_IN)
def test_reference_page_when_read_shows_the_weights_of_its_example(optimizer):
    word = {
        EqualWeight: "equal-weight",
        InverseVolatility: "inverse-volatility",
        ScoreProportional: "score-proportional",
    }[type(optimizer)]
    row = next(line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(f"| `{word}`:"))
    shown = [float(cell) for cell in row.split("|")[2:6]]

    found = weights(optimizer, [0.5, -1.0, 0.0, 0.0], [0.01, 0.02, 0.02, np.nan], [1, 1, 1, 0])

    assert shown == found.round(4).tolist()


@pytest.mark.parametrize("optimizer", BUILT_IN)
def test_built_in_when_everything_is_fully_long_uses_all_of_gross(optimizer):
    assert GROSS == pytest.approx(weights(optimizer, [1.0] * 3, [0.01, 0.02, 0.04]).sum(), abs=1e-15)


@pytest.mark.parametrize("optimizer", BUILT_IN)
def test_solve_when_one_row_is_asked_equals_solve_rows(optimizer):
    problem = Problem(
        symbols=("AAA", "BBB", "CCC"),
        forecast=[0.7, -0.2, 0.1],
        volatility=[0.013, 0.007, np.nan],
        trading=[True, True, False],
        current=[0.0, 0.0, 0.0],
        gross=0.7,
    )

    allocation = optimizer.solve(problem)

    expected = weights(optimizer, problem.forecast, problem.volatility, problem.trading, problem.gross)
    assert expected.tobytes() == allocation.weights.tobytes()
    assert "optimal" == allocation.status


@pytest.mark.parametrize("optimizer", BUILT_IN)
@settings(deadline=None)  # machines under load
@given(drawn=row_problems())
def test_built_in_whatever_the_problem_stays_within_its_bounds(optimizer, drawn):
    forecast, volatility, trading, gross = drawn

    found = optimizer.solve_rows(forecast, volatility, trading, gross)

    assert np.isfinite(found).all()
    assert (np.abs(found).sum(axis=1) <= gross * (1.0 + 1e-12)).all()
    assert (found * forecast >= 0.0).all()
    assert not found[~trading].any()
    assert not found[forecast == 0.0].any()


@pytest.mark.parametrize("optimizer", BUILT_IN)
@settings(deadline=None)  # machines under load
@given(drawn=row_problems(), asset=st.integers(0, 4))
def test_built_in_when_an_opinion_is_withdrawn_gives_nothing_to_the_others(optimizer, drawn, asset):
    forecast, volatility, trading, gross = drawn
    asset %= forecast.shape[1]
    silenced = forecast.copy()
    silenced[:, asset] = 0.0

    before = optimizer.solve_rows(forecast, volatility, trading, gross)
    after = optimizer.solve_rows(silenced, volatility, trading, gross)

    others = np.arange(forecast.shape[1]) != asset
    assert np.array_equal(before[:, others], after[:, others])


@pytest.mark.parametrize("optimizer", BUILT_IN)
@settings(deadline=None)  # machines under load
@given(drawn=row_problems())
def test_built_in_whatever_the_rows_beside_it_a_row_is_the_same(optimizer, drawn):
    forecast, volatility, trading, gross = drawn

    together = optimizer.solve_rows(forecast, volatility, trading, gross)

    for row in range(len(forecast)):
        alone = optimizer.solve_rows(*(array[row : row + 1] for array in drawn[:3]), gross)
        assert np.array_equal(together[row], alone[0])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("forecast", [0.5], r"forecast must have shape \(n_assets,\) = \(2,\), was \(1,\)"),
        ("volatility", [[0.01, 0.02]], r"volatility must have shape \(n_assets,\) = \(2,\), was \(1, 2\)"),
        ("trading", [True] * 3, r"trading must have shape \(n_assets,\) = \(2,\), was \(3,\)"),
        ("current", [], r"current must have shape \(n_assets,\) = \(2,\), was \(0,\)"),
        ("gross", 0.0, "'gross' must be > 0.0: 0.0"),
        ("gross", float("nan"), "'gross' must be > 0.0: nan"),
    ],
)
def test_problem_when_a_part_does_not_fit_refuses(name, value, message):
    parts = {
        "symbols": ("AAA", "BBB"),
        "forecast": [0.5, 0.5],
        "volatility": [0.01, 0.02],
        "trading": [True, True],
        "current": [0.0, 0.0],
        "gross": 1.0,
    }

    with pytest.raises(ValueError, match=message):
        Problem(**(parts | {name: value}))
