"""The engine and its slow twin agree, and the engine may stop and go on at any bar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import twin_books
import twin_rules
from campaign import Campaign, minimal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tradewright.engine.state import as_bytes
from twin import Twin
from twin_books import Books
from twin_comparison import play, simulation
from twin_draws import Draw, case_of, draws

DRAWS = settings(
    max_examples=150,
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
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where compiled rule sets lie during this session."""
    return tmp_path_factory.mktemp("fused")


@pytest.mark.slow
@DRAWS
@given(draw=draws())
def test_engine_when_given_any_market_agrees_with_its_twin(folder: Path, draw: Draw) -> None:
    outcome = play(draw, folder)

    assert outcome.difference is None or outcome.excused, f"{draw!r}: {outcome.difference}"


@pytest.mark.slow
@settings(DRAWS, max_examples=40)
@given(draw=draws("all", "none"), cuts=st.sets(st.integers(1, 59), max_size=8))
def test_engine_when_stopped_at_any_bars_gives_the_same_bytes(folder: Path, draw: Draw, cuts: set[int]) -> None:
    case = case_of(draw)
    whole, parts = simulation(case, folder), simulation(case, folder)
    whole.advance(draw.n_bars)
    for stop in sorted(cut for cut in cuts if cut < draw.n_bars):
        parts.advance(stop)
    parts.advance(draw.n_bars)

    assert as_bytes(whole.state) == as_bytes(parts.state)
    for name in ("curve", "fills", "events"):
        assert getattr(whole.trace(), name).tobytes() == getattr(parts.trace(), name).tobytes()


@pytest.mark.parametrize(
    ("owner", "name", "wrong"),
    [
        (Books, "fee_of", lambda *_: 0.0),
        (Books, "stop_price", lambda *_: None),
        (Books, "short_value", lambda *_: 0.0),
        (Books, "afford", lambda self, size, *_: size),
        (Books, "last_of_session", lambda self: True),
        (Twin, "begin_session", lambda self: None),
        (Twin, "within_band", lambda *_: True),
        (Twin, "still_lowers", lambda *_: False),
        (twin_rules.RiskPerTrade, "unit", lambda *_: 0.01),
        (twin_rules.Exposure, "effective", lambda self, cap, *_: cap),
        (twin_books, "SESSIONS_A_YEAR", 365),
    ],
)
def test_comparison_when_the_twin_is_wrong_finds_the_bar(
    folder: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, wrong: Callable[..., Any] | int
) -> None:
    """A comparison that cannot fail would prove nothing."""
    right = [play(draw, folder).difference for draw in planted()]
    monkeypatch.setattr(owner, name, wrong)
    found = [play(draw, folder) for draw in planted()]

    assert [None] * len(right) == right
    assert any(outcome.difference is not None and not outcome.excused for outcome in found)


def planted() -> list[Draw]:
    with_rules = [Draw(seed=seed, strikes=seed % 2 == 0, **RICH) for seed in range(10)]
    return [*with_rules, *(Draw(seed=seed, rule_set="none", **RICH) for seed in range(3))]


def test_comparison_when_results_differ_names_bar_quantity_and_both_values(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Books, "fee_of", lambda *_: 0.5)
    draw = Draw(seed=1, rule_set="none", n_bars=20, n_assets=2)
    outcome = minimal(play(draw, folder), folder)

    assert outcome.difference is not None
    assert str(outcome.difference) == (
        f"bar {outcome.difference.bar}: fill 0 fee is 0.0 in the engine, 0.5 in the twin"
    )
    assert outcome.draw.n_assets == 1
    assert outcome.draw.n_bars == outcome.difference.bar + 2


def test_campaign_when_the_twin_is_wrong_fails_and_shows_the_draw(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Books, "fee_of", lambda *_: 0.5)
    campaign = Campaign(folder)
    campaign.add(Draw(seed=1, rule_set="none", n_bars=20))
    report = "\n".join(campaign.report())

    assert campaign.failed()
    assert "1 unexplained divergences" in report
    assert "Draw(seed=1, rule_set='none'" in report


@pytest.mark.parametrize(("distance", "expected"), [(0.0, 0), (1e-15, 1), (9e-13, 1), (1.1e-12, 0)])
def test_watch_when_a_decision_is_close_to_its_limit_remembers_it(distance: float, expected: int) -> None:
    """A decision exactly on its limit is no excuse: the page says which way it goes."""
    watch = twin_rules.Watch()
    watch.limit("any", 0.25 + distance, 0.25)

    assert expected == len(watch.near)
