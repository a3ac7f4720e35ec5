"""The matrices of the loop come a block at a time, each distinct one once, and a block changes no byte."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from engine_harness import decisions, settings
from engine_market import fused, walk
from tradewright.engine import matrices as module
from tradewright.engine.matrices import Matrices
from tradewright.engine.run import Simulation
from tradewright.engine.state import as_bytes
from tradewright.risk import correlated
from tradewright.risk.contract import MatrixFeature
from tradewright.risk.market import correlation, correlations, daily_returns
from tradewright.values.bars import Bars

RULES = [
    ("volatility-target", correlated.make_volatility_target(correlated.VolatilityTarget(lookback=20, refresh=1))),
    ("correlation-limit", correlated.make_correlation_limit(correlated.CorrelationLimit(lookback=20, refresh=3))),
]


class Numbered(Sequence[Any]):
    """Matrices that are their own number throughout, and remember what was asked for."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.asked: list[int] = []

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, number: int) -> Any:  # type: ignore[override]  # nobody asks for a slice
        self.asked.append(number)
        return np.full((3, 3), float(number))


def numbered(known: Sequence[int], name: str = "numbered") -> tuple[MatrixFeature, Numbered]:
    made = Numbered(max(known) + 1)
    return MatrixFeature(name, 1, 1, lambda bars, window, refresh: (made, np.array(known))), made


@pytest.fixture
def two_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a block have two matrices of three assets."""
    monkeypatch.setattr(module, "BLOCK_BYTES", 2 * 72)


def seen(found: Matrices, bar: int) -> list[float]:
    """Return the number of the matrix that each feature knows on a bar, NaN for the unknown one."""
    return [float(found.buffer[at, 0, 0]) for at in found.at[:, bar]]


def test_matrices_when_all_fit_are_made_once_and_known_to_the_end() -> None:
    feature, made = numbered([-1, 0, 0, 1, 1, 2])
    found = Matrices(walk(6, 3), [("own", feature)], 0)

    assert [6, 4, 6] == [found.reach(0, 6), found.reach(2, 4), found.reach(5, 6)]
    np.testing.assert_array_equal([np.nan, 0, 0, 1, 1, 2], [seen(found, bar)[0] for bar in range(6)])
    assert [0, 1, 2] == made.asked


@pytest.mark.usefixtures("two_fit")
def test_matrices_when_a_block_is_full_reach_to_the_bar_that_needs_the_next() -> None:
    feature, made = numbered([-1, 0, 0, 1, 1, 2, 3])
    found = Matrices(walk(7, 3), [("own", feature)], 1)

    assert (3, 3, 3) == found.buffer.shape
    assert (5, [0.0, 0.0, 1.0, 1.0]) == (found.reach(1, 7), [seen(found, bar)[0] for bar in range(1, 5)])
    assert (7, [2.0, 3.0]) == (found.reach(5, 7), [seen(found, bar)[0] for bar in (5, 6)])
    assert [0, 1, 2, 3] == made.asked


@pytest.mark.usefixtures("two_fit")
def test_matrices_of_two_features_share_a_block_and_equal_features_one_matrix() -> None:
    first, made = numbered([0, 0, 1, 1])
    second, _ = numbered([-1, 0, 0, 1], "other")
    found = Matrices(walk(4, 3), [("one", first), ("two", second), ("three", first)], 0)

    for bar, expected in enumerate([[0, np.nan, 0], [0, 0, 0], [1, 0, 1], [1, 1, 1]]):
        assert bar + 1 == found.reach(bar, bar + 1)
        np.testing.assert_array_equal(expected, seen(found, bar))
    assert {0, 1} == set(made.asked)


def test_matrices_of_no_rule_are_one_that_is_unknown() -> None:
    found = Matrices(walk(4, 3), [], 0)

    assert (1, 4) == (len(found.buffer), found.reach(0, 4))
    assert np.isnan(found.buffer).all()


def test_matrices_of_twenty_years_of_days_take_no_more_than_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """40 assets x 400 sessions are 5 MB where a block of 1 MB is allowed."""
    monkeypatch.setattr(module, "BLOCK_BYTES", 2**20)
    found = Matrices(walk(400, 40), [("own", MatrixFeature("correlation", 20, 1, correlations))], 0)

    assert 2**20 >= found.buffer[:-1].nbytes > 2**19


def simulated(bars: Bars, cache: Path, stops: Sequence[int]) -> Simulation:
    loop = fused(cache, RULES)
    wants = np.random.default_rng(5).choice([-0.3, 0.0, 0.2, 0.5], (bars.n_bars, bars.n_assets))
    setup = settings(loop.rules, whole=False)
    played = Simulation(bars, decisions(list(wants), 1, bars.n_assets), setup, loop, np.array([10_000.0]))
    for stop in stops:
        played.advance(stop)
    return played


def test_blocks_change_no_byte_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bars = walk(60, 4)
    whole = simulated(bars, tmp_path, [60])
    monkeypatch.setattr(module, "BLOCK_BYTES", 3 * 128)
    parts = [simulated(bars, tmp_path, stops) for stops in ([60], [7, 8, 31, 60])]

    assert all(count > 0 for count in whole.state.counters.cuts)
    for part in parts:
        assert as_bytes(whole.state) == as_bytes(part.state)
        assert whole.trace().curve.tobytes() == part.trace().curve.tobytes()


@pytest.mark.parametrize("gaps", [False, True])
def test_correlations_are_those_of_each_window_on_its_own(gaps: bool) -> None:
    """What used to be made for all sessions at once, before anything was played."""
    untraded = (np.random.default_rng(1).random((60, 3)) < 0.1) & gaps
    bars = walk(60, 3, untraded=untraded)
    returns = daily_returns(bars)
    found, _ = correlations(bars, 25, 2)

    assert 30 == len(found)
    for number, session in enumerate(range(0, 60, 2)):
        window = returns[max(0, session - 24) : session + 1]
        np.testing.assert_allclose(found[number], correlation(window), rtol=0.0, atol=1e-12)
    with pytest.raises(IndexError):
        found[30]


def test_correlations_compute_nothing_before_they_are_asked() -> None:
    bars = walk(60, 3)
    found, _ = correlations(bars, 25, 1)
    broken = attrs.evolve(found, returns=np.array([["no number"]]))

    assert 60 == len(broken)
    with pytest.raises(TypeError):
        broken[40]
