"""Bringing prices into the cache: what is asked, what is kept, and what one failure leaves alone."""

from __future__ import annotations

import _thread
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from fake_source import NOON, Source, bring, plugins, settings
from tradewright.data import feeds
from tradewright.data.cached import Label
from tradewright.data.fetch import Outcome, fetch
from tradewright.data.fingerprint import fingerprint
from tradewright.data.spans import Span
from tradewright.data.store import PriceStore
from tradewright.errors import ConfigError, DataError, PluginError, SafetyError
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument
from tradewright.values.request import DataRequest


@pytest.fixture
def desk(tmp_path: Path, calendars: Path) -> Path:
    """Return a workspace with warm calendars."""
    (tmp_path / ".tradewright").mkdir()
    (tmp_path / ".tradewright" / "cache").symlink_to(calendars)
    return tmp_path


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [one.status for one in outcomes]


def kept(desk: Path, symbol: str = "A") -> tuple[Label, list[str], list[float]]:
    found = PriceStore(desk).read("mine", symbol)
    assert found is not None
    label, bars = found
    return label, [str(day) for day in bars.session], bars.close[:, 0].tolist()


# ---- what is asked ---------------------------------------------------------------------------------------


def test_fetch_of_an_empty_cache_keeps_every_closed_bar_with_its_label(desk: Path) -> None:
    """The session that is open at noon has no bar yet: the source's is only the beginning of one."""
    source = Source(facts={"lot": 10, "tick": 0.25, "note": "a note"})
    outcomes = bring(desk, source, feed="depth = 3")
    label, days, closes = kept(desk, "B/C")

    assert ["fetched", "fetched"] == statuses(outcomes)
    assert [("A", None, None), ("B/C", None, None)] == source.asked
    assert ([f"2026-03-0{day}" for day in range(2, 7)], [10.0, 11.0, 12.0, 13.0, 14.0]) == (days, closes)
    assert label == outcomes[1].label
    assert label == Label(
        feed="mine",
        question={"source": "fake", "bar": "1d", "calendar": "XNYS", "adjustment": "none", "depth": 3},
        plugin_version="1.2",
        asked_from=None,
        asked_to=None,
        fetched_at=NOON,
        first_on=date(2026, 3, 2),
        last_on=date(2026, 3, 6),
        n_bars=5,
        instrument=Instrument(symbol="B/C", lot=10.0, tick=0.25, note="a note"),
        fingerprint=label.fingerprint,
    )


def test_fetch_again_before_another_session_closes_asks_nothing(desk: Path) -> None:
    source = Source()
    bring(desk, source)
    before = [(file, file.stat().st_mtime_ns) for file in PriceStore(desk).files()]
    source.requests.clear()
    outcomes = bring(desk, source, at=NOON + timedelta(hours=2))

    assert (["complete", "complete"], []) == (statuses(outcomes), source.asked)
    assert before == [(file, file.stat().st_mtime_ns) for file in PriceStore(desk).files()]


def test_fetch_after_another_session_asks_from_the_last_one_kept(desk: Path) -> None:
    source = Source()
    bring(desk, source)
    source.requests.clear()
    outcomes = bring(desk, source, at=NOON + timedelta(days=1))
    label, days, closes = kept(desk)

    assert (["extended", "extended"], [15.0, "2026-03-09"]) == (statuses(outcomes), [closes[-1], days[-1]])
    assert [("A", "2026-03-06", None), ("B/C", "2026-03-06", None)] == source.asked
    assert (6, NOON + timedelta(days=1), None) == (label.n_bars, label.fetched_at, label.asked_from)


def test_fetch_that_was_interrupted_asks_for_the_missing_symbol_alone(desk: Path) -> None:
    release = threading.Event()

    class Interrupted(Source):
        """Somebody presses Ctrl-C while it fetches the second symbol."""

        def history(self, request: DataRequest) -> Bars:
            if request.symbols == ("B/C",) and not release.is_set():
                _thread.interrupt_main()
                release.wait(30.0)
                raise TimeoutError("left behind, nobody hears it")
            return super().history(request)

    source = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        bring(desk, source)
    release.set()
    source.requests.clear()

    assert ["complete", "fetched"] == statuses(bring(desk, source))
    assert [("B/C", None, None)] == source.asked


