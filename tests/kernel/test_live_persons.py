"""What a named person ends or takes over, and that nobody else does."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest
from test_live_watch import Desk, kinds
from tradewright.execute.news import News, Report, Word
from tradewright.ledger.entry import START, Draft, Kind, chain
from tradewright.live import entries, events
from tradewright.live.inputs import event_of
from tradewright.sessions import Sessions, all_sessions
from tradewright.values.order import EXTERNAL, ActivityKind

WHO = {"by": "Ada", "reason": "the broker has confirmed it"}


@pytest.fixture(scope="module")
def calendar(rule_cache: Path) -> Sessions:
    return all_sessions("XNYS", cache=rule_cache)


@pytest.fixture
def desk(calendar: Sessions, rule_cache: Path) -> Desk:
    return Desk(calendar, rule_cache)


def bodies(desk: Desk, kind: Kind) -> list[dict[str, Any]]:
    return [dict(draft.body) for draft in desk.drafts if draft.kind is kind]


def differing(desk: Desk, units: int = 7) -> None:
    """Let three snapshots show units that nobody has booked, so that the account is frozen."""
    for _ in range(3):
        desk.hear(desk.seen(positions={"BBB": Decimal(units)}), 2.0)
    assert desk.agent.watch.freeze


def decide(desk: Desk) -> None:
    desk.hear(events.RowArrived(desk.bars.between(desk.bar, desk.bar + 1)), 900.0)
    desk.bar += 1


# ---- lifted ----------------------------------------------------------------------------------------------


def test_freeze_that_a_person_lifts_is_over_and_said_by_the_next_decision(desk: Desk) -> None:
    differing(desk)
    desk.open()
    decide(desk)
    halts, peak = desk.agent.walk.state.halts.level, float(desk.agent.walk.state.rows.peak[-1])
    assert 3 == halts.max()
    desk.hear(events.Adopted(**WHO, symbol="BBB"))
    desk.hear(events.Lifted(**WHO, what="freeze"))

    assert ("", 0, peak) == (desk.agent.watch.freeze, halts.max(), float(desk.agent.walk.state.rows.peak[-1]))
    assert {"what": "lifted", "lifts": "freeze", **WHO} == bodies(desk, Kind.REQUEST)[-1]
    desk.open()
    decide(desk)
    assert [("requested-halt", "freeze")] == [(one["rule"], one["level"]) for one in bodies(desk, Kind.LIFT)]
    assert not desk.agent.walk.state.positions.blocked.any()


def test_lift_of_what_does_not_stand_writes_nothing(desk: Desk) -> None:
    assert [] == desk.hear(events.Lifted(**WHO, what="freeze"))
    assert [] == desk.hear(events.Lifted(**WHO, what="requested-halt"))


def test_freeze_of_which_no_decision_knows_yet_is_lifted_by_its_name_alone(desk: Desk) -> None:
    differing(desk)
    assert [] == desk.hear(events.Lifted(**WHO, what="drawdown-halt"))
    assert desk.agent.watch.freeze
    desk.hear(events.Adopted(**WHO, symbol="BBB"))
    desk.hear(events.Lifted(**WHO, what="freeze"))

    assert "" == desk.agent.watch.freeze
    assert "lifted" == bodies(desk, Kind.REQUEST)[-1]["what"]


@pytest.mark.parametrize("nobody", [{"by": ""}, {"by": "  "}, {"reason": ""}])
def test_nobody_lifts_or_adopts_and_nobody_without_a_reason(nobody: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="be a text that is not empty"):
        events.Lifted(**(WHO | nobody), what="freeze")
    with pytest.raises(ValueError, match="be a text that is not empty"):
        events.Adopted(**(WHO | nobody))


def test_freeze_stands_while_symbols_are_adopted(desk: Desk) -> None:
    differing(desk)
    desk.hear(events.Adopted(**WHO, symbol="BBB"))

    assert "freeze" == desk.agent.watch.holds("BBB", reduces=True)


# ---- adopted ---------------------------------------------------------------------------------------------


def test_units_that_a_person_adopts_are_nobodys_and_make_the_account_equal(desk: Desk) -> None:
    differing(desk)
    desk.hear(events.Adopted(**WHO, symbol="BBB"))
    held = desk.agent.account.holdings

    assert (Decimal(7), Decimal(0)) == (held.quantity(EXTERNAL, "BBB"), held.quantity("book0", "BBB"))
    assert "BBB" not in desk.agent.watch.blocked
    assert {"what": "adopted", "symbol": "BBB", "difference": Decimal(7), **WHO} == bodies(desk, Kind.REQUEST)[-1]
    (booked,) = (one for one in bodies(desk, Kind.ACTIVITY) if one["kind"] == ActivityKind.ADOPTION)
    assert ("Ada: the broker has confirmed it", True) == (booked["note"], booked["own"])
    desk.hear(events.Tick())
    assert [] == kinds(desk.hear(desk.seen(), 1.0))


def test_cash_that_a_person_adopts_stops_no_increase(desk: Desk) -> None:
    usual = desk.agent.account.holdings.total_cash("USD")
    desk.hear(desk.seen(cash={"USD": usual + 500}))
    assert "cash" == desk.agent.watch.holds("AAA", reduces=False)
    desk.hear(events.Adopted(**WHO))

    assert usual + 500 == desk.agent.account.holdings.total_cash("USD")
    assert "" == desk.agent.watch.holds("AAA", reduces=False)


def test_symbol_with_an_order_on_its_way_is_not_adopted(desk: Desk) -> None:
    """What differs may be what the order has filled: booked twice, it would be held twice."""
    (order,) = desk.open()
    desk.said(order, Word.ACCEPTED)
    desk.agent.watch.blocked["AAA"] = "three snapshots"

    assert [] == desk.hear(events.Adopted(**WHO, symbol="AAA"))
    desk.said(order, Word.CANCELLED, filled=Decimal(0))
    desk.hear(events.Tick())
    desk.hear(desk.seen(), 1.0)
    assert [] != desk.hear(events.Adopted(**WHO, symbol="AAA"))


def test_difference_is_not_adopted_of_a_snapshot_that_a_fill_has_overtaken(desk: Desk) -> None:
    differing(desk)
    desk.agent.watch.moved()

    assert [] == desk.hear(events.Adopted(**WHO, symbol="BBB"))


def test_order_that_has_overfilled_is_settled_by_the_person_who_adopts_its_symbol(desk: Desk) -> None:
    (order,) = desk.open()
    desk.said(order, Word.FILL, fill=desk.fill(order, order.quantity + 1))
    assert "blocked" == desk.agent.watch.holds("AAA", reduces=False)
    assert [] == desk.hear(events.Adopted(**WHO, symbol="AAA")), "nobody has looked since the fill"
    assert ["Look"] == kinds(desk.hear(events.Tick()))
    desk.hear(desk.seen(), 1.0)
    desk.hear(events.Adopted(**WHO, symbol="AAA"))

    assert "" == desk.agent.watch.holds("AAA", reduces=False)
    assert Decimal(1) == desk.agent.account.holdings.quantity(EXTERNAL, "AAA")


# ---- read back -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        events.Lifted(**WHO, what="drawdown-halt"),
        events.Adopted(**WHO, symbol="BBB", difference=Decimal("-1.5")),
        events.Adopted(**WHO, difference=Decimal("0.01")),
        events.Restarted(),
        events.Imposed({"AAA": "why"}, "", None, Decimal(0), compared=True),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_a_ledger_tells_of_it_reads_back_as_the_same_event(event: Any, desk: Desk) -> None:
    forms: Any = {"Lifted": entries.lifted, "Adopted": entries.adopted, "Imposed": entries.imposed}
    name = type(event).__name__
    draft = entries.restarted(desk.now) if name == "Restarted" else forms[name](event, desk.now)
    first = Draft(desk.now, Kind.GENESIS, {})
    _, entry = chain(START, [first, draft])

    assert event == event_of(entry, desk.agent, desk.bars)


# ---- a restart waits for the venue's word ----------------------------------------------------------------


def test_no_order_leaves_after_a_restart_before_a_snapshot_was_read(desk: Desk) -> None:
    desk.hear(events.Restarted())
    assert [] == desk.open()
    assert ["Look"] == kinds(desk.hear(events.Tick(), 1.0))
    assert [] == kinds(desk.hear(events.SnapshotTaken(None), 1.0))
    told = desk.hear(desk.seen(), 1.0)

    assert ["Submit"] == kinds(told)
    assert [True] == [one["compared"] for one in bodies(desk, Kind.REQUEST) if "compared" in one]
    desk.hear(desk.seen(), 1.0)
    assert 1 == len([one for one in bodies(desk, Kind.REQUEST) if "compared" in one])


def test_order_that_waited_for_the_snapshot_longer_than_its_price_lasts_is_not_sent(desk: Desk) -> None:
    desk.hear(events.Restarted())
    desk.open()

    assert [] == kinds(desk.hear(desk.seen(), timedelta(seconds=61).total_seconds()))


def test_rest_of_a_snapshot_whose_fill_closes_the_row_is_heard_after_the_decision(desk: Desk) -> None:
    """Between close and decision nothing may move: a ledger that is lived again would move it before the close."""
    (order,) = desk.open()
    desk.said(order, Word.ACCEPTED)
    wanted: Any = desk.outlook._wanted
    wanted.decisions.asked[desk.bar] = True
    decide(desk)
    fill, strange = desk.fill(order), desk.fill(order, 5, "e2")
    theirs = type(strange)(
        **{
            field: getattr(strange, field)
            for field in ("venue", "execution_id", "quantity", "price", "currency", "at")
        },
        symbol="BBB",
    )
    desk.hear(desk.seen(fills=(fill, theirs)))

    assert Decimal(0) == desk.agent.account.holdings.total_quantity("BBB")
    desk.hear(events.Answered(0, wanted.decisions.target[desk.bar - 1, 0]))
    assert Decimal(5) == desk.agent.account.holdings.total_quantity("BBB")


def test_symbols_that_are_blocked_at_once_are_told_in_the_order_of_a_ledger(desk: Desk) -> None:
    desk.hear(events.Imposed({"CCC": "why", "AAA": "why", "BBB": "why"}))

    assert ["blocked AAA", "blocked BBB", "blocked CCC"] == desk.alerts()


def test_fills_of_orders_that_a_ledger_does_not_know_are_written_alike_from_a_snapshot_and_a_stream(
    calendar: Sessions, rule_cache: Path
) -> None:
    """A ledger tells of the fills alone: lived again, they come one by one."""
    written = []
    for is_snapshot in (True, False):
        desk = Desk(calendar, rule_cache)
        (order,) = desk.open()
        fills = [attrs.evolve(desk.fill(order, 3, f"e{n}"), order_id=UUID(int=n)) for n in (8, 9)]
        begun = len(desk.drafts)
        if is_snapshot:
            desk.hear(desk.seen(fills=tuple(fills)))
        else:
            for fill in fills:
                assert fill.order_id is not None
                desk.hear(Report(fill.order_id, News(word=Word.FILL, fill=fill)))
        written.append([(draft.kind, str(draft.body.get("id"))) for draft in desk.drafts[begun:]][:6])

    assert written[0] == written[1]
    assert (Kind.ALERT, "freeze") == written[0][3]
