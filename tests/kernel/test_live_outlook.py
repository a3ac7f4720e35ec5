"""What prices say of each row: the same row by row as ahead, and what is let go of when."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from engine_harness import mission, prices
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sentence_parts import Always, Broken, Keeps, Momentum, sentence, strategy
from tradewright.engine.fuse import FusedRules, fuse
from tradewright.engine.known import Prepared
from tradewright.live import outlook
from tradewright.live.events import RowPrepared
from tradewright.live.outlook import Ahead, RowByRow, extend
from tradewright.sentence.parts import Sentence
from tradewright.values.bars import GRIDS, Bars
from twin_comparison import bars_of, fused
from twin_draws import Draw, case_of

FEW = settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
WIDE = Draw(
    seed=5,
    rule_set="all",
    n_bars=60,
    n_assets=3,
    bars_per_session=3,
    **dict.fromkeys(("volume", "missing", "late", "splits", "dividends", "delisted"), True),
)


def row_of(known: Prepared) -> list[bytes]:
    """Return every number that a walk may read of the last row."""
    tape, decisions, bar = known.tape, known.decisions, known.bar
    grids = ("open", "high", "low", "close", "traded", "volume", "average_volume", "split", "dividend")
    cells = [getattr(tape, name)[bar] for name in grids if len(getattr(tape, name))]
    cells += [tape.session_ends[bar], tape.features[:, bar], tape.matrices[tape.matrix_at[:, bar]]]
    cells += [getattr(decisions, name)[bar] for name in ("target", "made", "asked")]
    return [np.ascontiguousarray(cell).tobytes() for cell in cells]


def votes_of(said: RowPrepared) -> Any:
    opinions = {
        name: {signal: (one.score.tobytes(), one.confidence.tobytes()) for signal, one in of.items()}
        for name, of in said.opinions.items()
    }
    return opinions, {name: one.tobytes() for name, one in said.combined.items()}


def two_books(bars: Bars) -> tuple[Any, Any]:
    first, rest = bars.symbols[:1], bars.symbols[1:]
    signals = {"momentum": Momentum(), "always": Always(), "broken": Broken()}
    slow = strategy("slow", rest, signals=signals, rebalance="week")
    return strategy("fast", first), slow


def assert_same_on_every_row(made: Sentence, rules: FusedRules, bars: Bars, start: int) -> None:
    """Play both over the bars and compare them after each."""
    behind, ahead = RowByRow(made, rules, bars.until(start)), Ahead(made, rules, bars, start)
    if start > 0:
        assert row_of(ahead.known()) == row_of(behind.known())
    for bar in range(start, bars.n_bars):
        row = bars.between(bar, bar + 1)
        left, right = ahead.prepare(row), behind.prepare(row)

        assert (bar, bar, 0, 0) == (left.known.bar, right.known.bar, left.dropped, right.dropped)
        assert row_of(left.known) == row_of(right.known), bar
        assert (votes_of(left), left.missing) == (votes_of(right), right.missing)
        held = np.full(bars.n_assets, 0.125)
        for book in np.flatnonzero(left.known.decisions.asked[bar]):
            assert ahead.ask(int(book), held).target.tobytes() == behind.ask(int(book), held).target.tobytes()


# ---- row by row is ahead ---------------------------------------------------------------------------------


@FEW
@given(
    seed=st.integers(0, 10_000),
    per_session=st.integers(1, 5),
    rule_set=st.sampled_from(["mission", "gates", "all"]),
    start=st.sampled_from([0, 1, 7]),
    flags=st.fixed_dictionaries(
        {
            name: st.booleans()
            for name in ("volume", "missing", "late", "splits", "dividends", "delisted", "close_only", "multipliers")
        }
    ),
)
def test_row_by_row_says_what_was_said_ahead_bit_for_bit(
    seed: int, per_session: int, rule_set: str, start: int, flags: dict[str, bool], rule_cache: Path
) -> None:
    """While the anchor stands, over daily and intraday bars, with whatever prices can do."""
    draw = Draw(seed=seed, rule_set=rule_set, n_bars=50, n_books=1, n_assets=3, bars_per_session=per_session, **flags)
    case = case_of(draw)
    bars = bars_of(case)

    assert_same_on_every_row(sentence(*two_books(bars)), fused(case, rule_cache), bars, start)


def test_row_by_row_with_optimizers_asked_in_turn_says_what_was_said_ahead(rule_cache: Path) -> None:
    case = case_of(WIDE)
    bars = bars_of(case)
    books = [strategy(name, bars.symbols, optimizer=("keeps", Keeps())) for name in ("one", "other")]

    assert_same_on_every_row(sentence(*books), fused(case, rule_cache), bars, 4)


def test_row_by_row_of_a_session_that_goes_on_does_not_decide_it(rule_cache: Path) -> None:
    bars = prices([100.0] * 6, sessions=[0, 0, 0, 1, 1, 1])
    daily = sentence(strategy(rebalance="session", signals={"always": Always()}))
    one = RowByRow(daily, fuse(mission(), rule_cache), bars.until(0))
    made = [bool(one.prepare(bars.between(bar, bar + 1)).known.decisions.made[-1, 0]) for bar in range(6)]

    assert [False, False, True, False, False, True] == made


# ---- before the first row --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["behind", "ahead"])
def test_known_of_no_rows_is_which_instruments_there_will_be(kind: str, rule_cache: Path) -> None:
    bars, rules = prices([[100.0, 50.0]] * 4), fuse(mission(), rule_cache)
    made = sentence(strategy(symbols=("A0", "A1")))
    one: Any = RowByRow(made, rules, bars.until(0)) if kind == "behind" else Ahead(made, rules, bars, 0)

    assert (-1, 2, (0, 1, 2)) == (one.known().bar, len(one.known().tape.assets), one.known().decisions.target.shape)


@pytest.mark.parametrize("kind", ["behind", "ahead"])
def test_known_of_some_rows_is_the_last_of_them(kind: str, rule_cache: Path) -> None:
    bars, rules = prices([100.0, 101.0, 102.0, 103.0]), fuse(mission(), rule_cache)
    one: Any = RowByRow(sentence(), rules, bars.until(3)) if kind == "behind" else Ahead(sentence(), rules, bars, 3)

    assert (2, 102.0) == (one.known().bar, one.known().tape.close[2, 0])


def test_ask_before_a_row_was_prepared_is_an_error(rule_cache: Path) -> None:
    one = RowByRow(sentence(), fuse(mission(), rule_cache), prices([100.0]).until(0))

    with pytest.raises(RuntimeError, match="no row has been prepared"):
        one.ask(0, np.zeros(1))


# ---- votes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["behind", "ahead"])
def test_votes_are_told_of_rows_that_are_decided_on_and_who_is_missing_always(kind: str, rule_cache: Path) -> None:
    days = np.arange("2024-01-05", "2024-01-10", dtype="datetime64[D]")  # Friday to Tuesday.
    bars = attrs.evolve(prices([100.0, 101.0, 102.0, 103.0, 104.0]), session=days)
    weekly = sentence(strategy(signals={"always": Always(), "broken": Broken()}, rebalance="week"))
    rules = fuse(mission(), rule_cache)
    one: Any = RowByRow(weekly, rules, bars.until(0)) if kind == "behind" else Ahead(weekly, rules, bars, 0)
    said = [one.prepare(bars.between(bar, bar + 1)) for bar in range(5)]

    opinions = [
        {name: (one.score.tolist(), one.confidence.tolist()) for name, one in row.opinions.get("trend", {}).items()}
        for row in said
    ]
    combined = [row.combined["trend"].tolist() for row in said if row.combined]
    assert [{"always": ([1.0], [1.0])}, {}, {}, {"always": ([1.0], [1.0])}, {}] == opinions
    assert [[0.5], [0.5]] == combined, "half of the weight was lost"
    assert {1} == {len(row.missing["trend"]) for row in said}
    assert "lost" in said[0].missing["trend"]["broken"]


def test_missing_is_told_of_nobody_when_all_have_spoken(rule_cache: Path) -> None:
    bars = prices([100.0])
    one = RowByRow(sentence(), fuse(mission(), rule_cache), bars.until(0))

    assert {} == one.prepare(bars).missing


# ---- the anchor ------------------------------------------------------------------------------------------


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> int:
    """Keep few rows, so that the anchor moves soon."""
    monkeypatch.setattr(outlook, "ROWS_MIN", 10)
    return 10


def anchored(folder: Path, per_session: int, n_bars: int = 90, lookback: int = 2, rules: Any = ()) -> Any:
    """Return a look from row to row, its bars, and what was dropped at each."""
    draw = np.random.default_rng(3)
    close = 100.0 + draw.integers(-3, 4, n_bars)
    bars = prices(close, open=close, sessions=np.arange(n_bars) // per_session)
    made = sentence(strategy(signals={"momentum": Momentum(lookback)}))
    return RowByRow(made, fuse(rules, folder), bars.until(0)), bars


@pytest.mark.parametrize("per_session", [1, 3, 4, 9])
def test_anchor_moves_between_sessions_only_and_keeps_enough_rows(
    per_session: int, kept: int, rule_cache: Path
) -> None:
    one, bars = anchored(rule_cache, per_session)
    total = moved = 0
    for bar in range(bars.n_bars):
        had = one._rows.n_bars
        said = one.prepare(bars.between(bar, bar + 1))
        total += said.dropped
        moved += said.dropped > 0

        assert bar == said.known.bar + total
        assert bars.close[bar, 0] == said.known.tape.close[said.known.bar, 0]
        assert bars.session[total] != bars.session[total - 1] or total == 0
        if said.dropped:
            assert 0 == bar % per_session
            assert had >= 2 * kept
            assert kept <= had - said.dropped < kept + per_session
    assert moved > 1


@pytest.mark.parametrize(("rows", "dropped"), [(19, 0), (20, 10), (21, 11)])
def test_anchor_moves_when_twice_the_rows_are_kept(rows: int, dropped: int, kept: int, rule_cache: Path) -> None:
    one, bars = anchored(rule_cache, 1)
    for bar in range(rows):
        one._rows = extend(one._rows, bars.between(bar, bar + 1))

    assert dropped == one.prepare(bars.between(rows, rows + 1)).dropped


def test_anchor_of_one_long_session_stays(kept: int, rule_cache: Path) -> None:
    one, bars = anchored(rule_cache, 90)

    assert {0} == {one.prepare(bars.between(bar, bar + 1)).dropped for bar in range(50)}


@pytest.mark.parametrize(("lookback", "keep"), [(2, 10), (3, 12), (9, 36)])
def test_anchor_keeps_four_times_the_longest_warm_up(lookback: int, keep: int, kept: int, rule_cache: Path) -> None:
    one, bars = anchored(rule_cache, 1, lookback=lookback)
    for bar in range(90):
        said = one.prepare(bars.between(bar, bar + 1))
        if said.dropped:
            break

    assert (2 * keep, keep) == (bar, said.dropped)


def test_anchor_keeps_four_times_the_longest_window_of_a_rule_in_rows(kept: int, rule_cache: Path) -> None:
    """A volatility of 20 sessions looks back over 20 sessions' rows, and is asked from one more."""
    one, bars = anchored(rule_cache, 2, rules=mission())
    windows = [feature.window for part in one._fused.parts for feature in part.features]
    keep = outlook.WINDOWS_KEPT * 2 * max(windows)
    for bar in range(90):
        assert 0 == one.prepare(bars.between(bar, bar + 1)).dropped

    assert max(windows) >= 20
    assert keep // outlook.WINDOWS_KEPT == one._longest()


