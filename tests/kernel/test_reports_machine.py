"""The JSON object of a backtest: its keys, and how it writes what it holds."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from backtest_by_hand import HALT, LIFT, STEP, TICKET, backtest
from tradewright.reports.machine import report
from tradewright.reports.plain import instant, money
from tradewright.reports.summary import summarise
from tradewright.reports.tree.form import printed
from tradewright.workspace.kept import Ticket

KEYS = [
    "run_id",
    "status",
    "config",
    "versions",
    "data",
    "period",
    "currency",
    "capital",
    "net",
    "gross",
    "benchmarks",
    "costs",
    "rules",
    "halts",
    "trials",
    "warnings",
    "seconds",
]


UNKNOWN = [
    *("annual_return", "volatility", "sharpe", "sharpe_interval", "probabilistic_sharpe", "min_track_record"),
    *("sortino", "calmar", "omega", "downside_deviation", "value_at_risk", "expected_shortfall", "skew", "kurtosis"),
    *("cornish_fisher_value_at_risk", "cornish_fisher_expected_shortfall", "tail_ratio"),
]
"""What five sessions cannot tell."""


def made(folder: Path, ticket: Ticket = TICKET, **changes: Any) -> dict[str, Any]:
    return printed(report(summarise(backtest(folder, **changes)), ticket, {"python": "3.11"}))


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    return [leaf for inner in value for leaf in leaves(inner)] if isinstance(value, list) else [value]


def test_report_has_the_keys_of_the_reference_in_their_order(tmp_path: Path) -> None:
    assert KEYS == list(made(tmp_path))


def test_report_of_a_lifted_halt_adds_what_was_before_it(tmp_path: Path) -> None:
    found = made(tmp_path, events=[HALT, LIFT])

    assert [*KEYS, "until_halt"] == list(found)
    assert ["period", "net", "gross", "benchmarks", "costs"] == list(found["until_halt"])
    assert 4 == found["until_halt"]["period"]["sessions"]
    assert 5 == found["period"]["sessions"]


def test_report_survives_a_round_trip_through_json(tmp_path: Path) -> None:
    found = made(tmp_path, events=[HALT, STEP])

    assert found == json.loads(json.dumps(found, allow_nan=False))


def test_report_holds_only_plain_values(tmp_path: Path) -> None:
    kinds = {type(leaf) for leaf in leaves(made(tmp_path, events=[HALT, STEP]))}

    assert kinds <= {str, int, float, bool, type(None)}


def test_report_writes_money_as_text_and_fractions_as_numbers(tmp_path: Path) -> None:
    found = made(tmp_path)

    assert {"start": "1000.00", "end": "1000.00", "steps": []} == found["capital"]
    assert ("48.00", "1048.00") == (found["net"]["profit"], found["net"]["equity"])
    assert ["2.00", "4.00", "0.00", "6.00", "0.00"] == [cost["amount"] for cost in found["costs"].values()]
    assert found["costs"]["total"]["per_year"] == pytest.approx(6.0 / 1028.8 * 252 / 5)
    assert found["net"]["total_return"] == pytest.approx(0.048)


def test_report_says_null_where_nothing_can_be_known(tmp_path: Path) -> None:
    found = made(tmp_path)

    for part in (found["net"], found["gross"], *found["benchmarks"].values()):
        assert {None} == {part[name] for name in UNKNOWN}
    assert (None, None) == (found["net"]["deflated_sharpe"], found["net"]["relative"]["beta"])


@pytest.mark.parametrize("unknown", [math.nan, math.inf, -math.inf])
def test_report_never_holds_a_number_that_json_has_not(tmp_path: Path, unknown: float) -> None:
    summary = summarise(backtest(tmp_path))
    broken = attrs.evolve(summary.figures, turnover=unknown, exposure_net=unknown)
    found = printed(report(attrs.evolve(summary, figures=broken), TICKET, {}))

    assert (None, None) == (found["net"]["turnover"], found["net"]["exposure"]["net"])


def test_report_dates_drawdowns(tmp_path: Path) -> None:
    fall = made(tmp_path)["net"]["max_drawdown"]

    assert fall == {
        "depth": pytest.approx(0.001),
        "peak_on": "2024-01-02",
        "trough_on": "2024-01-03",
        "recovered_on": "2024-01-04",
        "sessions": 2,
    }


def test_report_names_benchmarks_by_their_exposure(tmp_path: Path) -> None:
    found = made(tmp_path)["benchmarks"]

    assert ["buy_and_hold", "buy_and_hold_at_average_exposure", "cash"] == list(found)
    assert 1.0 == found["buy_and_hold"]["exposure"]
    assert found["buy_and_hold_at_average_exposure"]["exposure"] == pytest.approx((550 / 999 + 600 / 1049) / 5)


def test_report_lists_halts_with_instants_in_utc(tmp_path: Path) -> None:
    found = made(tmp_path, events=[HALT, LIFT])

    assert [
        {
            "kind": "drawdown-halt",
            "level": "flatten",
            "book": "trend",
            "at": "2024-01-04T15:00:00Z",
            "on": "2024-01-04",
            "observed": 0.125,
            "limit": 0.12,
            "latched": True,
            "lifted_at": "2024-01-06T14:00:00Z",
            "lifted_on": "2024-01-06",
            "cut": None,
        }
    ] == found["halts"]


def test_report_of_a_halt_says_what_came_after(tmp_path: Path) -> None:
    found = made(tmp_path, events=[HALT])

    assert "halted" == found["status"]
    assert {
        "on": "2024-01-04",
        "profit": "49.00",
        "max_drawdown": pytest.approx(0.001),
    } == found["net"]["at_halt"]
    assert {
        "on": "2024-01-06",
        "equity": "1048.00",
        "change": 0.0,
        "annual_return": None,
        "years": 1 / 365.25,
        "flat": True,
    } == found["net"]["after_halt"]


def test_report_lists_steps_and_rules(tmp_path: Path) -> None:
    found = made(tmp_path, events=[STEP])

    assert [{"on": "2024-01-04", "amount": "500.00", "gain": 0.16}] == found["capital"]["steps"]
    assert {
        "name": "drawdown-halt",
        "cuts": 0,
        "bars_bound": 0,
        "notional_cut": "0.00",
        "held_back": None,
        "first_at": None,
        "last_at": None,
        "first_on": None,
        "last_on": None,
    } == found["rules"][0]


def test_report_describes_the_data_and_the_configuration(tmp_path: Path) -> None:
    found = made(tmp_path)

    assert [
        {
            "name": "mine",
            "source": "files",
            "symbols": ["A", "B"],
            "first_on": "2024-01-02",
            "last_on": "2024-01-06",
            "bars": 5,
            "adjustment": "none",
            "fingerprint": "f" * 64,
            "origin": "source",
            "fetched_at": None,
            "last_on_by_symbol": {"A": "2024-01-06", "B": "2024-01-06"},
        }
    ] == found["data"]
    assert 1000.0 == found["config"]["capital"]["start"]
    assert ({"python": "3.11"}, "USD") == (found["versions"], found["currency"])


def test_report_says_when_cached_prices_were_fetched(tmp_path: Path) -> None:
    ran = backtest(tmp_path)
    (feed,) = ran.feeds
    at = datetime(2024, 1, 7, 1, 2, 3, tzinfo=UTC)
    cached = attrs.evolve(ran, feeds=(attrs.evolve(feed, fetched_at=at),))
    (row,) = printed(report(summarise(cached), TICKET, {}))["data"]

    assert ("cache", "2024-01-07T01:02:03Z") == (row["origin"], row["fetched_at"])


def test_report_says_that_it_was_not_saved(tmp_path: Path) -> None:
    ticket = attrs.evolve(TICKET, trials=None, warning="not saved: no room")
    found = made(tmp_path, ticket=ticket, warnings=("prices have gaps",))

    assert (None, ["prices have gaps", "not saved: no room"]) == (found["trials"], found["warnings"])


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(0.0, "0.00"), (-0.0, "0.00"), (-0.004, "0.00"), (-0.006, "-0.01"), (1e9, "1000000000.00"), (1.5, "1.50")],
)
def test_money_has_two_decimals_and_no_negative_zero(amount: float, expected: str) -> None:
    assert expected == str(money(amount))


def test_instant_is_kept_to_the_second() -> None:
    at = np.datetime64("2024-01-02T21:00:00.5", "ns")

    assert datetime(2024, 1, 2, 21, tzinfo=UTC) == instant(at)


def test_report_says_how_many_sessions_its_year_has(tmp_path: Path) -> None:
    usual, coin = made(tmp_path), made(tmp_path, sessions_per_year=365)

    assert {"first_on": "2024-01-02", "last_on": "2024-01-06", "sessions": 5, "sessions_per_year": 365} == coin[
        "period"
    ]
    assert coin["net"]["turnover"] == pytest.approx(usual["net"]["turnover"] * 365 / 252)
    assert (252, 365) == (usual["net"]["rolling_sharpe"]["window"], coin["net"]["rolling_sharpe"]["window"])
    assert coin["costs"]["total"]["per_year"] == pytest.approx(usual["costs"]["total"]["per_year"] * 365 / 252)
