"""Why nothing was traded: each reason with its count, taken from what was asked and what was counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from backtest_by_hand import TICKET, backtest, prices
from tradewright.backtest import Backtest
from tradewright.reports.idle import reasons
from tradewright.reports.machine import report
from tradewright.reports.summary import summarise
from tradewright.reports.terminal import text
from tradewright.reports.tree.form import printed
from tradewright.risk import risk_per_trade

STILL: dict[str, Any] = {"fills": [], "equity": [1000.0] * 5, "gross": [0.0] * 5, "costs": [0.0] * 5}


def still(folder: Path, target: Any = 0.0, **changes: Any) -> Backtest:
    """Return a run of one book in which nothing was traded."""
    return backtest(folder, target=target, **STILL, **changes)


def test_nothing_asked_for_is_the_reason(tmp_path: Path) -> None:
    ran = still(tmp_path)

    assert ("trend never asked for anything: no signal was for a position at any of its 5 decisions",) == reasons(ran)


def test_targets_below_one_unit_are_told_with_price_and_money(tmp_path: Path) -> None:
    """Closes of A are 10 11 12 12 6: 0.9 % of 1,000 buys one on the last bar alone, 1.1 % none at 12."""
    edge = still(tmp_path, target=[[0.011, 0.0]] * 5)

    assert reasons(still(tmp_path, target=[[0.009, 0.0]] * 4 + [[0.0, 0.0]])) == (
        (
            "4 of the 4 targets of trend were below one unit: the largest was for 9.00 of A at 10.00 a unit,"
            " with 1,000.00 in the book"
        ),
    )
    assert reasons(edge)[0].startswith(
        "2 of the 5 targets of trend were below one unit: the largest was for 11.00 of A at 12.00"
    )


def test_fractional_units_are_never_too_small(tmp_path: Path) -> None:
    ran = still(tmp_path, target=0.001)
    settings = attrs.evolve(ran.settings, execution=attrs.evolve(ran.settings.execution, units="fractional"))

    assert () == reasons(attrs.evolve(ran, settings=settings))


def test_asset_that_never_traded_is_named(tmp_path: Path) -> None:
    close = np.array([[10.0, np.nan]] * 5)

    assert "B never traded in the period" == reasons(still(tmp_path, bars=prices(close)))[0]


def test_wish_of_the_last_bar_alone_has_no_bar_left(tmp_path: Path) -> None:
    ran = still(tmp_path, target=[[0.0, 0.0]] * 4 + [[0.5, 0.0]])

    assert ("trend asked for something on the last bar alone, and no bar is left to buy it on",) == reasons(ran)


def test_strategy_that_never_decided_says_so(tmp_path: Path) -> None:
    ran = still(tmp_path)
    ran.decisions.made[:] = False

    assert ("trend never came to decide: the period is shorter than its rebalancing",) == reasons(ran)


def test_rules_and_orders_are_counted(tmp_path: Path) -> None:
    ran = still(tmp_path, target=0.5)
    ran.trace.state.counters.cuts[:], ran.trace.state.counters.bars[:] = (1, 12), (1, 4)
    counts = ran.trace.state.run[0]
    counts.participation_cuts, counts.cash_cuts, counts.expired = 2, 3, 4

    assert (
        "daily-loss cut targets 12 times, on 4 bars",
        "drawdown-halt cut targets once, on 1 bar",
        "2 orders were above the share of the bar's volume (execution.participation)",
        "3 orders were above the cash there was",
        "4 orders expired short of their limit price (execution.limit_offset)",
    ) == reasons(ran)


def test_check_is_told_from_a_rule(tmp_path: Path) -> None:
    ran = still(tmp_path, target=0.5)
    ran.trace.state.counters.cuts[:], ran.trace.state.counters.bars[:] = (0, 12), (0, 4)
    moved = attrs.evolve(ran, rules=ran.rules[:1], checks=(("price-collar", ran.rules[1][1]),))

    assert ("price-collar cut orders 12 times, on 4 bars",) == reasons(moved)


def test_rule_without_enough_history_is_named_with_the_sessions_that_are_missing(tmp_path: Path) -> None:
    """25 sessions hold the 21 closes that 20 returns need; A lacks five of them, and B none."""
    close = np.full((25, 2), 10.0)
    close[[3, 4, 5, 9, 17], 0] = np.nan
    flat = {"fills": [], "equity": [1000.0] * 25, "gross": [0.0] * 25, "costs": [0.0] * 25}
    ran = backtest(tmp_path, bars=prices(close), target=[[0.5, 0.0]] * 25, **flat)
    ran.trace.state.counters.cuts[:] = (25, 0)
    rules = (("risk-per-trade", risk_per_trade.make(risk_per_trade.RiskPerTrade())), ran.rules[1])

    assert (
        "risk-per-trade knew no volatility of A at 25 of the 25 targets for it: it looks back over 20, and A has 20"
        " sessions with a price up to 2024-01-26, without 2024-01-05, 2024-01-06, 2024-01-07, 2024-01-11, 2024-01-19"
    ) == reasons(attrs.evolve(ran, rules=rules))[0]


@pytest.mark.parametrize(("sessions", "blind"), [(20, 20), (21, 20), (25, 20)])
def test_rule_that_knows_enough_in_the_end_says_how_often_it_did_not(
    tmp_path: Path, sessions: int, blind: int
) -> None:
    flat = {"fills": [], "equity": [1000.0] * sessions, "gross": [0.0] * sessions, "costs": [0.0] * sessions}
    ran = backtest(tmp_path, bars=prices(np.full((sessions, 2), 10.0)), target=[[0.5, 0.0]] * sessions, **flat)
    ran.trace.state.counters.cuts[:] = (sessions, 0)
    rules = (("risk-per-trade", risk_per_trade.make(risk_per_trade.RiskPerTrade())), ran.rules[1])
    first = reasons(attrs.evolve(ran, rules=rules))[0]

    assert first.startswith(f"risk-per-trade knew no volatility of A at {blind} of the {sessions} targets for it")
    assert first.endswith("A has 20 sessions with a price up to 2024-01-21")


def test_split_is_part_of_the_price_that_a_target_is_measured_by(tmp_path: Path) -> None:
    """B is not traded on the bar of its split: its mark of 20 is then 5, and 0.6 % of 1,000 buys one."""
    bars = prices(np.array([[10.0, 20.0], [10.0, np.nan]]))
    split = np.array([[1.0, 1.0], [1.0, 4.0]])
    ran = backtest(
        tmp_path,
        bars=attrs.evolve(bars, split=split, dividend=np.zeros((2, 2))),
        target=[[0.0, 0.006]] * 2,
        **{name: value[:2] for name, value in STILL.items()},
    )

    assert reasons(ran)[0].startswith(
        "1 of the 2 targets of trend were below one unit: the largest was for 6.00 of B at 20.00"
    )


def test_page_and_json_say_why_nothing_was_traded(tmp_path: Path) -> None:
    found = report(summarise(still(tmp_path)), TICKET, {})
    first, *_ = text(found, width=80).split("\n\n")

    why = "trend never asked for anything: no signal was for a position at any of its 5 decisions"
    assert (why,) == found.net.no_trades
    assert [why] == printed(found)["net"]["no_trades"]
    assert "trend never asked for anything" in first
    assert () == report(summarise(backtest(tmp_path)), TICKET, {}).net.no_trades