def test_anchor_that_moved_changes_no_feature_beyond_rounding(kept: int, rule_cache: Path) -> None:
    draw = np.random.default_rng(8)
    close = 100.0 * np.exp(np.cumsum(draw.normal(0.0, 0.01, 400)))
    bars, rules = prices(close, open=close), fuse(mission(), rule_cache)
    one, ahead = RowByRow(sentence(), rules, bars.until(0)), Ahead(sentence(), rules, bars, 0)
    total = 0
    for bar in range(bars.n_bars):
        row = bars.between(bar, bar + 1)
        said, whole = one.prepare(row), ahead.prepare(row)
        total += said.dropped
        found, expected = said.known.tape.features[:, said.known.bar], whole.known.tape.features[:, bar]

        np.testing.assert_allclose(found, expected, rtol=1e-9, equal_nan=True)
        assert whole.known.decisions.target[bar].tolist() == said.known.decisions.target[said.known.bar].tolist()
    assert total > 200


# ---- strikes ---------------------------------------------------------------------------------------------


def test_strikes_of_an_optimizer_asked_in_turn_survive_rows(rule_cache: Path) -> None:
    """Three answers that are replaced switch it off, however many rows lie between them."""
    bars, tires = prices([100.0] * 12), Keeps(patience=4)
    made = sentence(strategy(signals={"always": Always()}, optimizer=("keeps", tires)))
    one = RowByRow(made, fuse(mission(), rule_cache), bars.until(0))
    answers = []
    for bar in range(12):
        one.prepare(bars.between(bar, bar + 1))
        answers.append(float(one.ask(0, np.array([0.5])).target[0]))

    # The one that answers in its place holds nothing whose volatility is unknown.
    assert [0.75] * 4 + [0.0] * 8 == answers
    assert 4 + 3 == tires.asked, "after the third strike it is not asked any more"
    assert one._wanted is not None
    told = one._wanted.targets["trend"]
    assert ([4, 5, 6], [0, 1, 2, 3]) == ([one.bar for one in told.breaches], [one.bar for one in told.answers])


