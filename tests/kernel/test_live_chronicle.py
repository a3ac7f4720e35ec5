"""What a walk leaves behind is what a backtest leaves behind: every table, bar by bar."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from played_back import Told
from tradewright.data.market import Market
from tradewright.engine.known import News, Plan
from tradewright.engine.log import ACTION, BY_EXIT, CURVE, EVENT, FILL
from tradewright.engine.run import Trace, simulate
from tradewright.engine.state import initial, table
from tradewright.live.chronicle import Chronicle
from tradewright.live.events import Decided
from tradewright.live.playback import Playback
from twin_comparison import bars_of, fused, settings_of
from twin_draws import Draw, case_of

WIDE = Draw(
    seed=26,
    rule_set="mission",
    n_bars=60,
    n_books=2,
    n_assets=3,
    bars_per_session=2,
    **dict.fromkeys(("costs", "volume", "splits", "dividends", "delisted", "grants", "missing", "rates"), True),
)
EMPTY = Plan(*(np.zeros((1, 1)) for _ in range(3)))


def both(draw: Draw, folder: Path, segments: int, start: int = 0) -> tuple[Trace, Trace, Playback]:
    """Return the trace of the backtest and that of a playback of one case."""
    case = case_of(draw)
    owned = np.arange(len(case.assets)) % len(case.capital)
    for bar in case.target:  # A symbol is one book's.
        for book, wanted in enumerate(bar):
            wanted[:] = [one if owner == book else 0.0 for one, owner in zip(wanted, owned, strict=True)]
    bars, rules, told = bars_of(case), fused(case, folder), Told(case)
    market = Market(feeds=(), beside=(), bars=bars, sessions_per_year=252)
    paper = Playback(told, market, rules, start, ahead=True, segments=segments)  # type: ignore[arg-type]  # stands in
    while paper.bar < bars.n_bars:
        paper.step()
    wants = told.want(bars).decisions
    trace = simulate(bars, wants, settings_of(case), rules, told.capital, start, segments=segments)
    return trace, paper.chronicle.trace(), paper


def assert_close(expected: Any, found: Any) -> None:
    """Compare two tables column by column within what sums in another order may differ by."""
    assert expected.shape == found.shape
    for name in expected.dtype.names or ():
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(
    ("draw", "segments"),
    [
        (WIDE, 1),
        (WIDE, 7),
        (WIDE, 60),
        (replace(WIDE, at_close=True), 7),
        (replace(WIDE, limits=True), 7),
        (replace(WIDE, limits=True, at_close=True), 7),
        (replace(WIDE, seed=28, close_only=True, fractional=True), 7),
        (replace(WIDE, n_books=1, n_assets=1, seed=2), 7),
    ],
)
def test_chronicle_of_a_playback_is_the_trace_of_the_backtest(draw: Draw, segments: int, rule_cache: Path) -> None:
    backtest, paper, _ = both(draw, rule_cache, segments)

    np.testing.assert_allclose(paper.equity, backtest.equity, rtol=1e-9)
    for name in ("curve", "actions", "events", "counters"):
        assert_close(getattr(backtest, name), getattr(paper, name))
    order = [np.lexsort((one.asset, one.reason, one.book, one.bar)) for one in (backtest.fills, paper.fills)]
    assert_close(backtest.fills[order[0]], paper.fills[order[1]])
    assert backtest.counted.tolist() == paper.counted.tolist()
    for name in ("closed", "session", "participation_cuts", "cash_cuts", "expired", "verify_failures"):
        assert backtest.state.run[0][name] == paper.state.run[0][name], name
    assert len(backtest.fills) > 15


def test_chronicle_of_a_playback_that_begins_later_counts_bars_of_the_recording(rule_cache: Path) -> None:
    backtest, paper, played = both(replace(WIDE, grants=False), rule_cache, 3, start=20)

    assert (backtest.counted.tolist(), 40) == (paper.counted.tolist(), len(played.chronicle.plans))
    assert backtest.fills.bar.min() == paper.fills.bar.min() >= 20
    np.testing.assert_allclose(paper.equity, backtest.equity, rtol=1e-9)
    assert_close(backtest.curve, paper.curve)
    assert len(paper.fills) == played.chronicle.n_fills


# ---- by hand ---------------------------------------------------------------------------------------------


def told(bar: int, *, fills: int = 0, actions: int = 0, events: int = 0, curve: int = 0) -> News:
    """Return news that a walk says are of its bar `bar`."""
    return News(
        table((fills,), FILL, bar=bar, reason=BY_EXIT, quantity=1.0),
        table((actions,), ACTION, bar=bar),
        table((events,), EVENT, bar=bar),
        table((curve, 1), CURVE, equity=float(bar)),
    )


def chronicle(n_bars: int = 5, start: int = 0, segments: int = 1) -> Chronicle:
    return Chronicle(n_bars, start, initial(np.array([100.0]), 1, 0, 1, 0, 0), segments)


def add(one: Chronicle, *news: News, equity: float = 100.0) -> None:
    one.add(Decided(news, EMPTY, np.array([equity])))


def test_trace_of_nothing_is_empty() -> None:
    trace = chronicle().trace()

    assert [0] * 5 == [len(part) for part in (trace.equity, trace.curve, trace.fills, trace.actions, trace.events)]
    assert ([], (0, 1)) == (trace.counted.tolist(), trace.counters.shape)
    assert (FILL, CURVE) == (trace.fills.dtype, trace.curve.dtype)


def test_news_are_of_the_bar_that_was_decided_on_whatever_the_walk_counts() -> None:
    one = chronicle(start=2)
    add(one, told(0, fills=2, actions=1), told(7, fills=1, events=1, curve=1))
    add(one, told(1, fills=1))
    trace = one.trace()

    assert ([2, 2, 2, 3], [2], [2], [7.0]) == (
        trace.fills.bar.tolist(),
        trace.actions.bar.tolist(),
        trace.events.bar.tolist(),
        trace.curve.equity[:, 0].tolist(),
    )
    assert 4 == one.n_fills


def test_equity_before_the_first_bar_is_nothing() -> None:
    one = chronicle(start=2)
    add(one, equity=101.0)

    assert [[0.0], [0.0], [101.0]] == one.trace().equity.tolist()


@pytest.mark.parametrize(
    ("start", "segments", "counted"),
    [
        (0, 1, [4]),
        (0, 2, [2, 4]),
        (0, 5, [0, 1, 2, 3, 4]),
        (0, 99, [0, 1, 2, 3, 4]),
        (0, 0, [4]),
        (1, 2, [3, 4]),
        (3, 1, [4]),
    ],
)
def test_counters_are_noted_at_the_end_of_each_segment(start: int, segments: int, counted: list[int]) -> None:
    one = chronicle(start=start, segments=segments)
    for _ in range(start, 5):
        one._state.counters[0].cuts += 1
        add(one)
    trace = one.trace()

    assert counted == trace.counted.tolist()
    assert [bar + 1 - start for bar in counted] == trace.counters.cuts[:, 0].tolist()


def test_plans_are_kept_in_order() -> None:
    one = chronicle()
    plans = [Plan(*(np.full((1, 1), float(n)) for _ in range(3))) for n in range(3)]
    for plan in plans:
        one.add(attrs.evolve(Decided((), plan, np.array([1.0]))))

    assert plans == one.plans


def test_simulation_and_chronicle_agree_on_where_segments_end(rule_cache: Path) -> None:
    case = case_of(replace(WIDE, n_bars=23))
    bars, told_ = bars_of(case), Told(case)
    for segments in (1, 2, 3, 4, 5, 11, 22, 23, 24):
        wants = told_.want(bars).decisions
        trace = simulate(bars, wants, settings_of(case), fused(case, rule_cache), told_.capital, 2, segments=segments)
        one = Chronicle(23, 2, initial(told_.capital, 3, 0, 1, 0, 0), segments)
        for _ in range(2, 23):
            one.add(Decided((), EMPTY, np.zeros(3)))

        assert trace.counted.tolist() == one.trace().counted.tolist(), segments
