"""The engine and its slow twin agree, and the engine may stop and go on at any bar."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import twin_books
import twin_features
import twin_optional
import twin_rules
from campaign import Campaign, minimal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tradewright.engine.state import as_bytes
from twin import Twin
from twin_actions import Actions
from twin_books import Books
from twin_case import HALTED, Event, Watch
from twin_comparison import compare, play, simulation
from twin_draws import Draw, case_of, draws
from twin_fills import Fills
from twin_options import CHECKS, SETS

DRAWS = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
RICH: dict[str, Any] = {
    "n_bars": 40,
    "n_books": 2,
    "n_assets": 3,
    "bars_per_session": 2,
    "costs": True,
    "rates": True,
    "shorts": True,
    "rough": True,
}


@pytest.fixture(scope="session")
def folder(pytestconfig: pytest.Config) -> Path:
    """Return where compiled rule sets lie, from one session to the next."""
    cache: Path = pytestconfig.cache.mkdir("tradewright-rules")  # type: ignore[union-attr]  # the plugin is on
    return cache


@pytest.mark.compiled
@DRAWS
@given(draw=draws())
def test_engine_when_given_any_market_agrees_with_its_twin(folder: Path, draw: Draw) -> None:
    outcome = play(draw, folder)

    assert outcome.difference is None or outcome.excused, f"{draw!r}: {outcome.difference}"


@pytest.mark.compiled
@settings(DRAWS, max_examples=40)
@given(draw=draws("gates", "none"), cuts=st.sets(st.integers(1, 59), max_size=8))
def test_engine_when_stopped_at_any_bars_gives_the_same_bytes(folder: Path, draw: Draw, cuts: set[int]) -> None:
    case = case_of(draw)
    whole, parts = simulation(case, folder), simulation(case, folder)
    whole.advance(draw.n_bars)
    for stop in sorted(cut for cut in cuts if cut < draw.n_bars):
        parts.advance(stop)
    parts.advance(draw.n_bars)

    assert as_bytes(whole.state) == as_bytes(parts.state)
    for name in ("equity", "curve", "fills", "actions", "events"):
        assert getattr(whole.trace(), name).tobytes() == getattr(parts.trace(), name).tobytes()


@pytest.mark.parametrize(
    ("rule_set", "owner", "name", "wrong"),
    [
        ("none", Fills, "fee_of", lambda *_: 0.0),
        ("none", Fills, "afford", lambda self, size, *_: size),
        ("none", Fills, "reached", lambda *_: True),
        ("none", Books, "short_value", lambda *_: 0.0),
        ("none", Books, "last_of_session", lambda self: True),
        ("none", Actions, "apply_dividend", lambda *_: None),
        ("none", Actions, "whole_lots", lambda self, quantity, asset: quantity),
        ("none", Twin, "within_band", lambda *_: True),
        ("none", twin_books, "SESSIONS_A_YEAR", 365),
        ("mission", Fills, "stop_price", lambda *_: None),
        ("mission", Fills, "beyond_stop", lambda *_: False),
        ("mission", Actions, "lower_stop", lambda *_: None),
        ("mission", Twin, "begin_session", lambda self: None),
        ("mission", Twin, "still_lowers", lambda *_: False),
        ("mission", twin_rules.RiskPerTrade, "unit", lambda *_: 0.01),
        ("mission", twin_rules.Exposure, "effective", lambda self, cap, *_: cap),
        ("mission", twin_features.History, "adjust", lambda *_: None),
        *(("checks", kind, "ask", lambda self, order, watch: order.size) for kind in CHECKS[3:]),
        ("gates", twin_optional.CorrelationLimit, "exposure", lambda *_: 0.0),
        ("gates", twin_optional.LiquidityFloor, "ask", lambda self, view, *proposal: proposal[:3]),
        ("gates", twin_optional.TradingWindow, "ask", lambda self, view, *proposal: proposal[:3]),
        ("gates", twin_features, "USUAL", 59),
        ("all", twin_optional.VolatilityTarget, "sigma", lambda *_: 0.0),
        ("all", twin_features, "KNOWN_PAIRS_MIN", 21),
    ],
)
def test_comparison_when_the_twin_is_wrong_finds_the_bar(
    folder: Path, monkeypatch: pytest.MonkeyPatch, rule_set: str, owner: Any, name: str, wrong: Any
) -> None:
    """A comparison that cannot fail would prove nothing."""
    monkeypatch.setattr(owner, name, wrong)
    outcomes = (play(draw, folder) for draw in planted(rule_set))

    assert any(outcome.difference is not None and not outcome.excused for outcome in outcomes)


@pytest.mark.parametrize("rule_set", SETS)
def test_comparison_when_the_twin_is_right_finds_nothing(folder: Path, rule_set: str) -> None:
    assert [] == [draw for draw in planted(rule_set) if play(draw, folder).difference is not None]


def test_split_and_dividend_on_one_bar_are_written_down_in_the_order_of_the_page(folder: Path) -> None:
    """A split in every book, and then the dividend in every book."""
    draw = Draw(seed=407216, rule_set="none", n_books=3, n_assets=4, round_numbers=True, splits=True, dividends=True)

    assert play(draw, folder).difference is None


def planted(rule_set: str) -> Iterator[Draw]:
    """Return draws in which every part of the twin matters; two sets are long, for the windows of their rules."""
    n_bars = 90 if rule_set in ("gates", "all") else RICH["n_bars"]
    acts = {"limits": True, "splits": True, "dividends": True, "volume": True, "band": True}
    for seed in range(8):
        options = {**RICH, **(acts if seed % 4 else {}), "rule_set": rule_set, "n_bars": n_bars}
        yield Draw(seed=seed, breaches=seed % 2 == 0, **options)


@pytest.mark.compiled
@pytest.mark.parametrize("kind", [twin_rules.DrawdownHalt, twin_rules.DailyLoss])
def test_trigger_when_the_limit_is_the_very_loss_fires_and_a_hair_above_does_not(
    folder: Path, kind: type[twin_rules.DrawdownHalt | twin_rules.DailyLoss]
) -> None:
    """Twenty losses that fired a rule become its limit: exactly at it the rule must fire on that bar again."""
    tried = 0
    for seed in range(100):
        case = case_of(Draw(seed=seed, **RICH))
        index = next(number for number, rule in enumerate(case.rules) if isinstance(rule, kind))
        event = first_halt(compare(case, folder).twin, kind)
        if event is None or event.observed > kind().limit:
            continue
        tried += 1
        for limit, fires in ((event.observed, True), (math.nextafter(event.observed, 1.0), False)):
            case.rules[index] = replace(case.rules[index], limit=limit)  # type: ignore[type-var]  # a dataclass
            again = compare(case, folder)
            halt = first_halt(again.twin, kind)

            assert again.difference is None, f"seed {seed}, limit {limit!r}: {again.difference}"
            assert fires == (halt is not None and (halt.bar, halt.row) == (event.bar, event.row))
        if tried == 20:
            break

    assert tried == 20


def first_halt(twin: Twin, kind: type[twin_rules.BookRule]) -> Event | None:
    number = next(index for index, rule in enumerate(twin.book_rules) if isinstance(rule, kind))
    return next((e for e in twin.events if e.kind == HALTED and e.rule == number), None)


def test_comparison_when_results_differ_names_bar_quantity_and_both_values(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fills, "fee_of", lambda *_: 0.5)
    draw = Draw(seed=1, rule_set="none", n_bars=20, n_assets=2, band=True, resume=True)
    outcome = minimal(play(draw, folder), folder)

    assert outcome.difference is not None
    assert str(outcome.difference) == (
        f"bar {outcome.difference.bar}: fill 0 fee is 0.0 in the engine, 0.5 in the twin"
    )
    assert repr(outcome.draw) == "Draw(seed=1, rule_set='none', n_bars=3)"


def test_campaign_when_the_twin_is_wrong_fails_and_shows_the_draw(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fills, "fee_of", lambda *_: 0.5)
    campaign = Campaign(folder)
    campaign.add(Draw(seed=1, rule_set="none", n_bars=20))
    report = "\n".join(campaign.report())

    assert campaign.failed()
    assert "1 unexplained divergences" in report
    assert "Draw(seed=1, rule_set='none'" in report


@pytest.mark.parametrize(("distance", "expected"), [(0.0, 0), (1e-15, 1), (9e-13, 1), (1.1e-12, 0)])
def test_watch_when_a_decision_is_close_to_its_limit_remembers_it(distance: float, expected: int) -> None:
    """A decision exactly on its limit is no excuse: the page says which way it goes."""
    watch = Watch()
    watch.limit("any", 0.25 + distance, 0.25)

    assert expected == len(watch.near)