def test_strikes_of_one_row_are_those_of_ahead(rule_cache: Path) -> None:
    bars = prices([100.0] * 12)
    behind, ahead = (
        sentence(strategy(signals={"always": Always()}, optimizer=("keeps", Keeps(patience=2)))) for _ in range(2)
    )
    rules = fuse(mission(), rule_cache)
    one, other = RowByRow(behind, rules, bars.until(0)), Ahead(ahead, rules, bars, 0)
    for bar in range(12):
        row = bars.between(bar, bar + 1)
        one.prepare(row)
        other.prepare(row)

        assert other.ask(0, np.array([0.25])).target.tolist() == one.ask(0, np.array([0.25])).target.tolist()


# ---- extend ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "draw", [WIDE, replace(WIDE, volume=False, splits=False, dividends=False), replace(WIDE, close_only=True)]
)
def test_extend_is_one_row_more_of_the_same_history(draw: Draw) -> None:
    bars = bars_of(case_of(draw))
    grown = bars.until(0)
    for bar in range(bars.n_bars):
        grown = extend(grown, bars.between(bar, bar + 1))
        known = bars.until(bar + 1)

        for name in ("opened_at", "closed_at", "session", "session_ends", "session_closes_at", "session_number"):
            assert getattr(known, name).tolist() == getattr(grown, name).tolist(), (name, bar)
        for name in GRIDS:
            expected, found = getattr(known, name), getattr(grown, name)
            assert (expected is None) == (found is None)
            assert expected is None or expected.tobytes() == found.tobytes()
    assert (bars.instruments, bars.adjustment) == (grown.instruments, grown.adjustment)


def test_extend_keeps_what_says_that_a_session_has_not_ended() -> None:
    bars = prices([100.0, 101.0, 102.0], sessions=[0, 0, 1])
    grown = extend(bars.until(0), bars.between(0, 1))

    assert ([False], bars.closed_at[1]) == (grown.session_ends.tolist(), grown.session_closes_at[0])
    assert [False, True] == extend(grown, bars.between(1, 2)).session_ends.tolist()


def test_extend_leaves_the_rows_as_they_were() -> None:
    bars = prices([100.0, math.nan])
    before = bars.until(1)
    extend(before, bars.between(1, 2))

    assert 1 == before.n_bars
