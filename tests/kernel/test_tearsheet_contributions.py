"""Who earned the profit: by hand, and adding up whatever the market does."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
import pytest
from backtest_by_hand import backtest, prices
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tearsheet_market import market, played
from tradewright.reports.accounts import costs_of
from tradewright.reports.tearsheet.contributions import contributions
from tradewright.reports.tearsheet.profits import Parts, positions
from tradewright.reports.tearsheet.shares import shares
from tradewright.sentence.pipeline import Targets

SYMBOLS = ("A", "B")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("desk")


def votes(**said: list[float]) -> dict[str, np.ndarray]:  # type: ignore[type-arg]  # one asset, any length
    return {name: np.array(values)[:, None] for name, values in said.items()}


# ---- by hand ---------------------------------------------------------------------------------------------


def test_position_is_worth_its_units_at_the_close_less_what_was_paid(tmp_path: Path) -> None:
    """50 A bought at 11 and sold at 12, with a fee of 1 each time; closes 10 11 12 12 6."""
    found = positions(backtest(tmp_path), 5)

    assert [(0, 0)] == list(found)
    assert [0.0, 550.0, 600.0, 0.0, 0.0] == found[0, 0].value(np.arange(5)).tolist()
    assert [0.0, -1.0, 49.0, 48.0, 48.0] == found[0, 0].profit(np.arange(5)).tolist()


def test_parts_of_a_position_tell_prices_from_costs(tmp_path: Path) -> None:
    """Two fills with a slippage of 2 each: at their base prices they would have gained 54."""
    found = positions(backtest(tmp_path), 5)[0, 0].parts

    assert Parts(prices=54.0, slippage=4.0, fees=2.0) == found
    assert 48.0 == found.total


def test_short_position_pays_the_borrow_rate_at_every_close_it_stands(tmp_path: Path) -> None:
    ran = backtest(tmp_path, fills=[(1, 0, 0, 0, -50.0, 11.0, 0.0, 0.0), (3, 0, 0, 0, 50.0, 12.0, 0.0, 0.0)])
    costs = attrs.evolve(ran.settings.costs, borrow_rate=0.252)
    found = positions(attrs.evolve(ran, settings=attrs.evolve(ran.settings, costs=costs)), 5)[0, 0]

    assert 0.55 + 0.60 == pytest.approx(found.parts.borrow)
    assert -50.0 - 1.15 == pytest.approx(found.parts.total)
    assert [0.0, -0.55, -51.15, -51.15, -51.15] == pytest.approx(found.profit(np.arange(5)).tolist())


def test_contributions_end_before_the_bar_they_are_told(tmp_path: Path) -> None:
    found = contributions(backtest(tmp_path), 3)

    assert [("trend", 49.0)] == [(row.name, row.total) for row in found.strategies]
    assert [0.0, -1.0, 49.0] == found.strategies[0].curve.tolist()


def test_contributions_of_no_trade_are_nothing(tmp_path: Path) -> None:
    found = contributions(backtest(tmp_path, fills=[]), 5)

    assert ([0.0], [0.0, 0.0], [0.0]) == tuple(
        [row.total for row in rows] for rows in (found.strategies, found.signals, found.assets)
    )


def test_signal_claims_its_share_of_what_the_position_earned_after_the_decision(tmp_path: Path) -> None:
    """At the close of bar 0 one signal holds all votes; at that of bar 2 they agree as 3 to 1."""
    said = {"first": np.array([[0.5, 0.0], [0.3, 0.0]]), "second": np.array([[0.0, 0.0], [0.1, 0.0]])}
    decided = np.array([True, False, True, False, False])
    targets = Targets(weights=np.zeros((5, 2)), decided=decided, missing={}, breaches=[], votes=said)
    found = contributions(attrs.evolve(backtest(tmp_path), targets={"trend": targets}), 5)

    earned = {row.name: row.total for row in found.signals}
    assert {"first": 49.0 - 0.75, "second": -0.25, "other": 0.0, "interest on cash": 0.0} == pytest.approx(earned)


def test_signal_that_nobody_asked_leaves_all_to_other(tmp_path: Path) -> None:
    found = contributions(backtest(tmp_path), 5)

    assert [("other", 48.0), ("interest on cash", 0.0)] == [(row.name, row.total) for row in found.signals]


# ---- shares ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (0.5, 0.25, (2 / 3, 1 / 3)),
        (-0.5, -0.25, (2 / 3, 1 / 3)),
        (0.5, -0.25, (2 / 3, -1 / 3)),
        (-0.5, 0.25, (2 / 3, -1 / 3)),
        (0.5, 0.0, (1.0, 0.0)),
    ],
)
def test_share_of_a_vote_is_positive_for_the_side_that_won(
    one: float, two: float, expected: tuple[float, ...]
) -> None:
    found = shares(votes(one=[one], two=[two]))

    assert expected == pytest.approx((found["one"][0, 0], found["two"][0, 0]))


def test_share_without_an_opinion_is_that_of_the_decision_before() -> None:
    found = shares(votes(one=[0.0, 0.5, 0.0], two=[0.0, 0.5, 0.0]))

    assert [0.0, 0.5, 0.5] == found["one"].ravel().tolist()


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=8))
def test_shares_never_claim_more_than_there_is(rows: list[tuple[float, float, float]]) -> None:
    columns = np.array(rows).T
    found = shares(votes(a=columns[0].tolist(), b=columns[1].tolist(), c=columns[2].tolist()))
    total = np.sum(list(found.values()), axis=0)

    assert all((np.abs(share) <= 1.0 + 1e-12).all() for share in found.values())
    assert ((total >= 0.0) & (total <= 1.0 + 1e-12)).all()


# ---- adding up -------------------------------------------------------------------------------------------


@hypothesis_settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), acting=st.booleans(), whole=st.booleans(), books=st.sampled_from([1, 2, 3]))
def test_contributions_add_up_to_the_profit_of_each_book(
    folder: Path, rule_cache: Path, seed: int, acting: bool, whole: bool, books: int
) -> None:
    bars = market(seed, 80, SYMBOLS, acting=acting)
    ran = played(folder, rule_cache, bars, seed=seed, books=("one", "two", "three")[:books], whole=whole)
    found = contributions(ran, bars.n_bars)
    last = ran.trace.curve[-1]
    profit = last.equity[-1] - 100_000.0
    slack = 1e-9 * max(1.0, last.equity[-1])

    assert len(ran.trace.fills) > 10
    for book, row in enumerate(found.strategies):
        equity = ran.trace.curve.equity[:, book]
        assert np.abs(row.curve - (equity - 100_000.0 / books)).max() <= slack
        assert abs(row.total - row.curve[-1]) <= slack
    for rows in (found.strategies, found.signals, found.assets):
        assert abs(sum(row.total for row in rows) - profit) <= slack
        assert np.abs(np.sum([row.curve for row in rows], axis=0)[-1] - profit) <= slack
    paid = [row.parts for row in found.assets if row.parts is not None]
    assert abs(sum(one.fees + one.slippage + one.borrow for one in paid) - costs_of(last)[-1]) <= slack
    assert any(row.total for row in found.signals if row.name.endswith("against"))


def test_contributions_of_shorter_bars_are_told_at_session_closes(tmp_path: Path) -> None:
    found = contributions(backtest(tmp_path, bars=prices(bars_per_session=2)), 5)

    assert [-1.0, 48.0, 48.0] == found.assets[0].curve.tolist()