def test_fetch_of_earlier_sessions_asks_for_one_range_without_a_hole(desk: Path) -> None:
    source = Source()
    bring(desk, source, "2026-03-05", "2026-03-06")
    source.requests.clear()
    outcomes = bring(desk, source, "2026-03-02", "2026-03-03")
    label, days, _ = kept(desk)

    assert ["extended", "extended"] == statuses(outcomes)
    assert ("A", "2026-03-02", "2026-03-06") == source.asked[0]
    assert [f"2026-03-0{day}" for day in range(2, 7)] == days
    assert (date(2026, 3, 2), date(2026, 3, 6)) == (label.asked_from, label.asked_to)


def test_fetch_of_later_sessions_keeps_where_the_first_fetch_began(desk: Path) -> None:
    source = Source()
    bring(desk, source, "2026-03-03", "2026-03-04")
    bring(desk, source, "2026-03-06", "2026-03-06")
    label, days, _ = kept(desk)

    assert ["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"] == days
    assert (date(2026, 3, 3), date(2026, 3, 6)) == (label.asked_from, label.asked_to)


def test_fetch_in_pieces_has_the_fingerprint_of_the_whole(desk: Path, tmp_path: Path) -> None:
    """Actions that only the later piece knows of mean none in the earlier one."""
    from_friday = np.datetime64("2026-03-06")

    def split(days: Any) -> Any:
        return np.where(days == from_friday, 2.0, 1.0)

    source = Source(extra={"split": split, "dividend": lambda days: np.zeros(len(days))})
    plain = Source()
    bring(desk, plain, "2026-03-02", "2026-03-05")
    bring(desk, source)
    pieces = kept(desk)[0].fingerprint
    bring(desk, source, refresh=True)

    assert pieces == kept(desk)[0].fingerprint


def test_fetch_when_there_are_no_later_bars_is_complete_and_remembers_when_it_asked(desk: Path) -> None:
    """As with a source that ended years ago."""
    source = Source()
    later = datetime(2026, 4, 20, 17, tzinfo=UTC)
    bring(desk, source, at=later)
    outcomes = bring(desk, source, at=later + timedelta(days=3))

    assert (["complete", "complete"], later + timedelta(days=3)) == (statuses(outcomes), kept(desk)[0].fetched_at)
    source.requests.clear()
    bring(desk, source, at=later + timedelta(days=3, hours=1))
    assert [] == source.asked


def test_fetch_soon_after_a_close_asks_again_until_the_session_is_told_of(desk: Path) -> None:
    """At 21:30 UTC New York has just closed, and this source knows only the day before."""
    source = Source()
    just_closed = datetime(2026, 4, 1, 20, 30, tzinfo=UTC)  # The source ends with March.
    bring(desk, source, at=just_closed)
    source.requests.clear()
    bring(desk, source, at=just_closed + timedelta(hours=1))

    assert [("A", "2026-03-31", None), ("B/C", "2026-03-31", None)] == source.asked


@pytest.mark.parametrize("first_on", ["2026-03-02", "2026-03-09"])
def test_fetch_in_the_middle_of_a_session_is_completed_once_it_has_closed(desk: Path, first_on: str) -> None:
    """New York opens at 13:30 UTC; of 13 bars of half an hour 7 have closed by 17:00."""
    source = Source(first_on=date.fromisoformat(first_on), per_session=13)
    feed = 'bar = "30m"'
    bring(desk, source, feed=feed)
    half = kept(desk)[1].count("2026-03-09")
    again = bring(desk, source, feed=feed, at=NOON + timedelta(minutes=29))
    later = bring(desk, source, feed=feed, at=NOON + timedelta(hours=4))

    assert (7, ["complete", "complete"], ["extended", "extended"]) == (half, statuses(again), statuses(later))
    assert 13 == kept(desk)[1].count("2026-03-09")


# ---- what the source has revised -------------------------------------------------------------------------


def test_fetch_when_the_last_session_is_told_differently_keeps_the_file_and_says_where(desk: Path) -> None:
    source = Source()
    bring(desk, source)
    before = kept(desk)
    source.closes["A", "2026-03-06"] = 7.5
    outcomes = bring(desk, source, at=NOON + timedelta(days=1))

    assert ["revised", "extended"] == statuses(outcomes)
    assert not outcomes[0].ok
    assert "A: close of 2026-03-06 was 14, now 7.5; 1 of 1 compared bars differ" == str(outcomes[0].revision)
    assert before == kept(desk)


