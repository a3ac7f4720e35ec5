"""The tree of a report: as JSON and back without a loss, and what older versions kept is brought up to date."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs
import pytest
from backtest_by_hand import HALT, LIFT, STEP, TICKET, backtest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tradewright.errors import DataError
from tradewright.reports.machine import report
from tradewright.reports.summary import summarise
from tradewright.reports.terminal import text
from tradewright.reports.tree.form import FORM, KEY, kept, printed, read
from tradewright.reports.tree.part import Trades
from tradewright.reports.tree.report import Report

SAVED = Path(__file__).with_name("saved_reports")
"""What `backtest --json` printed of one small run before reports had forms: at first, and later and later."""

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    Any: PLAIN,
    NoneType: st.none(),
    bool: st.booleans(),
    int: st.integers(),
    str: st.text(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=2),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


def some(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for whatever a field of the tree may hold."""
    if kind in LEAVES:
        return LEAVES[kind]
    if attrs.has(kind):
        fields = {name: some(hint) for name, hint in get_type_hints(kind).items()}
        return st.fixed_dictionaries(fields).map(lambda found: kind(**found))
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return st.one_of([some(one) for one in inner])
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is tuple:
        return st.lists(some(inner[0]), max_size=1).map(tuple)
    assert origin is dict, kind
    return st.dictionaries(some(inner[0]), some(inner[1]), max_size=1)


def told(folder: Path, **changes: Any) -> Report:
    return report(summarise(backtest(folder, **changes)), TICKET, {"tradewright": "0.1.0"})


def older(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAVED / f"{name}.json").read_text("utf-8"))
    return found


# ---- to JSON and back ------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(some(Report))
def test_report_loses_nothing_on_its_way_to_json_and_back(found: Report) -> None:
    assert found == read(json.loads(json.dumps(kept(found), allow_nan=False)))


@pytest.mark.parametrize("events", [[], [HALT], [HALT, LIFT, STEP]])
def test_report_of_a_run_is_read_as_it_was_written(tmp_path: Path, events: list[Any]) -> None:
    found = told(tmp_path, events=events)

    assert found == read(json.loads(json.dumps(kept(found))))


def test_money_is_text_and_instants_are_in_utc(tmp_path: Path) -> None:
    found = printed(told(tmp_path, events=[STEP, HALT, LIFT]))
    (halt,) = found["halts"]

    assert ("500.00", "2024-01-04") == (found["capital"]["steps"][0]["amount"], found["capital"]["steps"][0]["on"])
    assert ("2024-01-04T15:00:00Z", "2024-01-06T14:00:00Z") == (halt["at"], halt["lifted_at"])


def test_kept_report_says_its_form_and_the_printed_one_does_not(tmp_path: Path) -> None:
    found = told(tmp_path)

    assert {KEY: FORM, **printed(found)} == kept(found)
    assert KEY not in printed(found)


# ---- what older versions kept ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["first", "before_breaches", "before_forms"])
def test_report_of_an_older_version_is_read_and_shown(name: str) -> None:
    stored = older(name)
    found = read(stored)
    shown = text(found, width=80)

    assert older(name) == stored
    assert found == read(kept(found))
    assert ("halted", ["A"], ["trend"]) == (found.status, found.symbols, found.books)
    assert "HALTED on 2024-01-" in shown
    assert "nan" not in shown
    assert "None" not in shown


def test_report_of_the_first_version_says_unknown_of_what_it_did_not_measure() -> None:
    found = read(older("first"))

    assert (None, None, None) == (found.net.sortino, found.net.lots, found.net.relative)
    assert Trades(
        closed=1, stopped=None, open=0, hit_rate=None, profit_factor=None, payoff=None, expectancy=None,
        sessions_held=None,
    ) == found.net.trades  # fmt: skip
    assert ((), 252, "source") == (found.net.drawdowns, found.period.sessions_per_year, found.data[0].origin)
    assert (date(2024, 1, 30), date(2024, 1, 30)) == (found.halts[0].on, found.halts[1].lifted_on)


def test_report_that_counted_strikes_counts_breaches() -> None:
    stored = older("before_breaches")
    stored["net"]["strikes"] = 3

    assert 3 == read(stored).net.breaches


def test_report_of_the_version_before_forms_prints_what_it_printed() -> None:
    """Nothing that reads the JSON object misses a key or finds another value."""
    stored = older("before_forms")
    now = printed(read(stored))

    assert within(stored, now)


def within(then: Any, now: Any) -> bool:
    """Say whether whatever stood there stands there still; there may be more."""
    if isinstance(then, dict):
        return all(name in now and within(value, now[name]) for name, value in then.items())
    if isinstance(then, list):
        return len(then) == len(now) and all(map(within, then, now))
    return bool(then == now)


# ---- what can go wrong -----------------------------------------------------------------------------------


@pytest.mark.parametrize("newer", [FORM + 1, 99])
def test_report_of_a_newer_form_is_refused(tmp_path: Path, newer: int) -> None:
    with pytest.raises(DataError, match=f"form {newer}, this version reads {FORM}") as refused:
        read({**kept(told(tmp_path)), KEY: newer})
    assert "upgrade tradewright" == refused.value.fix


@pytest.mark.parametrize(
    ("name", "value"),
    [("period", None), ("costs", {}), ("halts", [1]), ("status", "fine"), ("more", 1), ("trials", "many")],
)
def test_report_that_is_damaged_is_refused_by_its_name(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(DataError, match=f"the saved report {TICKET.run_id} cannot be read") as refused:
        read({**kept(told(tmp_path)), name: value})
    assert "play the run again: tradewright backtest --run ID" == refused.value.fix
