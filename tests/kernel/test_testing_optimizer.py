"""The optimizer's contract: a sound one passes it, and for each of its tests a broken one fails that test alone."""

from __future__ import annotations

import time

import attrs
import numpy as np
import pytest
import tradewright as tw
from contract_harness import Uninstalled, assert_only, contract_tests, failures
from tradewright.config import positive
from tradewright.optimize.simple import EqualWeight, InverseVolatility, ScoreProportional
from tradewright.testing import ComponentContract, OptimizerContract


@attrs.frozen(kw_only=True)
class Sound:
    """The same share for every asset that trades, used as far as the forecast is strong."""

    def solve(self, problem: tw.Problem) -> tw.Allocation:
        share = problem.gross / max(problem.trading.sum(), 1)
        return tw.Allocation(weights=share * problem.forecast * problem.trading)


class Contract(Uninstalled, OptimizerContract):
    spec_type = tw.OptimizerSpec
    made_of = Sound


def of(component: type, **more: object) -> type[OptimizerContract]:
    return type(f"{component.__name__}Contract", (Contract,), {"made_of": component, **more})


# ---- broken optimizers ---------------------------------------------------------------------------------------


class Geared(Sound):
    def solve(self, problem):
        found = super().solve(problem)
        return attrs.evolve(found, weights=found.weights * (9.0 if len(problem.symbols) == 50 else 1.0))


class Raising(Sound):
    def solve(self, problem):
        if not problem.trading.any():
            raise ZeroDivisionError("nothing trades")
        return super().solve(problem)


class Optimistic(Sound):
    def solve(self, problem):
        found = super().solve(problem)
        unknown = not np.isfinite(problem.volatility).any()
        return attrs.evolve(found, weights=found.weights * np.nan) if unknown else found


class Honest(Sound):
    def solve(self, problem):
        unknown = not np.isfinite(problem.volatility).any()
        return attrs.evolve(super().solve(problem), status="infeasible" if unknown else "optimal")


class Invented(Sound):
    def solve(self, problem):
        return attrs.evolve(super().solve(problem), status="failed" if problem.trading.any() else "shrug")


class FirstComeFirstServed(Sound):
    def solve(self, problem):
        found = super().solve(problem)
        return attrs.evolve(found, weights=found.weights * np.linspace(1.0, 0.5, len(problem.symbols)))


class Slow(Sound):
    def solve(self, problem):
        if len(problem.symbols) == 50:
            time.sleep(0.1)
        return super().solve(problem)


@attrs.frozen(kw_only=True)
class Timed(Sound):
    timeout_seconds: float = positive(60.0, doc="when the solver stops", unit="seconds")

    def solve(self, problem):
        if len(problem.symbols) == 50:
            time.sleep(min(self.timeout_seconds / 4.0, 0.1))
        return super().solve(problem)


class Timid(Sound):
    def solve(self, problem):
        found = super().solve(problem)
        return attrs.evolve(found, weights=0.01 * found.weights)


class Neighbourly(Sound):
    def solve(self, problem):
        row = problem.forecast[None], problem.volatility[None], problem.trading[None]
        return tw.Allocation(weights=self.solve_rows(*row, problem.gross)[0])

    def solve_rows(self, forecast, volatility, trading, gross):
        share = gross / np.maximum(trading.sum(axis=1, keepdims=True), 1)
        return share * forecast * trading / len(forecast)


class Writing(Sound):
    def solve(self, problem):
        problem.current.setflags(write=True)
        problem.current[:] = 0.0
        return super().solve(problem)


def opinion_held(_, problem, weights):
    return float(problem.forecast @ weights)


BROKEN = {
    "test_weights_keep_every_bound": (of(Geared), "absolute weights must sum to at most gross"),
    "test_impossible_problems_give_a_status_and_no_exception": (of(Raising), "raised ZeroDivisionError"),
    "test_order_of_assets_does_not_matter": (of(FirstComeFirstServed), "tighten the solver's tolerance"),
    "test_it_ends_in_time": (of(Slow, seconds_max=0.02), "and more"),
    "test_objective_is_never_worse_than_the_fallbacks": (
        of(Timid, objective=opinion_held),
        "an objective of at least",
    ),
    "test_rows_are_solved_as_one_by_one": (of(Neighbourly), "keep rows apart"),
    "test_input_stays_as_it_was": (of(Writing), "other numbers in it"),
}


@pytest.mark.parametrize(
    "component",
    [Sound, Honest, Timed, EqualWeight, InverseVolatility, ScoreProportional],
    ids=lambda one: one.__name__,
)
def test_contract_when_an_optimizer_is_sound_passes_it(component):
    assert {} == failures(of(component))


@pytest.mark.parametrize("test", BROKEN)
def test_contract_when_an_optimizer_is_broken_fails_that_test_alone(test):
    assert_only(BROKEN[test][0], test, BROKEN[test][1])


@pytest.mark.parametrize(
    ("component", "found"),
    [(Optimistic, "status optimal with mutant.solve: weight of A0"), (Invented, "status shrug")],
)
def test_contract_when_a_status_does_not_hold_says_so(component, found):
    failed = failures(of(component))

    assert found in failed["test_impossible_problems_give_a_status_and_no_exception"]


def test_contract_when_there_is_a_timeout_sets_it():
    assert {} == failures(of(Timed, seconds_max=0.2))


def test_every_test_of_the_contract_has_a_broken_optimizer():
    assert contract_tests(OptimizerContract) - contract_tests(ComponentContract) == set(BROKEN)
