"""What the simulated venue has told can be asked again; what paper trades at it is held to the backtest elsewhere."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from tradewright.execute.news import Report, Word
from tradewright.values.order import EXTERNAL, ActivityKind, Fill, Purpose, Status
from venue_rows import OPENED, QUARTER, STRATEGY, begun, row, sent, venue, words

LATER = OPENED + QUARTER
SECOND = timedelta(seconds=1)


def test_submit_when_the_id_is_known_is_a_duplicate_and_fills_once() -> None:
    made = begun(venue())
    made.submit(sent(1, 10), OPENED)
    assert [Word.ACCEPTED, Word.FILL] == words(made)
    made.submit(sent(1, 10), OPENED)

    assert [Word.DUPLICATE] == words(made)
    assert {"SPY": Decimal(10)} == made.positions()


def test_submit_when_no_price_is_shown_waits_for_the_next_first_one() -> None:
    made = begun(venue())
    made.close(LATER)
    made.submit(sent(1, 10), LATER)
    assert [Word.ACCEPTED] == words(made)
    begun(made, row(LATER, close=50.0))

    assert [Word.FILL] == words(made)
    assert Decimal(10_000 - 500) == made.money()


def test_query_says_how_much_has_filled() -> None:
    made = begun(venue(has_volume=True), row(volume=100.0))
    made.submit(sent(1, 10), OPENED)
    made.due()
    made.query(UUID(int=1))
    made.query(UUID(int=2))
    first, second = made.due()

    assert isinstance(first, Report)
    assert isinstance(second, Report)
    assert (Status.CANCELLED, Decimal(5)) == (first.news.status, first.news.filled)
    assert Word.ABSENT is second.news.word


def test_snapshot_holds_everything_since_an_instant() -> None:
    made = begun(venue())
    made.submit(sent(1, 10), OPENED)
    made.submit(sent(2, -3), OPENED + SECOND)
    made.submit(sent(3, 5, limit=Decimal(90)), OPENED + SECOND)
    made.submit(sent(4, -7, Purpose.STOP, stop=Decimal(80)), OPENED + SECOND)
    made.pay(ActivityKind.DEPOSIT, Decimal("5.25"), OPENED + 2 * SECOND)
    seen = made.snapshot(OPENED + SECOND, LATER)

    assert (LATER, {"USD": Decimal("9305.25")}, {"SPY": Decimal(7)}) == (seen.at, seen.cash, seen.positions)
    assert {
        UUID(int=2): (Status.FILLED, Decimal(-3)),
        UUID(int=3): (Status.WORKING, Decimal(0)),
        UUID(int=4): (Status.WORKING, Decimal(0)),
    } == seen.orders
    assert {"SPY"} == set(seen.symbols.values())
    assert [Decimal(-3)] == [fill.quantity for fill in seen.fills]
    assert [ActivityKind.DEPOSIT] == [one.kind for one in seen.activities]


@pytest.mark.parametrize(("since", "found"), [(-1, ["1", "2"]), (0, ["1", "2"]), (1, ["2"]), (2, [])])
def test_fills_since_an_instant_include_that_instant(since: int, found: list[str]) -> None:
    made = begun(venue())
    made.submit(sent(1, 10), OPENED)
    made.submit(sent(2, 10), OPENED + SECOND)

    assert found == [fill.execution_id for fill in made.told.fills_since(OPENED + since * SECOND)]


def test_trade_by_hand_is_nobodys_and_is_told() -> None:
    made = begun(venue())
    made.close(LATER)
    made.trade("SPY", Decimal(4), LATER)
    (told,) = made.due()

    assert isinstance(told, Fill)
    assert (None, ((EXTERNAL, Decimal(4)),)) == (told.order_id, told.shares)
    assert (Decimal(4), -400.0) == (made.held[EXTERNAL, "SPY"], made.cash[EXTERNAL])
    assert {"SPY": Decimal(4)} == made.positions()


def test_take_back_when_it_stands_reverses_units_and_cash_once() -> None:
    made = begun(venue(commission_min=1.0, commission_rate=1e-9))
    made.submit(sent(1, 10), OPENED)
    assert Decimal(8999) == made.money()
    made.due()
    made.take_back("1", LATER)

    assert [Word.BUST] == words(made)
    assert (Decimal(10_000), {}) == (made.money(), made.positions())
    assert {UUID(int=1): (Status.FILLED, Decimal(0))} == made.snapshot(OPENED, LATER).orders
    assert [["1"], []] == [
        [fill.execution_id for fill in made.snapshot(since, LATER).busts] for since in (LATER, LATER + SECOND)
    ]
    assert () == made.snapshot(OPENED, LATER).fills
    with pytest.raises(LookupError, match="execution_id must name a fill that stands, was '1'"):
        made.take_back("1", LATER)


def test_split_voids_what_rests_and_restates_what_is_nobodys() -> None:
    made = begun(venue())
    made.submit(sent(1, 10), OPENED)
    made.submit(sent(2, -10, Purpose.STOP, stop=Decimal(80)), OPENED)
    made.close(LATER)
    made.trade("SPY", Decimal(3), LATER)
    made.due()
    begun(made, row(LATER, close=50.0), split=[2.0, 1.0])

    assert [Word.EXPIRED] == words(made)
    assert (Decimal(20), Decimal(6)) == (made.held[STRATEGY, "SPY"], made.held[EXTERNAL, "SPY"])


def test_exit_pays_everybody_out() -> None:
    made = begun(venue())
    made.submit(sent(1, 10), OPENED)
    made.close(LATER)
    made.trade("SPY", Decimal(3), LATER)
    begun(made, row(LATER), exits=[True, False])

    assert {} == made.positions()
    assert Decimal(10_000 - 1000 - 300 + 7 * 13) == made.money()


def test_interest_is_posted_at_the_sessions_end() -> None:
    made = begun(venue(cash_rate=0.0252), row(ends=True))
    made.close(LATER)

    assert [(ActivityKind.INTEREST, Decimal("1.0"))] == [
        (one.kind, one.cash) for one in made.snapshot(OPENED, LATER).activities
    ]


@pytest.mark.parametrize(
    ("held", "stop", "left"),
    [(10, -10, 0), (10, -4, 6), (4, -10, 0), (-10, -4, -10)],
    ids=["all", "a part", "less than it guards", "the other side"],
)
def test_stop_when_touched_goes_as_far_as_it_and_the_position_do(held: int, stop: int, left: int) -> None:
    made = begun(venue(), row(low=70.0, high=100.0, open=100.0))
    made.submit(sent(1, held), OPENED)
    made.submit(sent(2, stop, Purpose.STOP, stop=Decimal(80)), OPENED)
    made.match(LATER)

    assert Decimal(left) == made.held[STRATEGY, "SPY"]


def test_stop_when_less_is_left_to_guard_ends() -> None:
    made = begun(venue(), row(low=70.0, high=100.0, open=100.0))
    made.submit(sent(1, 4), OPENED)
    made.submit(sent(2, -10, Purpose.STOP, stop=Decimal(80)), OPENED)
    made.match(LATER)

    assert [] == made.standing()
    assert (Status.CANCELLED, Decimal(-4)) == made.told.ended[UUID(int=2)][:2]


@pytest.mark.parametrize(("name", "left"), [(1, 0), (2, 5), (9, 0)])
def test_left_of_an_order_is_what_may_still_fill(name: int, left: int) -> None:
    made = begun(venue())
    made.submit(sent(1, 10), OPENED)
    made.submit(sent(2, 5, limit=Decimal(90)), OPENED)

    assert Decimal(left) == made.left(UUID(int=name))
