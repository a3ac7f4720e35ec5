"""A recording through the agent: in which order it is told, and what ledger, venue and account then say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desk_harness import PHYSICS
from engine_harness import prices
from engine_harness import settings as costs_of
from played_back import Pair
from sentence_parts import Always, Broken, Keeps, sentence, strategy
from tradewright.data.market import Market
from tradewright.engine.fuse import fuse
from tradewright.engine.state import as_bytes
from tradewright.errors import PluginError
from tradewright.ledger.entry import Entry, Kind, verify
from tradewright.live import events
from tradewright.live.outlook import Ahead, RowByRow
from tradewright.live.playback import VENUE, Playback
from tradewright.values.bars import Bars
from twin_draws import Draw, case_of

WIDE = Draw(
    seed=26,
    rule_set="mission",
    n_bars=40,
    n_books=2,
    n_assets=3,
    bars_per_session=2,
    **dict.fromkeys(
        ("costs", "volume", "splits", "dividends", "delisted", "grants", "missing", "rates", "shorts"), True
    ),
)
DRAWS = [WIDE, replace(WIDE, at_close=True), replace(WIDE, limits=True), replace(WIDE, seed=28, fractional=True)]


class Filed:
    """A sentence of small parts with the numbers of a file."""

    def __init__(self, *books: Any, costs: Any = None, **more: Any) -> None:
        self.said = sentence(*books)
        self.costs, self.currency = costs or {}, more.get("currency", "USD")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.said, name)

    @property
    def settings(self) -> Any:
        return self

    def as_table(self) -> dict[str, Any]:
        return {}

    @property
    def capital(self) -> Any:
        return np.full(len(self.said.books), 10_000.0)

    def engine_settings(self, bars: Bars, rules: Any, sessions_per_year: int) -> Any:
        shares = [1.0 / len(self.said.books)] * len(self.said.books)
        return costs_of(rules.rules, shares, at_close=bars.open is None, **self.costs)


def played(bars: Bars, folder: Path, made: Any = None, start: int = 0, **more: Any) -> Playback:
    """Return a playback of bars, by default of a strategy that always wants all."""
    one = made or Filed(strategy(signals={"always": Always()}))
    market = Market(feeds=(), beside=(), bars=bars, sessions_per_year=252)
    return Playback(one, market, fuse((), folder, PHYSICS), start, **more)


def finish(paper: Playback) -> Playback:
    while paper.bar < paper._bars.n_bars:
        paper.step()
    return paper


def written(paper: Playback, *kinds: Kind) -> list[Entry]:
    return [*paper.store.read(kinds=frozenset(kinds) if kinds else None)]


# ---- one bar ---------------------------------------------------------------------------------------------


def test_bar_is_told_from_its_opening_to_its_decision(rule_cache: Path) -> None:
    bars = prices([101.0, 102.0, 103.0], open=[100.0, 101.0, 102.0])
    paper = played(bars, rule_cache)
    told: list[str] = []
    handle = paper.agent.handle
    paper.agent.handle = lambda event, now: told.append(type(event).__name__) or handle(event, now)  # type: ignore[method-assign,func-returns-value]  # to listen
    paper.step()
    paper.step()

    quiet = ["BarOpened", "Quoted", "RowArrived", "RowPrepared"]
    assert [*quiet, "BarOpened", "Quoted", "Report", "Report", "RowArrived", "RowPrepared"] == told


def test_bar_whose_orders_fill_at_the_close_is_quoted_its_close(rule_cache: Path) -> None:
    paper = finish(played(prices([100.0, 125.0]), rule_cache))
    (fill,) = written(paper, Kind.FILL)

    assert ("125", "80") == (fill.body["price"], fill.body["quantity"])
    assert paper.closed_at(1) == fill.at


def test_bar_whose_orders_fill_at_the_open_is_quoted_its_open(rule_cache: Path) -> None:
    paper = finish(played(prices([100.0, 125.0], open=[100.0, 80.0]), rule_cache))
    (fill,) = written(paper, Kind.FILL)

    assert ("80", "100") == (fill.body["price"], fill.body["quantity"])
    assert datetime(1970, 1, 1, 0, 1, tzinfo=UTC) == fill.at


def test_bar_quotes_what_trades_alone(rule_cache: Path) -> None:
    bars = prices([[100.0, 50.0], [np.nan, 50.0]], open=[[100.0, 50.0], [np.nan, 50.0]])
    paper = played(bars, rule_cache, Filed(strategy(symbols=("A0", "A1"), signals={"always": Always()})))
    quoted: list[Any] = []
    handle = paper.agent.handle
    paper.agent.handle = lambda event, now: quoted.append(event) or handle(event, now)  # type: ignore[method-assign,func-returns-value]  # to listen
    finish(paper)
    names = [sorted(one.quotes) for one in quoted if isinstance(one, events.Quoted)]

    assert [["A0", "A1"], ["A1"]] == names
    (quote,) = [one.quotes["A1"] for one in quoted if isinstance(one, events.Quoted)][1:]
    assert (Decimal(50), Decimal(50), VENUE) == (quote.bid, quote.ask, quote.venue)


def test_instants_are_aware_and_to_the_microsecond(rule_cache: Path) -> None:
    assert datetime(1970, 1, 1, 0, 2, tzinfo=UTC) == played(prices([1.0, 2.0]), rule_cache).closed_at(1)


# ---- where it begins -------------------------------------------------------------------------------------


def test_playback_that_begins_later_knows_earlier_rows_and_trades_none(rule_cache: Path) -> None:
    bars = prices([100.0] * 6, open=[100.0] * 6)
    paper = finish(played(bars, rule_cache, Filed(strategy()), start=4))

    rows = written(paper, Kind.ROW)
    assert [f"1970-01-01T00:0{bar + 1}:00.000000Z" for bar in range(6)] == [row.body["closed_at"] for row in rows]
    assert [True] * 4 + [False] * 2 == [row.body.get("known", False) for row in rows]
    assert (2, 6) == (len(paper.chronicle.plans), paper.bar)


def test_playback_of_nothing_has_a_ledger_that_begins(rule_cache: Path) -> None:
    paper = finish(played(prices([100.0, 101.0]), rule_cache, start=2))

    kinds = [Kind.GENESIS, Kind.SESSION, Kind.ROW, Kind.ROW, Kind.ACTIVITY]
    assert kinds == [entry.kind for entry in written(paper)]
    assert paper.closed_at(1) == written(paper)[0].at


def test_playback_begins_with_the_capital_at_the_venue(rule_cache: Path) -> None:
    books = [strategy("one", ("A0",)), strategy("other", ("A1",))]
    paper = played(prices([[100.0, 50.0]]), rule_cache, Filed(*books, currency="EUR"))

    assert {"one": 10_000.0, "other": 10_000.0} == paper.venue.cash
    assert ("EUR", "playback", "paper") == tuple(
        written(paper)[0].body[key] for key in ("currency", "ledger", "mode")
    )


def test_playback_asks_row_by_row_unless_told_otherwise(rule_cache: Path) -> None:
    bars = prices([100.0])

    assert isinstance(played(bars, rule_cache).outlook, RowByRow)
    assert isinstance(played(bars, rule_cache, ahead=True).outlook, Ahead)


def test_playback_notes_counters_at_the_ends_of_segments(rule_cache: Path) -> None:
    paper = finish(played(prices([100.0] * 6), rule_cache, segments=3))

    assert [1, 3, 5] == paper.chronicle.trace().counted.tolist()


# ---- interest, optimizers, broken parts ------------------------------------------------------------------


def test_interest_is_the_venues_to_post(rule_cache: Path) -> None:
    idle = Filed(strategy(signals={"always": Always()}, gross=0.5), costs={"cash_rate": 0.252, "borrow_rate": 0.1})
    paper = finish(played(prices([100.0] * 3), rule_cache, idle))
    posted = [entry for entry in written(paper, Kind.ACTIVITY) if entry.body["kind"] == "interest"]

    assert (0.0, 0.0) == (paper.agent.walk.settings.cash_rate, paper.agent.walk.settings.borrow_rate)
    assert ["10", "5.01", "5.01501"] == [entry.body["cash"] for entry in posted]
    assert 20.02501 == paper.agent.walk.state.rows[0].interest


def test_optimizer_that_is_asked_in_turn_answers_at_each_close(rule_cache: Path) -> None:
    keeps = Keeps()
    paper = finish(
        played(
            prices([100.0] * 5, open=[100.0] * 5),
            rule_cache,
            Filed(strategy(signals={"always": Always()}, optimizer=("keeps", keeps))),
        )
    )

    assert (5, [50.0, 75.0, 87.0, 93.0]) == (keeps.asked, np.cumsum(paper.chronicle.trace().fills.quantity).tolist())


def test_playback_whose_last_signal_is_lost_ends_with_its_reason(rule_cache: Path) -> None:
    paper = played(prices([100.0]), rule_cache, Filed(strategy(signals={"broken": Broken()})))

    with pytest.raises(PluginError, match="no active signal is left of trend"):
        paper.step()


# ---- what holds for any recording ------------------------------------------------------------------------


@pytest.mark.parametrize("draw", DRAWS)
def test_playback_row_by_row_and_ahead_write_the_same_ledger(draw: Draw, rule_cache: Path) -> None:
    """But for the entry that says how they ask; every decision has the hash of the state."""
    papers = [finish(Pair(case_of(draw), rule_cache, ahead=ahead).paper) for ahead in (False, True, False)]
    told = [[(entry.at, entry.kind, entry.text) for entry in written(paper)] for paper in papers]
    ahead, behind = (next(entry.body for entry in written(paper, Kind.SESSION)) for paper in papers[1::-1])

    assert papers[0].store.head == papers[2].store.head
    assert behind | {"ahead": True} == ahead
    assert [one for one in told[0] if one[1] is not Kind.SESSION] == [
        one for one in told[1] if one[1] is not Kind.SESSION
    ]
    assert 1 == len({as_bytes(paper.agent.walk.state) for paper in papers})
    assert papers[0].store.head == verify(papers[0].store.read())
    assert len(written(papers[0], Kind.FILL)) > 5


@pytest.mark.parametrize("draw", DRAWS)
def test_venue_account_and_state_agree_after_every_bar(draw: Draw, rule_cache: Path) -> None:
    paper = Pair(case_of(draw), rule_cache, ahead=True).paper
    account, walk = paper.agent.account, paper.agent.walk
    while paper.bar < paper._bars.n_bars:
        paper.step()
        for book, name in enumerate(account.strategies):
            cash = float(account.holdings.cash(name, "USD"))

            assert paper.venue.cash[name] == pytest.approx(cash, rel=1e-9)
            assert walk.state.rows[book].cash == pytest.approx(cash, rel=1e-12)
            for asset, symbol in enumerate(account.symbols):
                exactly = account.holdings.quantity(name, symbol)
                assert paper.venue.held.get((name, symbol), Decimal(0)) == exactly
                assert abs(float(exactly) - walk.state.positions[book, asset].quantity) < 1e-9
        assert [] == [*paper.agent.working.open()], "nothing is left open between two rows"


@pytest.mark.parametrize("draw", DRAWS)
def test_ledger_has_every_intent_before_what_came_of_it(draw: Draw, rule_cache: Path) -> None:
    paper = finish(Pair(case_of(draw), rule_cache, ahead=True).paper)
    intended, rows, decided = set(), 0, 0
    for entry in written(paper):
        if entry.kind is Kind.INTENT:
            assert entry.body["client_id"] not in intended
            intended.add(entry.body["client_id"])
        if entry.kind in {Kind.ORDER, Kind.FILL}:
            assert entry.body["client_id"] in intended
        rows += entry.kind is Kind.ROW
        decided += entry.kind is Kind.DECISION

    assert (paper._bars.n_bars, rows) == (rows, decided)


@pytest.mark.parametrize("draw", DRAWS)
def test_stops_at_the_venue_are_those_of_the_state_between_two_rows(draw: Draw, rule_cache: Path) -> None:
    paper = Pair(case_of(draw), rule_cache, ahead=True).paper
    seen = 0
    while paper.bar < paper._bars.n_bars:
        paper.step()
        standing = {(one.strategy, one.symbol): float(one.stop or 0) for one in paper.venue._stops.values()}
        plan, account = paper.chronicle.plans[-1], paper.agent.account
        wanted = {account.place(book, asset) for book, asset in np.argwhere(np.isfinite(plan.stop))}

        assert standing.keys() <= wanted
        for place, price in standing.items():
            assert price == plan.stop[account.book(place[0]), account.asset(place[1])]
        seen += len(standing)
    assert seen > 20
