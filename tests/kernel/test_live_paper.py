"""A file's feeds traded on paper, with the backtest of the same file beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from paper_file import HALF, N_ROWS, OTHER, RISING, parts, write
from sentence_parts import Keeps
from tradewright import backtest
from tradewright.errors import ConfigError, DataError, PluginError, UsageError
from tradewright.execute import venue
from tradewright.ledger.entry import Kind, verify
from tradewright.live import paper
from tradewright.live.paper import Paper, Request, refuse_shared_symbols, trade
from tradewright.risk import requested_halt

FALLING = np.append(np.linspace(100.0, 102.0, 30), np.linspace(90.0, 40.0, 30))
SWINGING = 100.0 + 5.0 * np.sin(np.arange(N_ROWS) / 4.0)


@pytest.fixture
def play(workspace: Path, share_cache: Callable[[Path], None], rule_cache: Path) -> Callable[..., Paper]:
    """Return what trades one symbol on paper, rising unless told otherwise."""
    share_cache(workspace)

    def call(
        close: Any = RISING,
        request: Request | None = None,
        *,
        plugins: Any = None,
        progress: Any = None,
        pause: Any = None,
        **changes: Any,
    ) -> Paper:
        closes = close if isinstance(close, dict) else {"A": close}
        settings = write(workspace, closes, **changes)
        more = {} if pause is None else {"pause": pause}
        return trade(settings, plugins or parts(), request or Request(ahead=True), rule_cache, progress, **more)

    return call


# ---- a replay --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("close", [RISING, FALLING, SWINGING], ids=["rising", "falling", "swinging"])
@pytest.mark.parametrize("ahead", [True, False])
def test_trade_gives_the_orders_of_the_backtest(play: Callable[..., Paper], close: Any, ahead: bool) -> None:
    played = play(close, Request(ahead=ahead), signal="momentum")

    assert played.parity.holds, played.parity.differences
    assert (N_ROWS, len(played.trace.fills)) == (played.parity.bars, played.parity.fills)
    assert played.parity.fills > 0


def test_trade_is_the_backtest_that_the_command_runs(
    play: Callable[..., Paper], workspace: Path, rule_cache: Path
) -> None:
    played = play(SWINGING, signal="momentum")
    ran = backtest.run(played.settings, parts(), backtest.Request(), rule_cache)

    np.testing.assert_allclose(played.trace.equity, ran.trace.equity, rtol=1e-9)
    assert ran.trace.fills.quantity.tolist() == played.trace.fills.quantity.tolist()


def test_trade_row_by_row_and_ahead_write_the_same_ledger(play: Callable[..., Paper]) -> None:
    played = [play(SWINGING, Request(ahead=ahead), signal="momentum") for ahead in (True, False, True)]
    told = [[entry.text for entry in one.store.read() if entry.kind is not Kind.SESSION] for one in played]

    assert told[0] == told[1]
    assert played[0].store.head == played[2].store.head


def test_trade_leaves_a_ledger_that_verifies(play: Callable[..., Paper]) -> None:
    played = play()
    kinds = [entry.kind for entry in played.store.read()]

    assert played.store.head == verify(played.store.read())
    assert [N_ROWS] * 2 == [kinds.count(kind) for kind in (Kind.ROW, Kind.DECISION)]


def test_trade_has_the_rule_that_halts_on_request_and_it_asks_for_nothing(play: Callable[..., Paper]) -> None:
    played = play()

    assert requested_halt.NAME in dict(played.rules)
    assert () == tuple(played.trace.events)


def test_trade_halts_where_the_backtest_does(play: Callable[..., Paper]) -> None:
    played = play(FALLING, more="[risk]\ndrawdown-halt = { limit = 0.06 }")

    assert played.parity.holds
    assert {"drawdown-halt"} == {played.rules[event.rule][0] for event in played.trace.events}
    assert Kind.HALT in {entry.kind for entry in played.store.read()}


def test_trade_of_two_strategies_holds(play: Callable[..., Paper]) -> None:
    played = play({"A": RISING, "B": SWINGING}, more=OTHER.format(symbol="B"), overrides=HALF)

    assert played.parity.holds, played.parity.differences
    assert (("hold", "other"), {0, 1}) == (played.books, {int(fill.book) for fill in played.trace.fills})


def test_trade_with_an_optimizer_asked_in_turn_asks_one_for_each_play(play: Callable[..., Paper]) -> None:
    made: list[Keeps] = []

    def make() -> Keeps:
        made.append(Keeps(patience=40))
        return made[-1]

    played = play(optimizer="keeps", plugins=parts(make))

    assert played.parity.holds, played.parity.differences
    assert [43, 43] == [one.asked for one in made], "three strikes after 40 answers, in each of two plays"
    assert any("replaced" in line for line in played.warnings)


def test_trade_says_what_a_reader_must_know(play: Callable[..., Paper]) -> None:
    played = play()

    assert any(line.startswith("mine: A: no volume") for line in played.warnings)
    assert {} == played.interpreted
    assert {"data", "paper"} == set(played.seconds)
    assert played.engine


def test_trade_that_differs_says_so(play: Callable[..., Paper], monkeypatch: pytest.MonkeyPatch) -> None:
    fill = venue.SimulatedVenue._fill

    def worse(self: Any, order: Any, quantity: Any, base: float, price: Any, now: Any) -> None:
        fill(self, order, quantity, base, base * 1.01, now)

    monkeypatch.setattr(venue.SimulatedVenue, "_fill", worse)
    parity = play().parity

    assert not parity.holds
    assert {"equity", "fill"} <= {one.what for one in parity.differences}


# ---- what is asked ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "bars"),
    [
        ({}, 60),
        ({"first_on": date(2024, 2, 29)}, 1),
        ({"first_on": date(2024, 2, 28)}, 2),
        ({"last_on": date(2024, 1, 10)}, 10),
        ({"first_on": date(2024, 1, 10), "last_on": date(2024, 1, 10)}, 1),
    ],
)
def test_trade_plays_the_range_that_is_asked(play: Callable[..., Paper], asked: dict[str, date], bars: int) -> None:
    played = play(request=Request(ahead=True, **asked))  # type: ignore[arg-type]  # dates alone

    assert (bars, True) == (played.parity.bars, played.parity.holds)
    assert played.bars.n_bars - bars == played.start


def test_trade_of_a_range_after_the_prices_is_refused(play: Callable[..., Paper]) -> None:
    with pytest.raises(UsageError, match="empty range: the prices end on 2024-02-29, before 2024-03-01"):
        play(request=Request(first_on=date(2024, 3, 1)))


def test_trade_pauses_for_what_is_left_of_each_rows_time(
    play: Callable[..., Paper], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(np.arange(0.0, 1e6, 0.125))
    monkeypatch.setattr(paper.time, "perf_counter", lambda: float(next(ticks)))
    pauses: list[float] = []
    play(request=Request(ahead=True, rows_per_second=4.0, last_on=date(2024, 1, 5)), pause=pauses.append)

    assert [0.125] * 5 == pauses


def test_trade_that_is_slower_than_asked_does_not_pause(
    play: Callable[..., Paper], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(np.arange(0.0, 1e6, 1.0))
    monkeypatch.setattr(paper.time, "perf_counter", lambda: float(next(ticks)))
    pauses: list[float] = []
    play(request=Request(ahead=True, rows_per_second=4.0, last_on=date(2024, 1, 5)), pause=pauses.append)

    assert [0.0] * 5 == pauses


def test_trade_as_fast_as_it_can_never_pauses(play: Callable[..., Paper]) -> None:
    pauses: list[float] = []
    play(request=Request(ahead=True, last_on=date(2024, 1, 5)), pause=pauses.append)

    assert [] == pauses


def test_trade_tells_its_progress(play: Callable[..., Paper]) -> None:
    told: list[tuple[str, int, int]] = []
    play(progress=lambda *one: told.append(one))

    assert [("data", 0, 1), ("rules", 0, 1), ("signals", 0, 1)] == told[:3]
    assert [("paper", row, N_ROWS) for row in range(1, N_ROWS + 1)] == told[3:]


def test_trade_tells_its_progress_at_most_some_hundred_times() -> None:
    told: list[tuple[str, int, int]] = []
    comparison: Any = Stands()
    paper._play(comparison, 1_000, Request(), lambda *one: told.append(one), pytest.fail)

    assert (201, ("paper", 1, 1_000), ("paper", 1_000, 1_000)) == (len(told), told[0], told[-1])
    assert 1_000 == comparison.steps


class Stands:
    """Stands in for a comparison."""

    steps = 0

    def step(self) -> None:
        self.steps += 1

    def result(self) -> int:
        return self.steps


# ---- what is refused -------------------------------------------------------------------------------------


def test_symbol_of_two_strategies_is_refused_by_name(play: Callable[..., Paper]) -> None:
    with pytest.raises(ConfigError, match="A is traded by hold already") as caught:
        play(more=OTHER.format(symbol="A"), overrides=HALF)

    assert ("strategies.other.data", True) == (caught.value.key, caught.value.line is not None)
    assert "two files with an account each" in str(caught.value.fix)


def test_symbol_of_one_strategy_is_none_of_anothers(workspace: Path, share_cache: Callable[[Path], None]) -> None:
    share_cache(workspace)

    refuse_shared_symbols(write(workspace, more=OTHER.format(symbol="B"), overrides=HALF))


def test_rule_that_lacks_what_it_needs_is_named_with_its_line(play: Callable[..., Paper]) -> None:
    with pytest.raises(DataError) as caught:
        play(more="[risk]\ntrading-window = {}")

    assert caught.value.key is not None
    assert (True, True) == (caught.value.key.startswith("risk."), caught.value.line is not None)


def test_strategy_whose_last_signal_is_lost_is_an_error_of_the_plugin(play: Callable[..., Paper]) -> None:
    with pytest.raises(PluginError, match=r"no active signal is left of hold: .*lost"):
        play(signal="broken")
