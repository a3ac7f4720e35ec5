"""What an optimizer may answer, what becomes of the rest (bad inputs 56 and 57), and when it is asked."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tradewright.optimize.simple import EqualWeight, InverseVolatility, ScoreProportional
from tradewright.optimize.solve import BOUND_SLACK, has_begun, rebalance_rows, solve, target_weights
from tradewright.values.allocation import Allocation, Problem
from tradewright.values.weights import Breach

SYMBOLS = ("SPY", "FOO")
GROSS = 0.5
PROBLEM = Problem(
    symbols=SYMBOLS,
    forecast=[1.0, -0.5],
    volatility=[0.01, 0.03],
    trading=[True, True],
    current=[0.0, 0.0],
    gross=GROSS,
)
BY_FALLBACK = InverseVolatility().solve(PROBLEM)


class Answers:
    """An optimizer that runs the function given to it."""

    def __init__(self, answer):
        self.answer = answer

    def solve(self, problem):
        return self.answer(problem)

    def solve_rows(self, forecast, volatility, trading, gross):
        return self.answer(forecast)


def ask(answer, problem=PROBLEM):
    answer = solve("x", Answers(answer), problem)
    return answer.allocation, answer.breach


def says(weights, **fields):
    return lambda problem: Allocation(weights=weights, **fields)


# ---- one rebalance ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "weights",
    [
        [0.25, -0.25],
        [GROSS, 0.0],
        [GROSS + BOUND_SLACK, 0.0],
        [-0.9 * BOUND_SLACK, 0.0],
        [0.0, 0.0],
        [0.1, 0.1],
    ],
)
def test_solve_when_the_weights_hold_returns_them(weights):
    allocation, breach = ask(says(weights, status="feasible", objective=1.5))

    assert (Allocation(weights=weights, status="feasible", objective=1.5), None) == (allocation, breach)


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ([0.85, -0.85], "absolute weights must sum to at most gross=0.5, was 1.7"),
        ([GROSS + 2.1 * BOUND_SLACK, 0.0], "absolute weights must sum to at most gross=0.5, was 0.5"),
        ([-0.1, -0.1], "weight of SPY must not be negative without a negative forecast, was -0.1"),
        (
            [-1.1 * BOUND_SLACK, 0.0],
            "weight of SPY must not be negative without a negative forecast, was -1.1e-09",
        ),
        ([np.nan, 0.0], "weight of SPY must be finite, was nan"),
        ([0.0, -np.inf], "weight of FOO must be finite, was -inf"),
        ([0.1], "weights must have shape (2,) for SPY, FOO, was (1,)"),
        ([0.1, 0.1, 0.1], "weights must have shape (2,) for SPY, FOO, was (3,)"),
        ([[0.1, 0.1]], "weights must have shape (2,) for SPY, FOO, was (1, 2)"),
    ],
)
def test_solve_when_the_weights_break_a_bound_falls_back_with_a_breach(weights, reason):
    allocation, breach = ask(says(weights))

    assert Breach(component="x", reason=f"x.solve: {reason}") == breach
    assert BY_FALLBACK == allocation


@pytest.mark.parametrize(("forecast", "broken"), [(0.0, True), (0.1, True), (-0.1, False)])
def test_solve_when_a_weight_is_negative_wants_a_negative_forecast(forecast, broken):
    problem = Problem(
        symbols=("SPY",), forecast=[forecast], volatility=[0.01], trading=[True], current=[0.0], gross=GROSS
    )

    _, breach = ask(says([-0.1]), problem)

    assert broken == (breach is not None)


def test_solve_when_an_asset_has_not_begun_refuses_a_weight_in_it():
    problem = Problem(
        symbols=SYMBOLS,
        forecast=[1.0, 1.0],
        volatility=[0.01, 0.01],
        trading=[True, False],
        current=[0.0, 0.0],
        gross=GROSS,
    )

    allocation, breach = ask(says([0.1, 0.1]), problem)

    assert "x.solve: weight of FOO must be 0 before its first bar, was 0.1" == breach.reason
    assert [GROSS, 0.0] == allocation.weights.tolist()


@pytest.mark.parametrize("status", ["infeasible", "failed", "timeout"])
def test_solve_when_the_status_is_not_good_falls_back(status):
    allocation, breach = ask(says([0.1, 0.1], status=status))

    assert f"x.solve: status must be optimal or feasible, was {status}" == breach.reason
    assert BY_FALLBACK == allocation


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda problem: {"SPY": 0.1}, "x.solve: returned dict; Allocation wanted"),
        (lambda problem: None, "x.solve: returned NoneType; Allocation wanted"),
        (lambda problem: 1 / 0, "x.solve: raised ZeroDivisionError: division by zero"),
        (lambda problem: Allocation(weights=["a"]), "x.solve: raised ValueError: could not convert string"),
        (lambda problem: problem.current.fill(1.0), "x.solve: wrote to its input, which is read-only"),
    ],
)
def test_solve_when_the_answer_is_no_allocation_falls_back(answer, reason):
    allocation, breach = ask(answer)

    assert reason in breach.reason
    assert BY_FALLBACK == allocation


def test_solve_when_ctrl_c_is_pressed_stops():
    def answer(problem):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30.0)  # Nobody waits for it.

    with pytest.raises(KeyboardInterrupt):
        ask(answer)


def test_solve_when_another_fallback_is_given_uses_it():
    allocation = solve("x", Answers(says([9.0, 9.0])), PROBLEM, fallback=EqualWeight()).allocation

    assert [0.25, -0.25] == allocation.weights.tolist()


# ---- many rebalances -------------------------------------------------------------------------------------

FORECAST = np.array([[1.0, -0.5], [0.0, 1.0], [-1.0, 0.5], [1.0, 1.0]])
VOLATILITY = np.array([[0.01, 0.03], [0.01, 0.03], [0.02, 0.02], [np.nan, 0.02]])
TRADING = np.ones((4, 2), dtype=bool)
DECIDE = np.array([True, False, True, True])


def ask_rows(optimizer, decide=DECIDE):
    return target_weights(
        "x",
        optimizer,
        symbols=SYMBOLS,
        forecast=FORECAST,
        volatility=VOLATILITY,
        trading=TRADING,
        decide=decide,
        gross=GROSS,
    )


@pytest.mark.parametrize("optimizer", [EqualWeight(), InverseVolatility(), ScoreProportional()])
def test_target_weights_when_rows_hold_equals_solve_row_by_row(optimizer):
    expected = np.full(FORECAST.shape, np.nan)
    for bar in np.flatnonzero(DECIDE):
        problem = Problem(
            symbols=SYMBOLS,
            forecast=FORECAST[bar],
            volatility=VOLATILITY[bar],
            trading=TRADING[bar],
            current=[0.0, 0.0],
            gross=GROSS,
        )
        expected[bar] = solve("x", optimizer, problem).allocation.weights

    found = ask_rows(optimizer)

    assert expected.tobytes() == found.weights.tobytes()
    assert () == found.breaches


def test_target_weights_when_a_row_breaks_a_bound_replaces_that_row_alone():
    def answer(forecast):
        weights = np.zeros_like(forecast)
        weights[1] = [0.4, 0.4]
        weights[2] = [0.1, np.nan]
        return weights

    found = ask_rows(Answers(answer))

    np.testing.assert_allclose(
        found.weights, [[0.0, 0.0], [np.nan, np.nan], [-0.25, 0.25], [0.0, 0.5]], rtol=0.0, atol=1e-15
    )
    assert (
        Breach(component="x", bar=2, reason="absolute weights must sum to at most gross=0.5, was 0.8"),
        Breach(component="x", bar=3, reason="weight of FOO must be finite, was nan"),
    ) == found.breaches


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            lambda forecast: forecast[:1],
            "shape (n_rows, n_assets) = (3, 2) of float64 wanted, was shape (1, 2)",
        ),
        (lambda forecast: forecast.astype("f4"), "= (3, 2) of float64 wanted, was shape (3, 2) of float32"),
        (lambda forecast: forecast.astype(complex), "of float64 wanted, was shape (3, 2) of complex128"),
        (lambda forecast: forecast.tolist(), "returned list; ndarray wanted"),
        (lambda forecast: forecast / None, "raised TypeError"),
        (lambda forecast: forecast.fill(0.0), "wrote to its input, which is read-only"),
    ],
)
def test_target_weights_when_there_is_no_usable_answer_falls_back_everywhere(answer, reason):
    found = ask_rows(Answers(answer))

    assert np.array_equal(ask_rows(InverseVolatility()).weights, found.weights, equal_nan=True)
    (breach,) = found.breaches
    assert ("x", None) == (breach.component, breach.bar)
    assert reason in breach.reason


def test_target_weights_when_nothing_is_decided_asks_for_no_rows():
    found = ask_rows(EqualWeight(), decide=np.zeros(4, dtype=bool))

    assert np.isnan(found.weights).all()
    assert () == found.breaches


def test_target_weights_when_the_input_is_passed_leaves_it_as_it_was():
    before = FORECAST.copy()

    ask_rows(Answers(lambda forecast: forecast * 0.0))

    assert np.array_equal(before, FORECAST)
    assert FORECAST.flags.writeable


def test_has_begun_when_a_bar_is_missing_later_stays_true():
    traded = np.array([[False, True], [True, False], [False, True]])

    assert [[False, True], [True, True], [True, True]] == has_begun(traded).tolist()


# ---- when ------------------------------------------------------------------------------------------------


def sessions(*days):
    return np.array(days, dtype="datetime64[D]")


def ends_of(session):
    return np.append(session[1:] != session[:-1], True)[: len(session)]


@pytest.mark.parametrize(
    ("rule", "session", "expected"),
    [
        ("session", sessions("2024-01-02", "2024-01-03"), [1, 1]),
        # Two bars per session: its last one decides.
        ("session", sessions("2024-01-02", "2024-01-02", "2024-01-03", "2024-01-03"), [0, 1, 0, 1]),
        ("week", sessions("2024-01-05", "2024-01-08", "2024-01-09", "2024-01-16"), [1, 1, 0, 1]),
        # Sunday ends a week and Monday begins the next.
        ("week", sessions("2024-01-06", "2024-01-07", "2024-01-08"), [1, 0, 1]),
        # The same weekday one year later is another week.
        ("week", sessions("2023-01-02", "2024-01-01"), [1, 1]),
        ("week", sessions("2024-01-05", "2024-01-08", "2024-01-08", "2024-01-09"), [1, 0, 1, 0]),
        # Before 1970 as well.
        (
            "week",
            sessions("1969-12-26", "1969-12-28", "1969-12-29", "1970-01-02", "1970-01-05"),
            [1, 0, 1, 0, 1],
        ),
        ("month", sessions("2024-01-30", "2024-01-31", "2024-02-01", "2024-02-02"), [1, 0, 1, 0]),
        ("month", sessions("2023-01-31", "2024-01-31"), [1, 1]),
        ("month", sessions("2024-01-02"), [1]),
        ("bar", sessions("2024-01-05", "2024-01-05", "2024-01-08"), [1, 1, 1]),
        ("bar", sessions(), []),
        ("session", sessions(), []),
        ("week", sessions(), []),
    ],
)
def test_rebalance_rows_when_sessions_pass_marks_the_decisions(rule, session, expected):
    assert [bool(flag) for flag in expected] == rebalance_rows(session, ends_of(session), rule).tolist()


def test_rebalance_rows_when_a_session_goes_on_wait_for_its_last_bar():
    session = sessions("2024-01-05", "2024-01-08", "2024-01-08")
    ends = np.array([True, False, False])

    assert [[True, False, False]] * 2 == [
        rebalance_rows(session, ends, rule).tolist() for rule in ("session", "week")
    ]


@settings(deadline=None)  # machines under load
@given(
    st.lists(st.integers(0, 80), min_size=1, max_size=60),
    st.sampled_from(["bar", "session", "week", "month"]),
    st.data(),
)
def test_rebalance_rows_when_the_future_is_cut_marks_the_same_bars(days, rule, data):
    session = np.datetime64("2024-01-01") + np.array(sorted(days))
    ends = ends_of(session)
    stop = data.draw(st.integers(1, len(days)))

    marked = rebalance_rows(session, ends, rule)

    assert np.array_equal(marked[:stop], rebalance_rows(session[:stop], ends[:stop], rule))
