"""What a venue or a feed says and cannot be: nothing of it becomes an order, and a person is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import numpy as np
import pytest
from test_live_watch import SECOND, Desk
from tradewright.engine.known import opening_of
from tradewright.execute.news import Word
from tradewright.ledger.entry import Kind
from tradewright.live import events
from tradewright.sessions import Sessions, all_sessions
from tradewright.values.bars import Bars
from tradewright.values.exact import exact
from tradewright.values.order import EXTERNAL, Activity, ActivityKind, Status
from tradewright.values.snapshot import Quote


@pytest.fixture(scope="module")
def calendar(rule_cache: Path) -> Sessions:
    return all_sessions("XNYS", cache=rule_cache)


@pytest.fixture
def desk(calendar: Sessions, rule_cache: Path) -> Desk:
    return Desk(calendar, rule_cache)


@pytest.fixture
def live(calendar: Sessions, rule_cache: Path) -> Desk:
    return Desk(calendar, rule_cache, mode="live")


def bodies(desk: Desk, kind: Kind) -> list[dict[str, Any]]:
    return [dict(draft.body) for draft in desk.drafts if draft.kind is kind]


def holds(desk: Desk, symbol: str = "AAA", *, reduces: bool = False) -> str:
    return desk.agent.watch.holds(symbol, reduces=reduces, strategy="book0")


# ---- rows (F26, F28) -------------------------------------------------------------------------------------


def with_cell(desk: Desk, name: str, value: float) -> Bars:
    """Return the next row with one cell of AAA changed."""
    row = desk.bars.between(desk.bar, desk.bar + 1)
    grid = getattr(row, name).copy()
    grid[0, 0] = value
    return attrs.evolve(row, **{name: grid})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("close", np.nan),
        ("close", np.inf),
        ("close", 0.0),
        ("close", -1.0),
        ("open", -np.inf),
        ("high", 0.01),
        ("close", 1e6),
        ("volume", np.nan),
        ("volume", -1.0),
    ],
)
def test_f26_price_that_cannot_be_is_untraded_and_the_row_says_why(name: str, value: float, desk: Desk) -> None:
    desk.hear(events.BarOpened(opening_of(desk.bars, desk.bar)))
    actions = desk.hear(events.RowArrived(with_cell(desk, name, value)), 900.0)
    row = bodies(desk, Kind.ROW)[-1]
    (prepare,) = [one for one in actions if isinstance(one, events.Prepare)]

    assert ["AAA"] == list(row["dropped"])
    assert {"BBB", "CCC", "DDD", "EEE"} == set(row["prices"])
    assert [False, True, True, True, True] == prepare.row.traded[0].tolist()
    assert np.isnan(prepare.row.close[0, 0])
    assert [] == desk.alerts()


def test_f26_third_price_of_a_symbol_that_cannot_be_is_told_to_a_person(desk: Desk) -> None:
    told = []
    for _ in range(6):
        desk.hear(events.BarOpened(opening_of(desk.bars, desk.bar)))
        desk.hear(events.RowArrived(with_cell(desk, "close", -1.0)), 900.0)
        desk.bar += 1
        told.append(len(desk.alerts()))

    assert [0, 0, 1, 1, 1, 2] == told
    assert {"row AAA"} == set(desk.alerts())


def test_f26_row_of_a_ledger_tells_what_was_dropped_again(desk: Desk) -> None:
    desk.hear(events.BarOpened(opening_of(desk.bars, desk.bar)))
    row = desk.bars.between(desk.bar, desk.bar + 1)
    desk.hear(events.RowArrived(row, {"AAA": "close: must be > 0, was -1"}), 900.0)

    assert {"AAA": "close: must be > 0, was -1"} == bodies(desk, Kind.ROW)[-1]["dropped"]
    assert 1 == desk.agent.watch.dropped["AAA"]


@pytest.mark.parametrize("back", [0, 1])
def test_f28_row_that_comes_again_is_not_walked(back: int, desk: Desk) -> None:
    desk.row()
    bar, rows = desk.agent.walk.bar, len(bodies(desk, Kind.ROW))
    old = desk.bars.between(desk.bar - 1 - back, desk.bar - back)
    actions = desk.hear(events.RowArrived(old), 1.0)

    assert (bar, rows) == (desk.agent.walk.bar, len(bodies(desk, Kind.ROW)))
    assert ["Commit"] == [type(one).__name__ for one in actions]
    assert ["row"] == desk.alerts()
    assert "doubt" == bodies(desk, Kind.REQUEST)[-1]["what"]


def test_f28_row_before_its_bar_has_begun_is_not_walked(desk: Desk) -> None:
    desk.row()
    rows = len(bodies(desk, Kind.ROW))
    desk.hear(events.RowArrived(desk.bars.between(desk.bar, desk.bar + 1)), 900.0)

    assert (rows, ["row"]) == (len(bodies(desk, Kind.ROW)), desk.alerts())


def test_f28_old_row_in_a_bar_that_has_begun_leaves_it_to_its_own(desk: Desk) -> None:
    desk.row()
    desk.hear(events.BarOpened(opening_of(desk.bars, desk.bar)))
    desk.hear(events.RowArrived(desk.bars.between(desk.bar - 1, desk.bar)), 1.0)
    decided = len(bodies(desk, Kind.DECISION))
    desk.hear(events.RowArrived(desk.bars.between(desk.bar, desk.bar + 1)), 900.0)

    assert (["row"], decided + 1) == (desk.alerts(), len(bodies(desk, Kind.DECISION)))


# ---- quotes (F27, row 62) --------------------------------------------------------------------------------


def quoted(desk: Desk, factor: float, **times: Any) -> list[str]:
    """Open the next row and quote AAA off its mark; return what is sent."""
    mark = exact(round(float(desk.agent.walk.state.market[0].mark) * factor, 6))
    fields = {"event_at": desk.now, "available_at": desk.now} | times
    quote = Quote(venue="simulated", symbol="AAA", bid=mark, ask=mark, **fields)
    return [
        f"{float(one.order.quantity):+g}" for one in desk.hear(events.Quoted({"AAA": quote})) if type(one) is SUBMIT
    ]


SUBMIT = events.Submit


@pytest.mark.parametrize(
    ("factor", "sent"), [(1.199, 1), (1.201, 0), (0.801, 1), (0.799, 0), (4.0, 0), (1000.0, 0), (0.001, 0)]
)
def test_f27_row_62_quote_beyond_the_collar_lets_nothing_be_added(factor: float, sent: int, live: Desk) -> None:
    live.hear(events.BarOpened(opening_of(live.bars, live.bar)))

    assert sent == len(quoted(live, factor))
    live.row_after()
    refused = bodies(live, Kind.DECISION)[-1].get("refused", [])
    assert ([] if sent else ["collar"]) == [one["reason"] for one in refused]
    assert ([] if sent else [pytest.approx(abs(factor - 1.0), rel=0.01)]) == [float(one["far"]) for one in refused]


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_f27_quote_beyond_the_collar_lets_who_holds_out(factor: float, live: Desk) -> None:
    (order,) = live.open()
    live.said(order, Word.FILL, 1.0, fill=live.fill(order))
    live.row_after()  # Nothing is wanted any more: the next row sells.
    live.hear(events.BarOpened(opening_of(live.bars, live.bar)))

    assert [f"{-float(order.quantity):+g}"] == quoted(live, factor)


@pytest.mark.parametrize(
    "times", [{"event_at": -61.0}, {"event_at": 6.0}, {"available_at": 6.0}, {"available_at": -61.0}]
)
def test_f24_quote_of_another_time_is_no_price(times: dict[str, float], desk: Desk) -> None:
    desk.hear(events.BarOpened(opening_of(desk.bars, desk.bar)))

    assert [] == quoted(desk, 1.0, **{name: desk.now + after * SECOND for name, after in times.items()})
    assert 1 == len(quoted(desk, 1.0))


# ---- the clock (F20, row 75) -----------------------------------------------------------------------------


def said_at(desk: Desk, offset: float, after: float = 1.0) -> None:
    desk.hear(desk.seen(said_at=desk.now + (after + offset) * SECOND), after)


@pytest.mark.parametrize(
    ("offset", "alerts", "held"),
    [(1.0, [], ""), (-1.001, ["clock"], ""), (5.0, ["clock"], ""), (-5.001, ["clock"], "clock")],
)
def test_f20_snapshot_measures_the_venues_clock(offset: float, alerts: list[str], held: str, desk: Desk) -> None:
    said_at(desk, offset)
    said_at(desk, offset)

    assert (alerts, held) == (desk.alerts(), holds(desk))
    assert "" == holds(desk, reduces=True)


def test_f20_hold_ends_with_three_snapshots_that_are_right_and_each_step_is_an_input(desk: Desk) -> None:
    said_at(desk, 6.0)
    held = []
    for _ in range(3):
        said_at(desk, 0.1)
        held.append(holds(desk))

    assert ["clock", "clock", ""] == held
    assert [6000, 100, 100, 100] == [one["offset_ms"] for one in bodies(desk, Kind.REQUEST) if one["what"] == "clock"]


def test_f20_increase_is_held_back_while_the_clock_is_off(desk: Desk) -> None:
    desk.hear(events.BarOpened(opening_of(desk.bars, desk.bar)))
    said_at(desk, 6.0)

    assert [] == quoted(desk, 1.0)
    desk.row_after()
    assert ["clock"] == [one["reason"] for one in bodies(desk, Kind.DECISION)[-1]["refused"]]


@pytest.mark.parametrize(("ahead", "held"), [(5.0, ""), (5.001, "clock"), (-3600.0, "")])
def test_f20_fill_that_has_not_happened_yet_measures_too(ahead: float, held: str, desk: Desk) -> None:
    (order,) = desk.open()
    fill = attrs.evolve(desk.fill(order), at=desk.now + (1.0 + ahead) * SECOND)
    desk.said(order, Word.FILL, 1.0, fill=fill)

    assert held == holds(desk)
    assert order.quantity == desk.agent.account.holdings.quantity("book0", "AAA")


def test_f20_our_own_clock_that_is_set_back_holds_and_takes_no_time_back(desk: Desk) -> None:
    (order,) = desk.open()
    before = desk.now
    desk.hear(events.Tick(), -3600.0)

    assert (["clock"], "clock") == (desk.alerts(), holds(desk))
    assert all(draft.at >= before for draft in desk.drafts[-2:])
    assert before - 3600 * SECOND + 5 * SECOND == desk.agent.wake_at(desk.now), "it is asked for five seconds on"
    assert order.id in desk.agent.working.states


def test_f20_own_clock_that_leapt_gives_no_order_up(desk: Desk) -> None:
    (order,) = desk.open()
    desk.said(order, Word.UNANSWERED, 3.0)
    assert desk.agent.wake_at(desk.now) is not None
    desk.hear(events.Tick(), 3600.0)
    for _ in range(2):
        desk.said(order, Word.ABSENT, 6.0)
    assert (["clock"], Status.UNKNOWN) == (desk.alerts()[-1:], desk.agent.working.states[order.id].status)
    for _ in range(3):
        desk.said(order, Word.ABSENT, 30.0)

    assert Status.DEAD is desk.agent.working.states[order.id].status


@pytest.mark.parametrize("at", [datetime(1970, 1, 18, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)])
def test_row_75_fill_of_another_age_is_booked_at_our_time_and_told(at: datetime, desk: Desk) -> None:
    (order,) = desk.open()
    fill = attrs.evolve(desk.fill(order), at=at)
    for _ in range(2):
        desk.said(order, Word.FILL, 1.0, fill=fill)

    assert (["clock/units"], "clock") == (desk.alerts(), holds(desk))
    assert order.quantity == desk.agent.account.holdings.quantity("book0", "AAA")
    assert [desk.now - SECOND] == [datetime.fromisoformat(one["at"]) for one in bodies(desk, Kind.FILL)]


def test_row_75_snapshot_and_activity_of_another_age_are_told(desk: Desk) -> None:
    said_at(desk, 1e9)
    said_at(desk, 1e9)
    fee = {"kind": ActivityKind.FEE, "strategy": EXTERNAL, "currency": "USD", "cash": Decimal(-1)}
    desk.hear(Activity(venue="simulated", id="a1", at=datetime(1970, 1, 1, tzinfo=UTC), **fee), 1.0)

    assert ["clock/units", "clock/units"] == desk.alerts()
    assert desk.now == datetime.fromisoformat(bodies(desk, Kind.ACTIVITY)[-1]["at"])


# ---- refusals (F23) --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("times", "held"), [(2, ""), (3, "refused")])
def test_f23_third_refusal_with_one_reason_holds_the_strategy_back(times: int, held: str, desk: Desk) -> None:
    desk.agent.watch.refusals.counted["book0", "no borrow"] = times - 1
    (order,) = desk.open()
    desk.said(order, Word.REFUSED, 1.0, reason="no borrow")

    assert held == holds(desk)
    assert ["refused book0"] * bool(held) == desk.alerts()
    assert "" == holds(desk, reduces=True)
    assert (Status.REJECTED, "no borrow") == (
        desk.agent.working.states[order.id].status,
        desk.agent.working.states[order.id].reason,
    )


def test_f23_next_session_asks_again(desk: Desk) -> None:
    for _ in range(3):
        desk.agent.watch.refusals.count("book0", "no borrow")
    opening = opening_of(desk.bars, desk.bar)
    desk.hear(events.BarOpened(attrs.evolve(opening, opens=False)))
    assert "refused" == holds(desk)
    desk.row_after()
    desk.hear(events.BarOpened(attrs.evolve(opening, opens=True)))

    assert "" == holds(desk)


# ---- executions and counts (rows 72 to 74) ---------------------------------------------------------------


def test_row_72_fill_of_an_unknown_order_is_booked_as_nobodys_and_freezes(desk: Desk) -> None:
    (order,) = desk.open()
    stranger = attrs.evolve(order, id=UUID(int=9))
    desk.said(stranger, Word.FILL, 1.0, fill=desk.fill(stranger, 7))

    assert Decimal(7) == desk.agent.account.holdings.quantity(EXTERNAL, "AAA")
    assert ("freeze", ["execution e1", "freeze"]) == (holds(desk), desk.alerts())


@pytest.mark.parametrize("status", [Status.WORKING, Status.CANCELLED])
def test_row_73_count_of_the_other_side_freezes(status: Status, desk: Desk) -> None:
    (order,) = desk.open()
    desk.said(order, Word.FOUND, 1.0, status=status, filled=Decimal(-3))

    assert ("freeze", ["blocked AAA", "freeze"]) == (holds(desk), desk.alerts())
    assert status is desk.agent.working.states[order.id].status
    assert desk.agent.working.states[order.id].said is None


@pytest.mark.parametrize(("more", "held", "alerts"), [(0, "", []), (1, "blocked", ["blocked AAA"])])
def test_row_73_count_beyond_the_order_blocks_its_symbol(more: int, held: str, alerts: list[str], desk: Desk) -> None:
    (order,) = desk.open()
    desk.said(order, Word.FILL, 1.0, fill=desk.fill(order))
    desk.said(order, Word.FOUND, 1.0, status=Status.FILLED, filled=order.quantity + more)

    assert (held, alerts) == (holds(desk), desk.alerts())
    assert "" == holds(desk, "BBB")


@pytest.mark.parametrize(
    "changed", [{"quantity": Decimal(3), "shares": ((EXTERNAL, Decimal(3)),)}, {"price": Decimal(1)}]
)
@pytest.mark.parametrize("by", ["report", "snapshot"])
def test_row_74_execution_that_comes_again_as_another_freezes(changed: dict[str, Any], by: str, desk: Desk) -> None:
    (order,) = desk.open()
    fill = desk.fill(order, 5)
    desk.said(order, Word.FILL, 1.0, fill=fill)
    again = attrs.evolve(fill, **changed)
    if by == "report":
        desk.said(order, Word.FILL, 1.0, fill=again)
    else:
        desk.hear(desk.seen(fills=(again,)), 1.0)

    assert ("freeze", ["blocked AAA", "freeze"]) == (holds(desk), desk.alerts())
    assert Decimal(5) == desk.agent.account.holdings.quantity("book0", "AAA")


def test_row_74_execution_that_comes_again_with_its_fee_and_another_time_is_the_same(desk: Desk) -> None:
    (order,) = desk.open()
    fill = desk.fill(order, 5)
    desk.said(order, Word.FILL, 1.0, fill=fill)
    desk.said(order, Word.FILL, 1.0, fill=attrs.evolve(fill, fee=Decimal(1), at=fill.at + timedelta(seconds=2)))

    assert ("", []) == (holds(desk), desk.alerts())


def test_row_74_execution_of_nobody_that_comes_again_as_another_freezes(desk: Desk) -> None:
    (order,) = desk.open()
    fill = attrs.evolve(desk.fill(order, 5), order_id=None)
    desk.hear(fill, 1.0)
    desk.hear(attrs.evolve(fill, quantity=Decimal(6), shares=((EXTERNAL, Decimal(6)),)), 1.0)

    assert Decimal(5) == desk.agent.account.holdings.quantity(EXTERNAL, "AAA")
    assert "freeze" == holds(desk)


# ---- orders (row 61) -------------------------------------------------------------------------------------


@pytest.mark.parametrize("units", ["0", "NaN", "Infinity", "1e18"])
def test_row_61_order_of_no_quantity_is_never_made(units: str, desk: Desk) -> None:
    (order,) = desk.open()

    with pytest.raises(ValueError, match="quantity must be"):
        attrs.evolve(order, quantity=Decimal(units), shares=(("book0", Decimal(1)),))


def test_row_61_order_is_of_whole_units_where_lots_are(desk: Desk) -> None:
    (order,) = desk.open()

    assert desk.agent.walk.settings.whole
    assert order.quantity == order.quantity.to_integral_value()
