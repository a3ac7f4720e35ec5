"""What the agent writes down: one form for each thing, which the ledger can hold and a reader can tell."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desk_harness import Desk, drafts, fill_of, quote
from engine_harness import prices
from order_harness import order
from tradewright.engine.known import Opening, Plan, Verdict
from tradewright.engine.log import EVENT, GRANTED, HALTED, LIFTED
from tradewright.engine.state import as_bytes, table
from tradewright.engine.tape import OPENING
from tradewright.errors import PluginError
from tradewright.execute.news import News, Word
from tradewright.execute.orders import advance
from tradewright.execute.state import OrderState
from tradewright.execute.working import Intent
from tradewright.ledger.canonical import canonical
from tradewright.ledger.entry import Draft, Kind
from tradewright.ledger.store import MemoryStore
from tradewright.live import entries
from tradewright.live.account import Account
from tradewright.live.events import Opinion, RowPrepared
from tradewright.risk.contract import FLATTEN, FREEZE, REDUCING
from tradewright.values.bars import Bars
from tradewright.values.order import Purpose
from tradewright.values.plain import from_plain
from tradewright.values.venue import Dividends
from venue_harness import AT, NAN

FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def account(*strategies: str) -> Account:
    return Account("simulated", "USD", strategies or ("trend",), ("A0", "A1"), np.ones(2))


def body(draft: Draft, kind: Kind) -> dict[str, Any]:
    """Return what is written, after a look at kind and time and that the ledger can hold it."""
    assert (kind, AT) == (draft.kind, draft.at)
    canonical(draft.body)
    return dict(draft.body)


# ---- one by one ------------------------------------------------------------------------------------------


def test_genesis_says_whose_ledger_it_is() -> None:
    expected = {
        "ledger": "desk",
        "mode": "paper",
        "venue": "simulated",
        "currency": "USD",
        "strategies": ["trend", "other"],
        "symbols": ["A0", "A1"],
    }

    assert expected == body(entries.genesis("desk", "paper", account("trend", "other"), AT), Kind.GENESIS)


def test_genesis_says_where_dividends_are_paid_later() -> None:
    later = Account("broker", "USD", ("trend",), ("A0", "A1"), np.ones(2), dividends=Dividends.LATER)

    assert "later" == body(entries.genesis("desk", "live", later, AT), Kind.GENESIS)["dividends"]


def test_row_has_the_prices_of_what_traded() -> None:
    bars = prices([[1.0, NAN]], open=[[2.0, NAN]], high=[[3.0, NAN]], low=[[0.5, NAN]], volume=[[7.0, NAN]])
    expected = {
        "closed_at": FIRST + timedelta(minutes=1),
        "seconds": 60,
        "closes_in": 0,
        "session": "1970-01-01",
        "prices": {"A0": [2, 3, 0.5, 1, 7]},
        "ends": True,
    }

    assert expected == body(entries.row(bars, AT), Kind.ROW)


def test_row_leaves_out_columns_and_numbers_that_are_not_there() -> None:
    closes = prices([[1.0, 2.0]], volume=[[7.0, NAN]])

    assert {"A0": [1, 7], "A1": [2, None]} == entries.row(closes, AT).body["prices"]


def test_row_has_the_actions_that_are_not_usual() -> None:
    bars = prices([[1.0, 2.0, 3.0]])
    fields = {name: getattr(bars, name) for name in ("opened_at", "closed_at", "session", "close", "traded")}
    acted = Bars(instruments=bars.instruments, split=[[2.0, 1.0, 1.0]], dividend=[[0.0, 0.5, 0.0]], **fields)
    written = body(entries.row(acted, AT), Kind.ROW)

    assert ({"A0": 2.0}, {"A1": 0.5}) == (written["split"], written["dividend"])
    assert not {"split", "dividend"} & body(entries.row(bars, AT), Kind.ROW).keys()


@pytest.mark.parametrize("is_known", [True, False])
def test_row_says_whether_it_was_there_before_the_first(is_known: bool) -> None:
    assert is_known is ("known" in entries.row(prices([1.0]), AT, is_known=is_known).body)


def test_row_says_whether_it_ends_its_session() -> None:
    bars = prices([1.0, 2.0], sessions=[0, 0])

    assert [False, True] == [entries.row(bars.between(bar, bar + 1), AT).body.get("ends", False) for bar in (0, 1)]


@pytest.mark.parametrize("purpose", [Purpose.TARGET, Purpose.STOP])
def test_intent_is_the_order_under_its_client_id(purpose: Purpose) -> None:
    one = order(purpose=purpose)
    cuts = [Verdict(0, 0, "volume-share", 12.0, 10.0, 0.05), Verdict(0, 0, "buying-power", 10.0, 9.0, None)]
    written = body(entries.intent(one, AT, cuts), Kind.INTENT)

    told = [["volume-share", 12.0, 10.0, 0.05], ["buying-power", 10.0, 9.0]]
    assert (str(one.id), "trend", told) == tuple(written.pop(key) for key in ("client_id", "strategy", "cuts"))
    assert "id" not in written
    assert one == from_plain(type(one), {**written, "id": str(one.id)})


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (None, {}),
        (Intent(), {}),
        (Intent(waits=True, binds=0.1), {"waits": True, "binds": 0.1}),
        (Intent(reduces=True, binds=-5.0), {"reduces": True, "binds": -5.0}),
    ],
)
def test_intent_tells_what_is_known_of_the_order_here(known: Intent | None, told: dict[str, Any]) -> None:
    written = body(entries.intent(order(), AT, (), known), Kind.INTENT)

    assert told == {name: one for name, one in written.items() if name in {"waits", "reduces", "binds"}}


def test_said_of_an_order_names_its_client_id() -> None:
    one = order()
    (draft,) = advance(OrderState(order=one, since=AT), News(word=Word.ACCEPTED), AT).drafts
    written = body(entries.said(draft, AT), Kind.ORDER)

    assert (str(one.id), "accepted", "working") == tuple(written[key] for key in ("client_id", "word", "status"))
    assert "id" not in written


def test_said_of_a_fill_names_the_order_of_it() -> None:
    one = order()
    news = News(word=Word.FILL, fill=fill_of(one, 100))
    (draft,) = advance(OrderState(order=one, since=AT), news, AT).drafts
    written = body(entries.said(draft, AT), Kind.FILL)

    assert (str(one.id), "10") == (written["client_id"], written["quantity"])
    assert "order_id" not in written


def test_activity_keeps_the_name_that_the_venue_gave_it() -> None:
    one = account().capital("trend", 5_000.0, AT, "start")
    written = body(entries.activity(one, AT), Kind.ACTIVITY)

    assert ("start trend", "capital", "5000") == (written["id"], written["kind"], written["cash"])
    assert one == from_plain(type(one), written)


def test_activity_of_the_platforms_own_says_so() -> None:
    one = account().capital("trend", 5_000.0, AT, "start")
    theirs, own = (body(made(one, AT), Kind.ACTIVITY) for made in (entries.activity, entries.own_activity))

    assert {**theirs, "own": True} == own


def test_session_is_what_it_is_told() -> None:
    assert {"config": "{}"} == body(entries.session({"config": "{}"}, AT), Kind.SESSION)


@pytest.mark.parametrize("opens", [True, False])
def test_opening_has_what_happens_before_the_first_price(opens: bool) -> None:
    assets = table((3,), OPENING, split=[2.0, 1.0, 1.0], dividend=[0.0, 0.5, 0.0], exits=[False, False, True])
    expected = {"opens": opens, "splits": {"A0": 2.0}, "dividends": {"A1": 0.5}, "exits": ["A2"]}

    assert expected == body(entries.opening(Opening(opens, assets), ("A0", "A1", "A2"), AT), Kind.ACTION)


def test_opening_at_which_nothing_happens_says_whether_it_opens_a_session() -> None:
    assets = table((1,), OPENING, split=1.0)

    assert {"opens": False} == body(entries.opening(Opening(False, assets), ("A0",), AT), Kind.ACTION)


def test_quotes_are_bid_and_ask_by_symbol() -> None:
    told = {"B": quote("B", None, 101), "A": quote("A", "0.10")}

    assert {"A": [Decimal("0.10")] * 2, "B": [None, Decimal(101)]} == entries.quotes(told, AT).body
    assert ["A", "B"] == [*entries.quotes(told, AT).body]


# ---- events ----------------------------------------------------------------------------------------------


def happened(*rows: tuple[Any, ...]) -> Any:
    return np.array([(0, *row) for row in rows], EVENT).view(np.recarray)


def test_halt_of_what_nobody_knows_can_be_written() -> None:
    """A position without a price has no worth: the rule halts, and what it has seen is no number."""
    (found,) = entries.events(happened((0, HALTED, 0, FREEZE, NAN, 0.12, 0.0)), ["drawdown-halt"], account(), AT)

    assert ("nan", 0.12) == (body(found, Kind.HALT)["observed"], found.body["limit"])


def test_events_tell_halts_lifts_and_grants() -> None:
    told = happened(
        (0, HALTED, 0, FLATTEN, 0.13, 0.12, 0.0),
        (1, HALTED, 1, REDUCING, 0.06, 0.05, 0.0),
        (2, LIFTED, 0, FREEZE, 1.0, 1.1, 0.0),
        (2, GRANTED, -1, 0, 0.15, 0.125, 50_000.0),
    )
    found = [*entries.events(told, ["drawdown-halt", "daily-loss"], account("trend", "other"), AT)]
    halt = {"row": "trend", "rule": "drawdown-halt", "level": "flatten", "observed": 0.13, "limit": 0.12}

    assert [Kind.HALT, Kind.HALT, Kind.LIFT, Kind.CAPITAL] == [one.kind for one in found]
    assert halt.keys() == body(found[0], Kind.HALT).keys()
    assert ("trend", "drawdown-halt", 0.13, 0.12) == tuple(
        found[0].body[key] for key in ("row", "rule", "observed", "limit")
    )
    assert ["trend", "other", "account", "account"] == [one.body["row"] for one in found]
    assert ["drawdown-halt", "daily-loss", "drawdown-halt"] == [one.body["rule"] for one in found[:3]]
    assert 3 == len({one.body["level"] for one in found[:3]})
    expected = {"row": "account", "observed": 0.15, "limit": 0.125, "money": 50_000.0}
    assert expected == body(found[3], Kind.CAPITAL)


def test_events_of_a_single_book_are_its_own() -> None:
    (found,) = entries.events(happened((0, HALTED, 0, FLATTEN, 0.13, 0.12, 0.0)), ["x"], account(), AT)

    assert "trend" == found.body["row"]


# ---- decisions -------------------------------------------------------------------------------------------


def deciding(folder: Path, **more: Any) -> tuple[Desk, dict[str, Any]]:
    """Return a desk and what it writes of its decision to hold a half of A0 and nothing of A1."""
    desk = Desk(prices([[100.0, 50.0]] * 3, open=[[100.0, 50.0]] * 3), folder, limit_offset=-0.01)
    desk.target[0, 0] = [0.5, 0.0]
    desk.open()
    desk.arrive()
    (draft,) = drafts(desk.prepare(**more))
    assert Kind.DECISION is draft.kind
    return desk, dict(draft.body)


def test_decision_has_targets_orders_cash_and_the_states_hash(rule_cache: Path) -> None:
    desk, written = deciding(rule_cache)

    assert ["closed_at", "answers", "targets", "orders", "cash", "state"] == list(written)
    assert {"trend": {"A0": 0.5}} == written["targets"] == written["answers"]
    assert [["trend", "A0", 50.0, 99.0, -100.0]] == written["orders"], "a limit 1 % below the close saves 100 bps"
    assert {"trend": "10000"} == written["cash"]
    assert hashlib.sha256(as_bytes(desk.walk.state)).hexdigest() == written["state"]


def test_decision_has_votes_and_who_could_not_vote(rule_cache: Path) -> None:
    opinions = {"trend": {"ma": Opinion(np.array([-0.5, 0.0]), np.array([0.25, 1.0]))}}
    more = {"opinions": opinions, "combined": {"trend": np.array([-0.125, 0.0])}}
    _, written = deciding(rule_cache, **more, missing={"trend": {"lost": "raised"}, "other": {}})

    assert {"trend": {"ma": [(-0.5, 0.25), (0.0, 1.0)]}} == written["opinions"]
    assert {"trend": [-0.125, 0.0]} == written["combined"]
    assert {"trend": {"lost": "raised"}} == written["missing"]


def test_decision_of_nobody_has_no_targets(rule_cache: Path) -> None:
    desk = Desk(prices([[100.0, 50.0]], open=[[100.0, 50.0]]), rule_cache)
    desk.made[:] = False
    desk.open()
    desk.arrive()

    assert ["closed_at", "cash", "state"] == list(drafts(desk.prepare())[0].body)


def test_decision_has_stops_and_what_was_refused(rule_cache: Path) -> None:
    desk, _ = deciding(rule_cache)
    plan = Plan(np.zeros((1, 2)), np.full((1, 2), NAN), np.array([[NAN, 45.0]]))
    known = RowPrepared(desk.walk._known)
    refused = [{"strategy": "trend", "symbol": "A0", "reason": "quote", "by": ""}]
    draft = entries.decision(known, plan, desk.walk, desk.account, refused, AT)
    written = body(draft, Kind.DECISION)

    assert ([["trend", "A1", 45.0]], refused) == (written["stops"], written["refused"])
    assert "orders" not in written


def test_decision_has_no_limit_for_an_order_at_the_market(rule_cache: Path) -> None:
    desk, _ = deciding(rule_cache)
    plan = Plan(np.array([[0.0, -3.0]]), np.full((1, 2), NAN), np.full((1, 2), NAN))
    draft = entries.decision(RowPrepared(desk.walk._known), plan, desk.walk, desk.account, [], AT)

    assert [["trend", "A1", -3.0, None, 0.0]] == body(draft, Kind.DECISION)["orders"]


def test_everything_of_a_bar_can_be_chained(rule_cache: Path) -> None:
    desk, _ = deciding(rule_cache, missing={"trend": {"lost": str(PluginError("raised", key="lost"))}})
    desk.play()
    store = MemoryStore()
    store.append(drafts(desk.done))

    assert [draft.kind for draft in drafts(desk.done)] == [entry.kind for entry in store.read()]