def test_fetch_with_refresh_replaces_revised_prices_and_says_what_changed(desk: Path) -> None:
    source = Source()
    bring(desk, source)
    source.closes |= {("A", "2026-03-03"): 11.5, ("A", "2026-03-05"): 13.5}
    quiet = bring(desk, source)
    outcomes = bring(desk, source, refresh=True)

    assert ["complete", "complete"] == statuses(quiet)
    assert ["replaced", "fetched"] == statuses(outcomes)
    assert outcomes[0].ok
    assert "A: close of 2026-03-03 was 11, now 11.5; 2 of 5 compared bars differ" == str(outcomes[0].revision)
    assert [10.0, 11.5, 12.0, 13.5, 14.0] == kept(desk)[2]


def test_fetch_when_the_last_session_is_gone_keeps_the_file(desk: Path) -> None:
    source = Source()
    bring(desk, source)
    source.first_on = date(2026, 3, 9)
    outcomes = bring(desk, source, at=NOON + timedelta(days=1))

    assert ["revised", "revised"] == statuses(outcomes)
    assert "A: bar of 2026-03-06 was there, now absent; 1 of 1 compared bars differ" == str(outcomes[0].revision)


def test_fetch_when_a_fact_of_the_instrument_changes_keeps_the_file(desk: Path) -> None:
    bring(desk, Source())
    outcomes = bring(desk, Source(facts={"lot": 100.0}), at=NOON + timedelta(days=1))

    assert ["A: lot was 1.0, now 100.0", "B/C: lot was 1.0, now 100.0"] == [str(one.revision) for one in outcomes]


# ---- what goes wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raised", "kind", "message"),
    [
        (DataError("unknown symbol A"), DataError, "unknown symbol A"),
        (ValueError("quota"), PluginError, "raised ValueError: quota"),
        (SystemExit(3), PluginError, "raised SystemExit: 3"),
    ],
)
def test_fetch_when_one_symbol_fails_brings_the_others(
    desk: Path, raised: BaseException, kind: type, message: str
) -> None:
    failed, brought = bring(desk, Source(failing={"A": raised}))

    assert ("failed", "fetched") == (failed.status, brought.status)
    assert isinstance(failed.error, kind)
    assert message in str(failed.error)
    assert ["B%2FC.parquet"] == [file.name for file in PriceStore(desk).files()]


def test_fetch_of_prices_that_cannot_be_true_keeps_nothing(desk: Path) -> None:
    source = Source(closes={("A", "2026-03-04"): -1.0})
    failed, _ = bring(desk, source)

    assert ("failed", "A.close: must be > 0, was -1 (2026-03-04)") == (failed.status, str(failed.error))
    assert PriceStore(desk).read("mine", "A") is None


def test_fetch_of_later_prices_that_cannot_be_true_keeps_the_earlier_ones(desk: Path) -> None:
    source = Source()
    bring(desk, source)
    before = kept(desk)
    source.closes["A", "2026-03-09"] = 0.01
    failed, _ = bring(desk, source, at=NOON + timedelta(days=1))

    assert ("failed", before[0]) == (failed.status, failed.label)
    assert before == kept(desk)


