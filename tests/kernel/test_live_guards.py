"""Protective stops at the venue: those of the state, no more and no less."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from desk_harness import Desk, fill_of, stops, words
from engine_harness import prices
from tradewright.execute.news import News, Report
from tradewright.live import guards
from tradewright.live.events import Cancel
from tradewright.values.order import Activity, ActivityKind, Order, Purpose
from venue_harness import AT, NAN

TWO = prices([[100.0, 50.0]], open=[[100.0, 50.0]])


class Post:
    """A state that is written by hand, and the stops that follow."""

    def __init__(self, folder: Path, capital: tuple[float, ...] = (10_000.0,)) -> None:
        self.desk = Desk(TWO, folder, capital)
        self.account, self.walk, self.working = self.desk.account, self.desk.walk, self.desk.agent.working
        self.n = 0

    def set(self, held: Any = 0, stop: float = 90.0, order: float = 0.0, asset: int = 0, book: int = 0) -> Post:
        cell = self.walk.state.positions[book, asset]
        cell.quantity, cell.stop, cell.order = float(held), stop, order
        strategy, symbol = self.account.place(book, asset)
        self.n += 1
        moved = Decimal(str(held)) - self.account.holdings.quantity(strategy, symbol)
        adopted: dict[str, Any] = {"symbol": symbol, "strategy": strategy, "units": moved, "currency": "USD"}
        self.account.holdings.book(
            Activity(venue="simulated", id=str(self.n), kind=ActivityKind.ADOPTION, at=AT, **adopted)
        )
        return self

    def keep(self) -> list[Any]:
        return guards.keep(self.walk, self.account, self.working, AT, AT + timedelta(seconds=1))

    def sent(self) -> list[tuple[str, float, float]]:
        return [(one.symbol, float(one.quantity), float(one.stop or NAN)) for one in stops(self.keep())]

    def hear(self, order: Order, word: str, **more: Any) -> None:
        self.working.hear(Report(order.id, News(word=word, **more)), AT)  # type: ignore[arg-type]  # it converts


@pytest.fixture
def post(rule_cache: Path) -> Post:
    return Post(rule_cache)


def test_keep_when_nothing_has_a_stop_does_nothing(post: Post) -> None:
    assert [] == post.set(10, NAN).keep()


def test_keep_when_a_position_has_a_stop_writes_and_sends_it(post: Post) -> None:
    actions = post.set(10).keep()
    (order,) = stops(actions)

    assert ["commit intent", "submit stop A0 -10"] == words(actions)
    assert (Purpose.STOP, Decimal("90.0"), None, AT) == (order.purpose, order.stop, order.limit, order.decided_at)


@pytest.mark.parametrize(
    ("held", "order", "guarded"),
    [(10, 0.0, -10.0), (-10, 0.0, 10.0), (0, 10.0, -10.0), (10, 5.0, -15.0), (-10, -5.0, 15.0), (10, -4.0, -10.0)],
)
def test_keep_guards_what_is_held_and_what_a_planned_increase_adds(
    held: int, order: float, guarded: float, post: Post
) -> None:
    assert [("A0", guarded, 90.0)] == post.set(held, order=order).sent()


@pytest.mark.parametrize(("held", "sends"), [("0", 0), ("1e-10", 0), ("0.99e-9", 0), ("2e-9", 1), ("-2e-9", 1)])
def test_keep_guards_no_dust(held: str, sends: int, post: Post) -> None:
    assert sends == len(post.set(held).sent())


def test_keep_guards_the_exact_units_of_the_account(post: Post) -> None:
    exactly = Decimal("0.1000000000000000055")
    (order,) = stops(post.set(exactly).keep())

    assert -exactly == order.quantity


def test_keep_when_the_stops_are_the_same_does_nothing(post: Post) -> None:
    post.set(10).keep()

    assert [] == post.keep()


@pytest.mark.parametrize("changes", [{"stop": 91.0}, {"stop": 89.99}, {"order": 1.0}])
def test_keep_when_price_or_units_differ_replaces_the_stop(changes: dict[str, float], post: Post) -> None:
    (old,) = stops(post.set(10).keep())
    actions = post.set(10, **changes).keep()
    assert ["cancel"] == words(actions)
    post.hear(old, "cancelled")

    assert ["commit intent", f"submit stop A0 {-10 - changes.get('order', 0):g}"] == words(post.keep())
    assert [old.id] == [one.id for one in actions if isinstance(one, Cancel)]


def test_keep_when_a_stop_has_filled_in_part_leaves_what_guards_the_rest(post: Post) -> None:
    (old,) = stops(post.set(10).keep())
    post.hear(old, "fill", fill=fill_of(old, 90, -4))

    assert [] == post.set(6).keep()
    assert ["cancel"] == words(post.set(7).keep())


@pytest.mark.parametrize(("held", "stop"), [(0, 90.0), (10, NAN)])
def test_keep_when_nothing_is_to_be_guarded_any_more_cancels_alone(held: int, stop: float, post: Post) -> None:
    post.set(10).keep()

    assert ["cancel"] == words(post.set(held, stop).keep())


@pytest.mark.parametrize("word", ["cancelled", "expired", "refused"])
def test_keep_when_the_venue_has_ended_a_stop_sends_it_anew(word: str, post: Post) -> None:
    (old,) = stops(post.set(10).keep())
    post.hear(old, word)
    (new,) = stops(post.keep())

    assert (old.id != new.id, old.quantity, old.stop) == (True, new.quantity, new.stop)


def test_keep_when_nobody_knows_of_a_stop_trusts_that_it_stands(post: Post) -> None:
    (old,) = stops(post.set(10).keep())
    post.hear(old, "unanswered")

    assert [] == post.keep()


def test_keep_sends_the_new_stops_of_all_positions_in_one_commit(post: Post) -> None:
    post.set(10).set(-4, 55.0, asset=1)
    actions = post.keep()

    assert ["commit intent intent", "submit stop A0 -10", "submit stop A1 4"] == words(actions)
    (old, _) = stops(actions)
    assert ["cancel"] == words(post.set(11).keep()), "two would sell the same units twice"
    post.hear(old, "cancelled")
    assert ["commit intent", "submit stop A0 -11"] == words(post.keep())


def test_keep_tells_books_apart(rule_cache: Path) -> None:
    post = Post(rule_cache, (5_000.0, 5_000.0)).set(10).set(3, 80.0, book=1)

    assert [("trend", -10), ("other", -3)] == [(one.strategy, int(one.quantity)) for one in stops(post.keep())]


def test_keep_leaves_the_stop_of_a_blocked_symbol_as_it_is(post: Post) -> None:
    """Nobody knows what is held of it: a second stop could sell what is not there."""
    (stop,) = stops(post.set(10, 90.0).keep())
    post.hear(stop, "accepted")
    post.set(10, 95.0).set(4, 40.0, asset=1)
    kept = guards.keep(post.walk, post.account, post.working, AT, AT, blocked={"A0", "A1"})

    assert [] == kept
    assert ["cancel", "commit intent", "submit stop A1 -4"] == words(post.keep())
