"""What an agent does about what is not certain, told event by event; whole days of it are `test_simtest`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import numpy as np
import pytest
from tradewright.engine.known import opening_of
from tradewright.engine.walk import Walk
from tradewright.execute.budget import Budget, Contact, Outcome, Use
from tradewright.execute.news import News, Report, Word
from tradewright.ledger.entry import Kind
from tradewright.live import events
from tradewright.live.account import Account
from tradewright.live.core import Agent
from tradewright.live.outlook import Ahead
from tradewright.sessions import Sessions, all_sessions
from tradewright.simtest.wishes import Wishes, fused
from tradewright.simtest.world import World, case_of
from tradewright.values.exact import exact
from tradewright.values.order import Activity, ActivityKind, Fill, Order, Purpose, Status
from tradewright.values.snapshot import Quote, Snapshot

SECOND = timedelta(seconds=1)


class Desk:
    """An agent whose venue is the test: two rows of a market, and a book that wants to hold a tenth of AAA."""

    def __init__(self, calendar: Sessions, folder: Path, rule_set: str = "checks", **options: Any) -> None:
        world = World(case_of(0, 1, ()), calendar, folder)
        self.bars, self.bar = world.bars, 26
        target = np.zeros((self.bars.n_bars, 1, self.bars.n_assets))
        target[: self.bar + 1, 0, 0] = 0.1
        made = np.ones(target.shape[:2], bool)
        wishes: Any = Wishes(rule_set, target, made, np.zeros_like(made))
        rules = fused(rule_set, folder)
        self.outlook = Ahead(wishes, rules, self.bars, self.bar)
        costs = wishes.engine_settings(self.bars, rules, 252)._replace(cash_rate=0.0)
        walk = Walk(rules, costs, self.outlook.known(), wishes.capital)
        account = Account("simulated", "USD", ["book0"], self.bars.symbols, walk.assets.multiplier)
        self.now = datetime.fromisoformat(f"{self.bars.opened_at[self.bar]}"[:19] + "+00:00")
        mode = options.pop("mode", "paper")
        self.agent = Agent("desk", mode, walk, account, self.now, **options)
        self.drafts: list[Any] = []
        self.actions: list[Any] = []
        self.take(self.agent.start(self.now, {}, self.bars.until(0)))
        self.row()

    def take(self, actions: Iterable[Any]) -> list[Any]:
        told = [*actions]
        self.actions += told
        for action in told:
            if isinstance(action, events.Commit):
                self.drafts += action.drafts
            if isinstance(action, events.Prepare):
                self.hear(self.outlook.prepare(action.row))
        return told

    def hear(self, event: Any, after: float = 0.0) -> list[Any]:
        self.now += after * SECOND
        return self.take(self.agent.handle(event, self.now))

    def said(self, order: Order, word: Word, after: float = 0.0, **news: Any) -> list[Any]:
        return self.hear(Report(order.id, News(word=word, **news)), after)

    def row(self) -> None:
        """Play a row in which nothing is ordered, up to its decision."""
        self.hear(events.BarOpened(opening_of(self.bars, self.bar)))
        self.row_after()

    def row_after(self) -> None:
        """End the row that has begun."""
        self.hear(events.RowArrived(self.bars.between(self.bar, self.bar + 1)), 900.0)
        self.bar += 1

    def open(self, age: float = 0.0) -> list[Order]:
        """Open the next row and show its first prices; return the orders that leave."""
        self.hear(events.BarOpened(opening_of(self.bars, self.bar)))
        return [one.order for one in self.quote(age) if isinstance(one, events.Submit)]

    def quote(self, age: float = 0.0, after: float = 0.0) -> list[Any]:
        assert self.bars.open is not None
        price, at = exact(self.bars.open[self.bar, 0]), self.now + (after - age) * SECOND
        quote = Quote(venue="simulated", symbol="AAA", event_at=at, available_at=at, bid=price, ask=price)
        return self.hear(events.Quoted({"AAA": quote}), after)

    def fill(self, order: Order, quantity: Any = None, name: str = "e1") -> Fill:
        units = order.quantity if quantity is None else Decimal(quantity)
        fields: dict[str, Any] = {"symbol": order.symbol, "price": Decimal(100), "currency": "USD", "at": self.now}
        return Fill(venue="simulated", execution_id=name, order_id=order.id, quantity=units, **fields)

    def seen(self, **changes: Any) -> events.SnapshotTaken:
        holdings = self.agent.account.holdings
        usual = {"cash": {"USD": holdings.total_cash("USD")}, "positions": {"AAA": holdings.total_quantity("AAA")}}
        return events.SnapshotTaken(Snapshot(**({"at": self.now} | usual | changes)))

    def alerts(self) -> list[str]:
        return [str(draft.body["id"]) for draft in self.drafts if draft.kind is Kind.ALERT]


def kinds(actions: Iterable[Any]) -> list[str]:
    return [type(action).__name__ for action in actions if not isinstance(action, events.Commit)]


@pytest.fixture(scope="module")
def calendar(rule_cache: Path) -> Sessions:
    return all_sessions("XNYS", cache=rule_cache)


@pytest.fixture
def desk(calendar: Sessions, rule_cache: Path) -> Desk:
    return Desk(calendar, rule_cache)


# ---- orders without a word -------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "asked"), [(4.9, []), (5.0, ["Query"])])
def test_order_without_news_is_asked_for_after_five_seconds(after: float, asked: list[str], desk: Desk) -> None:
    (order,) = desk.open()
    assert desk.now + 5 * SECOND == desk.agent.wake_at(desk.now)

    assert asked == kinds(desk.hear(events.Tick(), after))
    assert [] == kinds(desk.hear(events.Tick(), 1.0)) or not asked
    assert Purpose.TARGET is order.purpose


def test_order_that_the_venue_does_not_know_is_asked_for_every_five_seconds_and_not_at_once(desk: Desk) -> None:
    (order,) = desk.open()
    assert ["Query"] == kinds(desk.said(order, Word.UNANSWERED, 3.0))

    assert [] == kinds(desk.said(order, Word.ABSENT, 0.1))
    assert [] == kinds(desk.hear(events.Tick(), 4.8))
    assert ["Query"] == kinds(desk.hear(events.Tick(), 0.2))


def test_order_that_is_unknown_blocks_its_symbol_until_it_is_found(desk: Desk) -> None:
    (order,) = desk.open()
    desk.said(order, Word.UNANSWERED, 3.0)
    assert ("blocked", "") == tuple(desk.agent.watch.holds(symbol, reduces=False) for symbol in ("AAA", "BBB"))
    assert [f"order {order.id}"] == desk.alerts()
    desk.said(order, Word.FOUND, status=Status.CANCELLED, filled=Decimal(0))

    assert "" == desk.agent.watch.holds("AAA", reduces=False)


def test_order_that_is_unknown_at_the_close_is_not_waited_for_and_nothing_is_planned(desk: Desk) -> None:
    (order,) = desk.open()
    desk.said(order, Word.UNANSWERED, 3.0)
    told = desk.hear(events.RowArrived(desk.bars.between(desk.bar, desk.bar + 1)), 897.0)

    assert not any(isinstance(one, events.Cancel) for one in told)
    decided = [one for one in desk.actions if isinstance(one, events.Decided)][-1]
    assert 0.0 == decided.plan.order[0, 0]
    assert desk.agent.walk.state.positions[0, 0].blocked


def test_order_that_is_awaited_at_the_close_is_cancelled_again_and_given_up(desk: Desk) -> None:
    (order,) = desk.open()
    desk.said(order, Word.ACCEPTED, 1.0)
    desk.hear(events.RowArrived(desk.bars.between(desk.bar, desk.bar + 1)), 899.0)
    assert ["Query"] == kinds(desk.hear(events.Tick(), 4.0))

    assert ["Cancel"] == kinds(desk.hear(events.Tick(), 1.0))
    assert "Decided" in kinds(desk.hear(events.Tick(), 25.0))
    assert Status.UNKNOWN is desk.agent.working.states[order.id].status


# ---- fills and what they bind ----------------------------------------------------------------------------


def test_fill_that_the_venue_counts_and_that_has_not_come_binds_its_cash_and_blocks(desk: Desk) -> None:
    (order,) = desk.open()
    desk.said(order, Word.FOUND, status=Status.FILLED, filled=order.quantity)

    assert 9_000.0 < desk.agent.watch.bound("book0") < 11_000.0
    assert "blocked" == desk.agent.watch.holds("AAA", reduces=True)
    assert ["Look"] == kinds(desk.hear(events.Tick(), 0.1))
    desk.said(order, Word.FILL, fill=desk.fill(order))
    assert (0.0, "") == (desk.agent.watch.bound("book0"), desk.agent.watch.holds("AAA", reduces=True))


def test_fill_of_an_order_that_this_ledger_does_not_know_is_booked_and_freezes(desk: Desk) -> None:
    (order,) = desk.open()
    made = desk.fill(order, 3, "e9")
    strange = attrs.evolve(made, order_id=UUID(int=9))
    desk.hear(Report(UUID(int=9), News(word=Word.FILL, fill=strange)))
    desk.hear(Report(UUID(int=9), News(word=Word.ACCEPTED)))

    assert Decimal(3) == desk.agent.account.holdings.total_quantity("AAA")
    assert "freeze" == desk.agent.watch.holds("BBB", reduces=True)
    assert ["execution e9", "freeze"] == desk.alerts()


def test_bust_is_reversed_as_it_was_booked_and_the_state_follows_at_once(desk: Desk) -> None:
    (order,) = desk.open()
    cash = desk.agent.account.holdings.cash("book0", "USD")
    desk.said(order, Word.FILL, fill=desk.fill(order))
    desk.said(order, Word.BUST, fill=desk.fill(order), reason="error trade")

    assert (cash, Decimal(0)) == (
        desk.agent.account.holdings.cash("book0", "USD"),
        desk.agent.account.holdings.quantity("book0", "AAA"),
    )
    assert 0.0 == desk.agent.walk.state.positions[0, 0].quantity
    assert Kind.ACTIVITY is desk.drafts[-1].kind


def test_overfill_blocks_its_symbol_for_good(desk: Desk) -> None:
    (order,) = desk.open()
    desk.said(order, Word.FILL, fill=desk.fill(order, order.quantity + 1))

    assert "has filled by what was not ordered" in desk.agent.watch.blocked["AAA"]


# ---- snapshots -------------------------------------------------------------------------------------------


def test_snapshots_are_taken_at_the_start_and_at_the_pace_that_is_set(calendar: Sessions, rule_cache: Path) -> None:
    desk = Desk(calendar, rule_cache, look_every=timedelta(minutes=1))
    assert ["Look"] == kinds(desk.hear(events.Tick()))
    assert [] == kinds(desk.hear(events.Tick(), 9.9))
    assert ["Look"] == kinds(desk.hear(events.Tick(), 0.1))  # The first has not come.
    desk.hear(desk.seen())

    assert [] == kinds(desk.hear(events.Tick(), 59.9))
    assert ["Look"] == kinds(desk.hear(events.Tick(), 0.1))


def test_snapshot_that_agrees_writes_nothing_and_moves_the_beginning(desk: Desk) -> None:
    desk.agent.watch.look(desk.now)
    (first,) = desk.hear(events.Tick())
    assert [] == desk.hear(desk.seen(), 1.0)
    desk.agent.watch.look(desk.now + 60 * SECOND)
    (second,) = desk.hear(events.Tick(), 60.0)

    assert first.since < second.since
    assert 71 * SECOND == desk.now - second.since


def test_snapshots_that_differ_are_taken_ever_more_seldom_up_to_five_minutes(desk: Desk) -> None:
    watch, waits, looked_at = desk.agent.watch, list[float](), desk.now
    for _ in range(13):
        watch.look(desk.now)
        at = desk.agent.wake_at(desk.now) or pytest.fail("no snapshot is wanted")
        assert ["Look"] == kinds(desk.hear(events.Tick(), (at - desk.now).total_seconds()))
        waits.append((at - looked_at).total_seconds())
        looked_at = at
        desk.hear(desk.seen(positions={"BBB": Decimal(7)}))

    assert [0, 2, 2, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] == waits


def test_snapshot_that_is_missing_changes_nothing(desk: Desk) -> None:
    assert [] == desk.hear(events.SnapshotTaken(None))


def test_snapshot_with_an_activity_books_it_and_tells_it(desk: Desk) -> None:
    fee = Activity(venue="simulated", id="f1", kind=ActivityKind.FEE, cash=Decimal(-3), currency="USD", at=desk.now)
    cash = desk.agent.account.holdings.total_cash("USD")
    desk.hear(desk.seen(cash={"USD": cash - 3}, activities=(fee,)))

    assert cash - 3 == desk.agent.account.holdings.total_cash("USD")
    assert Kind.ACTIVITY is desk.drafts[-1].kind


def test_units_that_nothing_explains_freeze_after_three_snapshots_and_the_next_decision_is_frozen(desk: Desk) -> None:
    for _ in range(3):
        desk.hear(desk.seen(positions={"BBB": Decimal(7)}), 2.0)

    assert "nothing explains why the venue holds 7 more BBB" in desk.agent.watch.freeze
    assert [] == desk.open()
    desk.hear(events.RowArrived(desk.bars.between(desk.bar, desk.bar + 1)), 900.0)
    assert 3 == desk.agent.walk.state.halts.level.max()
    assert {"blocked BBB", "freeze"} <= set(desk.alerts())


@pytest.mark.parametrize(("cash", "reason"), [(Decimal("0.5"), ""), (Decimal(500), "cash")])
def test_cash_that_differs_stops_increases_alone_and_only_while_it_does(
    cash: Decimal, reason: str, desk: Desk
) -> None:
    usual = desk.agent.account.holdings.total_cash("USD")
    desk.hear(desk.seen(cash={"USD": usual + cash}))
    holds = desk.agent.watch.holds
    assert (reason, "") == (holds("AAA", reduces=False), holds("AAA", reduces=True))
    desk.hear(desk.seen())

    assert ("", "") == (holds("AAA", reduces=False), desk.agent.watch.freeze)


# ---- quotes and the budget -------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "orders"), [(60.0, 1), (60.1, 0)])
def test_quote_that_is_older_than_a_minute_is_no_price(age: float, orders: int, desk: Desk) -> None:
    assert orders == len(desk.open(age))


def test_order_without_a_token_stays_planned_and_goes_when_there_is_one(calendar: Sessions, rule_cache: Path) -> None:
    desk = Desk(calendar, rule_cache, budget=Budget(size=3.0, per_second=0.5))
    assert desk.agent.watch.spend(Use.REDUCE, desk.now)
    assert [] == desk.open()
    assert desk.now + SECOND == desk.agent.wake_at(desk.now)

    assert [] == kinds(desk.hear(events.Tick(), 5.9))
    assert ["Submit"] == kinds(desk.hear(events.Tick(), 0.1))
    assert "tick" in [draft.body.get("what") for draft in desk.drafts]


def test_order_that_adds_risk_waits_for_a_breaker_and_is_not_its_probe(desk: Desk) -> None:
    for _ in range(3):
        desk.hear(Contact(outcome=Outcome.FAILED))
    assert [] == desk.open()
    assert [] == kinds(desk.hear(events.Tick(), 31.0))
    desk.hear(Contact(outcome=Outcome.ANSWERED))

    assert ["Submit"] == kinds(desk.hear(events.Tick(), 1.0))


def test_venue_that_does_not_let_us_in_freezes(desk: Desk) -> None:
    desk.hear(Contact(outcome=Outcome.FORBIDDEN, reason="403"))

    assert ("the venue does not let us in: 403", [], ["freeze"]) == (
        desk.agent.watch.freeze,
        desk.open(),
        desk.alerts(),
    )


def test_stream_that_was_cut_has_the_account_compared_once(desk: Desk) -> None:
    for _ in range(5):
        desk.hear(Contact(outcome=Outcome.CUT))

    assert ["Look"] == kinds(desk.hear(events.Tick()))
    assert [] == kinds(desk.hear(events.Tick(), 1.0))


# ---- between close and decision --------------------------------------------------------------------------


def test_fill_between_close_and_decision_belongs_to_the_next_row(desk: Desk) -> None:
    (order,) = desk.open()
    desk.said(order, Word.UNANSWERED, 3.0)
    row = desk.agent._row
    row.is_settled = True
    before = desk.agent.walk.state.positions[0, 0].quantity
    assert [] == desk.said(order, Word.FILL, fill=desk.fill(order))

    assert before == desk.agent.walk.state.positions[0, 0].quantity
    assert Decimal(0) == desk.agent.account.holdings.quantity("book0", "AAA")
    assert 1 == len(row.aside)
