"""An optimizer that looks at what is held is asked one rebalance at a time, and checked each time."""

from __future__ import annotations

from typing import Any

import numpy as np
from tradewright.optimize.rebalances import Rebalances
from tradewright.optimize.simple import InverseVolatility
from tradewright.values.allocation import Allocation, Problem, Solved

FORECAST = np.array([[1.0, 1.0], [1.0, -1.0], [0.5, 0.0]])
VOLATILITY = np.array([[0.01, np.nan], [0.01, 0.03], [0.02, 0.02]])
TRADING = np.array([[True, False], [True, True], [True, True]])


class Remembers:
    """Keeps what is held, and writes down what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Problem] = []

    def solve(self, problem: Problem) -> Allocation:
        self.asked.append(problem)
        return Allocation(weights=problem.current)


def rebalances(optimizer: Any) -> Rebalances:
    return Rebalances(
        name="mine",
        optimizer=optimizer,
        symbols=("SPY", "TLT"),
        forecast=FORECAST,
        volatility=VOLATILITY,
        trading=TRADING,
        gross=0.5,
    )


def test_ask_puts_the_row_and_what_is_held_to_the_optimizer() -> None:
    optimizer = Remembers()

    weights = rebalances(optimizer).ask(1, np.array([0.25, -0.125]))

    expected = Problem(
        symbols=("SPY", "TLT"),
        forecast=FORECAST[1],
        volatility=VOLATILITY[1],
        trading=TRADING[1],
        current=[0.25, -0.125],
        gross=0.5,
    )
    assert [expected] == optimizer.asked
    assert [0.25, -0.125] == weights.tolist()


def test_ask_when_the_answer_breaks_a_bound_falls_back_and_dates_the_breach() -> None:
    asked = rebalances(Remembers())

    sound = asked.ask(0, np.array([0.5, 0.0]))
    replaced = asked.ask(2, np.array([0.5, 0.25]))

    fallback = InverseVolatility().solve_rows(FORECAST[2:], VOLATILITY[2:], TRADING[2:], 0.5)[0]
    assert [0.5, 0.0] == sound.tolist()
    assert fallback.tolist() == replaced.tolist()
    assert [(2, "mine")] == [(breach.bar, breach.component) for breach in asked.breaches]
    assert "absolute weights must sum to at most gross=0.5, was 0.75" in asked.breaches[0].reason


class Solver:
    """Says each time how good its answer is."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def solve(self, problem: Problem) -> Allocation:
        answer = self.answers.pop(0)
        return Allocation(weights=0.0 * problem.forecast, **answer) if isinstance(answer, dict) else answer


def test_ask_keeps_what_the_optimizer_said_of_each_rebalance() -> None:
    """Of one that is replaced as well; of one that gave no allocation there is only the breach."""
    proved = {"objective": 0.5, "bound": 0.75, "solver": "scip 9.2", "seconds": 1.5}
    asked = rebalances(Solver(proved, {"status": "infeasible", "solver": "scip 9.2"}, None))

    for bar in range(3):
        asked.ask(bar, np.zeros(2))

    assert [
        Solved(bar=0, status="optimal", **proved),
        Solved(bar=1, status="infeasible", solver="scip 9.2"),
    ] == asked.answers
    assert [1, 2] == [breach.bar for breach in asked.breaches]


def test_solved_when_a_number_is_none_keeps_none() -> None:
    told = Allocation(weights=[0.0], objective=np.float32(0.5), bound=np.inf, seconds="long")  # type: ignore[arg-type]  # as a plugin may

    kept = Solved.of(told, 7)

    assert (0.5, None, None) == (kept.objective, kept.bound, kept.seconds)
    assert [float, type(None)] == [type(kept.objective), type(kept.bound)]
