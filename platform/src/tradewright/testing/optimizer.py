"""What every optimizer must do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
import pytest

from tradewright.errors import PluginError
from tradewright.host.components import Optimizer, RowOptimizer
from tradewright.host.fence import ask, expect
from tradewright.host.worker import worker_of
from tradewright.optimize.solve import FALLBACK, solve
from tradewright.testing.contract import ComponentContract
from tradewright.testing.wording import broken, refused
from tradewright.values.allocation import Allocation, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.values.arrays import FloatArray

STATUSES = ("optimal", "feasible", "infeasible", "failed")
TOLERANCE = 1e-6
"""Weights of solvers this close are equal."""


def problem(n_assets: int, seed: int = 0, **parts: Any) -> Problem:
    """Return a random rebalance, with some parts replaced.

    >>> problem(2).symbols, problem(2, gross=0.5).gross
    (('A0', 'A1'), 0.5)
    """
    random = np.random.default_rng(seed)
    drawn: dict[str, Any] = {
        "symbols": tuple(f"A{i}" for i in range(n_assets)),
        "forecast": random.uniform(-1.0, 1.0, n_assets),
        "volatility": 0.02 * np.exp(0.5 * random.standard_normal(n_assets)),
        "trading": np.ones(n_assets, dtype=bool),
        "current": random.uniform(-0.5, 0.5, n_assets) / n_assets,
        "gross": 1.0,
    }
    return Problem(**{**drawn, **parts})


class OptimizerContract(ComponentContract):
    """Tests of an optimizer.

    Attributes:
        seconds_max: How long a rebalance of 50 assets may take; also what an option `timeout_seconds` is set to.
    """

    kind = "optimizer"
    protocol = Optimizer

    seconds_max: ClassVar[float] = 10.0

    def problems(self) -> Iterator[Problem]:
        """Yield ordinary rebalances: of one to fifty assets, some without opinion, volatility or a first bar."""
        for n_assets in (1, 2, 3, 6, 50):
            whole = problem(n_assets, seed=n_assets)
            yield whole
            odd = np.arange(n_assets) % 3
            yield attrs.evolve(whole, forecast=np.where(odd == 1, 0.0, whole.forecast), gross=0.4)
            yield attrs.evolve(whole, volatility=np.where(odd == 1, np.nan, whole.volatility))
            yield attrs.evolve(whole, trading=odd != 2, gross=0.25)

    def hard_problems(self) -> Iterator[tuple[str, Problem]]:
        """Yield problems that have no good answer, by what is hard about them."""
        yield "no asset", problem(0)
        yield "nothing trades", problem(4, trading=np.zeros(4, dtype=bool))
        yield "no opinion", problem(4, forecast=np.zeros(4))
        yield "no volatility is known", problem(4, volatility=np.full(4, np.nan))
        yield "every volatility is 0", problem(4, volatility=np.zeros(4))
        yield "every volatility is infinite", problem(4, volatility=np.full(4, np.inf))
        yield "all assets are the same", problem(6, forecast=np.ones(6), volatility=np.full(6, 0.01))
        yield "hardly any money", problem(4, gross=1e-12)
        yield "volatilities from 1e-300 to 1e300", problem(3, volatility=np.array([1e-300, 0.01, 1e300]))

    def objective(self, problem: Problem, weights: FloatArray) -> float | None:
        """Return what the optimizer makes as large as it can, or None for a rule that optimizes nothing."""
        del problem, weights
        return None

    def answer(self) -> bytes:
        """Return the weights of every problem."""
        return b"".join(self._solved(one).weights.tobytes() for one in self.problems())

    # ---- tests ------------------------------------------------------------------------------------------------

    def test_weights_keep_every_bound(self) -> None:
        """No weight is against the forecast, none before the first bar, and the sum is at most gross."""
        for one in self.problems():
            breach = solve(self.spec().name, self.component(), one).breach
            if breach is not None:
                fix = "respect problem.gross, problem.trading and the signs of problem.forecast"
                raise broken(expected=f"weights within the bounds of {_shown(one)}", found=breach.reason, fix=fix)

    def test_impossible_problems_give_a_status_and_no_exception(self) -> None:
        """What cannot be solved is said by a status; the kernel's fallback then decides."""
        for what, one in self.hard_problems():
            wanted = f"weights or a status when {what}"
            try:
                word = self._returned(one).status
                breach = solve(self.spec().name, self.component(), one).breach
            except PluginError as error:
                fix = (
                    'catch the solver\'s errors and return Allocation(weights=0 * problem.forecast, status="failed")'
                )
                raise refused(error, expected=wanted, fix=fix) from error
            if word not in STATUSES or (word in STATUSES[:2] and breach is not None):
                found = repr(word) if breach is None else f"status {word} with {breach.reason}"
                raise broken(
                    expected=wanted, found=found, fix='say status="infeasible" or "failed" when there are no weights'
                )

    def test_order_of_assets_does_not_matter(self) -> None:
        """Symbols in another order get the same weights."""
        for one in self.problems():
            order = np.random.default_rng(0).permutation(len(one.symbols))
            mixed = {name: getattr(one, name)[order] for name in ("forecast", "volatility", "trading", "current")}
            other = attrs.evolve(one, symbols=tuple(one.symbols[i] for i in order), **mixed)
            expected, found = self._solved(one).weights[order], self._solved(other).weights
            if not np.allclose(expected, found, rtol=0.0, atol=TOLERANCE, equal_nan=True):
                fix = "break ties by forecast or symbol, not by place; tighten the solver's tolerance"
                raise broken(expected=f"{expected} for assets in the order {order}", found=str(found), fix=fix)

    def test_it_ends_in_time(self) -> None:
        """A rebalance of fifty assets ends within `seconds_max`, to which an option `timeout_seconds` is set."""
        timed = any(field.alias == "timeout_seconds" for field in attrs.fields(self.spec().config))
        component = self.configured(timeout_seconds=self.seconds_max) if timed else self.component()
        began = time.monotonic()
        worker_of(self.spec().name).ask("solve", lambda: component.solve(problem(50)), 2.0 * self.seconds_max)
        seconds = time.monotonic() - began
        if seconds > 1.5 * self.seconds_max:
            fix = "pass a time limit to the solver and return its best weights as feasible, or raise `seconds_max`"
            raise broken(
                expected=f"an answer within {self.seconds_max:g} s", found=f"{seconds:.1f} s and more", fix=fix
            )

    def test_objective_is_never_worse_than_the_fallbacks(self) -> None:
        """An optimizer that the kernel's own fallback beats at its own aim is worth nothing."""
        judged = 0
        for one in self.problems():
            allocation, fallback = self._solved(one), FALLBACK.solve(one)
            own = self.objective(one, allocation.weights)
            least = self.objective(one, fallback.weights)
            if own is None or least is None:
                continue
            judged += 1
            if not own >= least - TOLERANCE * max(1.0, abs(least)):
                fix = "start the solver from the fallback's weights, or return them when they are better"
                raise broken(
                    expected=f"an objective of at least {least:g} on {_shown(one)}", found=f"{own:g}", fix=fix
                )
        if not judged:
            pytest.skip("it has no objective; override `objective()` when it has one")

    def test_rows_are_solved_as_one_by_one(self) -> None:
        """`solve_rows` gives each row what `solve` gives it alone."""
        component = self.component()
        if not isinstance(component, RowOptimizer):
            pytest.skip("it has no `solve_rows`: it looks at the weights held")
        rows = [problem(4, seed=seed) for seed in range(6)]
        forecast, volatility = (np.array([getattr(one, name) for one in rows]) for name in ("forecast", "volatility"))
        trading = np.array([one.trading for one in rows])
        together = component.solve_rows(forecast, volatility, trading, gross=1.0)
        for row, one in enumerate(rows):
            alone = component.solve(one).weights
            if not np.allclose(alone, together[row], rtol=0.0, atol=TOLERANCE):
                fix = "let `solve` ask `solve_rows` for one row, and keep rows apart"
                raise broken(expected=f"row {row} to be {alone}, as solve says", found=str(together[row]), fix=fix)

    def test_input_stays_as_it_was(self) -> None:
        """The problem is shared with the fallback that takes over."""
        given, untouched = problem(6), problem(6)
        self.component().solve(given)
        if given != untouched:
            raise broken(
                expected="the problem as it was before",
                found="other numbers in it",
                fix="copy an array before changing it",
            )

    # ---- asking -----------------------------------------------------------------------------------------------

    def _solved(self, one: Problem) -> Allocation:
        try:
            return self._returned(one)
        except PluginError as error:
            raise refused(error, expected=f"an Allocation for {_shown(one)}", fix="mend what it raises") from error

    def _returned(self, one: Problem) -> Allocation:
        component, key = self.component(), f"{self.spec().name}.solve"
        return expect(key, ask(key, component, lambda: component.solve(one), None), Allocation)


def _shown(one: Problem) -> str:
    return f"{len(one.symbols)} assets with gross={one.gross:g}"