def test_fetch_of_another_symbol_than_asked_is_the_plugins_fault(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source()
    plain = Source.history
    monkeypatch.setattr(Source, "history", lambda s, r: plain(s, attrs.evolve(r, symbols=("Z",))))
    failed, _ = bring(desk, source)

    assert "fake.history: returned symbols Z; A wanted" == str(failed.error)


def test_fetch_before_any_bar_has_closed_says_so(desk: Path) -> None:
    failed, _ = bring(desk, Source(), at=datetime(2026, 3, 2, 12, tzinfo=UTC))

    assert "data.mine: no bar of A has closed by 2026-03-02 12:00 UTC" == str(failed.error)


def test_fetch_under_other_settings_is_refused_until_refreshed(desk: Path) -> None:
    source = Source()
    bring(desk, source, feed="depth = 1")
    failed, _ = bring(desk, source, feed="depth = 2")

    assert "data.mine.depth: fetched with depth = 1, the feed now says 2" in str(failed.error)
    assert "tradewright data fetch mine --refresh, or set depth back" == (failed.error and failed.error.fix)
    assert ["fetched", "fetched"] == statuses(bring(desk, source, feed="depth = 2", refresh=True))
    assert 2 == kept(desk)[0].question["depth"]


def test_fetch_over_a_damaged_file_is_refused_until_refreshed(desk: Path) -> None:
    source = Source()
    bring(desk, source)
    PriceStore(desk).path("mine", "A").write_bytes(b"PAR1 and then nothing")
    failed, other = bring(desk, source)

    assert ("failed", "complete") == (failed.status, other.status)
    assert "corrupt file" in str(failed.error)
    assert "tradewright data fetch mine --refresh" == (failed.error and failed.error.fix)
    assert ["fetched", "fetched"] == statuses(bring(desk, source, refresh=True))


def test_fetch_of_a_source_that_is_unknown_asks_no_other(desk: Path) -> None:
    source = Source()
    made = settings(desk, feed='[data.yours]\nsource = "fkae"\nsymbols = ["A"]')

    with pytest.raises(ConfigError, match="did you mean fake"):
        list(fetch(made, plugins(source), ["mine", "yours"], Span(), refresh=False, now=lambda: NOON))
    assert [] == source.asked


# ---- what a backtest reads -------------------------------------------------------------------------------


def test_cached_feed_is_the_feed_of_the_source_and_says_where_it_comes_from(desk: Path) -> None:
    source = Source(facts={"note": "made up"})
    late = datetime(2026, 4, 20, 17, tzinfo=UTC)
    asked = feeds.load_feed(settings(desk), plugins(source), "mine", None)
    bring(desk, source, at=late)
    source.requests.clear()
    cached = feeds.load_feed(settings(desk, "cache = true"), plugins(source), "mine", None)

    assert [] == source.asked
    assert (asked.fingerprint, asked.bars) == (cached.fingerprint, cached.bars)
    assert (None, late) == (asked.fetched_at, cached.fetched_at)
    assert (*asked.warnings, "A, B/C: from the cache, fetched at 2026-04-20 17:00 UTC") == cached.warnings


def test_cached_feed_ends_where_it_is_asked_to(desk: Path) -> None:
    bring(desk, Source(), "2026-03-03")
    cached = feeds.load_feed(settings(desk, "cache = true"), plugins(Source()), "mine", date(2026, 3, 5))

    assert ["2026-03-03", "2026-03-04", "2026-03-05"] == [str(day) for day in cached.bars.session]
    assert cached.warnings[-1].endswith("UTC, from 2026-03-03 on")
    assert fingerprint(cached.bars) == cached.fingerprint


@pytest.mark.parametrize(
    ("symbols", "feed", "message", "fix"),
    [
        ('"A"', "", "no cached prices of A", "tradewright data fetch mine"),
        ('"B/C"', 'adjustment = "all"', "fetched with adjustment = 'none', the feed now says 'all'", "--refresh"),
    ],
)
def test_cached_feed_that_was_not_fetched_is_refused(
    desk: Path, symbols: str, feed: str, message: str, fix: str
) -> None:
    bring(desk, Source(failing={"A": DataError("not today")}))
    made = settings(desk, f"cache = true\n{feed}")

    with pytest.raises(DataError, match=message) as refused:
        feeds.load_feed(
            attrs.evolve(made, data={"mine": attrs.evolve(made.data["mine"], symbols=(symbols.strip('"'),))}),
            plugins(Source()),
            "mine",
            None,
        )
    assert refused.value.fix is not None
    assert fix in refused.value.fix


# ---- two at once -----------------------------------------------------------------------------------------


def test_fetch_while_another_process_fetches_the_feed_asks_nothing_and_names_it(desk: Path) -> None:
    source = Source()
    with PriceStore(desk).alone("mine"), pytest.raises(SafetyError, match="still fetching mine: process ") as refused:
        bring(desk, source)

    assert [] == source.asked
    assert str(desk.resolve() / ".tradewright/locks/fetch-mine.lock") == refused.value.file


def test_fetch_of_another_feed_is_not_kept_out(desk: Path) -> None:
    with PriceStore(desk).alone("other"):
        assert ["fetched", "fetched"] == statuses(bring(desk, Source()))


def test_fetch_that_was_done_or_given_up_lets_the_next_one_in(desk: Path) -> None:
    source = Source()
    given_up = fetch(settings(desk), plugins(source), ["mine"], Span(), refresh=False, now=lambda: NOON)
    assert "fetched" == next(given_up).status
    given_up.close()
    bring(desk, source)

    assert ["complete", "complete"] == statuses(bring(desk, source))


def test_fetch_where_the_locks_are_elsewhere_refuses_the_link(
    desk: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (desk / ".tradewright" / "locks").symlink_to(outside)

    with pytest.raises(ConfigError, match="must stay inside the workspace"):
        bring(desk, Source())
    assert [] == list(outside.iterdir())
