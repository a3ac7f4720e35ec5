"""A dividend that a venue pays weeks after its ex-date: counted then, owed until it comes, never counted twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from desk_harness import Desk, desk, drafts, orders, words
from engine_harness import prices
from tradewright.ledger.canonical import canonical
from tradewright.ledger.entry import START, Draft, Kind, chain
from tradewright.live.asking import PATIENCE_MAX
from tradewright.live.events import Action, Adopted, Look, SnapshotTaken, Tick
from tradewright.live.inputs import event_of
from tradewright.values.bars import Bars
from tradewright.values.order import EXTERNAL, Activity
from tradewright.values.snapshot import Snapshot
from tradewright.values.venue import Dividends

DAY = timedelta(days=1)
N = 70
"""Daily bars at 100; the second of them is bought on, before the third opens each unit earns 2."""


def paying(dividend: float = 2.0) -> Bars:
    bars = prices([100.0] * N, open=[100.0] * N)
    names = ("instruments", "opened_at", "closed_at", "session", "close", "traded", "open", "high", "low")
    fields: dict[str, Any] = {name: getattr(bars, name) for name in names}
    return Bars(split=[[1.0]] * N, dividend=[[dividend if bar == 2 else 0.0] for bar in range(N)], **fields)


def owed(folder: Path, pays: Dividends = Dividends.LATER, weight: float = 0.5) -> Desk:
    """Return a desk that holds 50 units, or what another weight buys, when a dividend of 2 opens its third bar."""
    one = desk(folder, paying(), has_actions=True, dividends=pays)
    one.play(weight)
    one.play(weight)
    one.open()
    return one


def end(one: Desk, weight: float = 0.5) -> list[Action]:
    one.target[one.bar, 0] = weight
    return [*one.arrive(), *one.prepare()]


def paid(one: Desk, cash: str = "100", name: str = "b1", **fields: Any) -> Activity:
    usual: dict[str, Any] = {"venue": "simulated", "id": name, "kind": "dividend", "symbol": "A0", "currency": "USD"}
    return Activity(**(usual | {"cash": Decimal(cash), "at": one.now} | fields))


def look(one: Desk, cash: str, *activities: Activity) -> list[Action]:
    """Compare the account: the venue says how much cash it has, and that the units are as they are known."""
    one.now += PATIENCE_MAX
    one.agent.watch.look(one.now)
    assert any(isinstance(action, Look) for action in one.tell(Tick()))
    units = {"A0": one.account.holdings.total_quantity("A0")}
    return one.tell(
        SnapshotTaken(Snapshot(at=one.now, cash={"USD": Decimal(cash)}, positions=units, activities=activities))
    )


def alerts(actions: list[Action]) -> list[str]:
    return [str(draft.body["id"]) for draft in drafts(actions) if draft.kind is Kind.ALERT]


def texts(written: list[Draft]) -> list[str]:
    return [canonical(draft.body) for draft in written]


def cash(one: Desk, strategy: str = "trend") -> Decimal:
    return one.account.holdings.cash(strategy, "USD")


# ---- three weeks -----------------------------------------------------------------------------------------


def test_dividend_three_weeks_late_is_counted_once_and_holds_nothing_back(rule_cache: Path) -> None:
    one = owed(rule_cache)
    for _ in range(21):
        assert (Decimal(5_100), 5_100.0) == (cash(one), float(one.walk.state.rows[0].cash))
        assert [] == look(one, "5000")
        end(one)
        one.now += DAY
        one.open()

    assert ["commit activity"] == words(one.tell(paid(one)))
    assert (Decimal(5_100), Decimal(0), ()) == (cash(one), cash(one, EXTERNAL), one.account.holdings.owed)
    assert [] == look(one, "5100", paid(one))
    assert (False, "") == (one.agent.watch.stops_increases, one.agent.watch.freeze)
    assert [] == one.tell(paid(one))


def test_state_is_that_of_a_venue_that_pays_at_once_to_the_bit(rule_cache: Path) -> None:
    both = [owed(rule_cache, pays) for pays in Dividends]
    for one in both:
        for _ in range(3):
            end(one)
            one.open()

    assert both[0].walk.state.rows.tobytes() == both[1].walk.state.rows.tobytes()
    assert [1, 0] == [len(one.account.holdings.owed) for one in both]


def test_dividend_that_a_snapshot_tells_is_paid_too(rule_cache: Path) -> None:
    one = owed(rule_cache)

    assert ["commit activity"] == words(look(one, "5100", paid(one)))
    assert (Decimal(5_100), ()) == (cash(one), one.account.holdings.owed)


def test_balance_that_moves_an_hour_before_its_activity_stops_increases_until_it_is_told(rule_cache: Path) -> None:
    one = owed(rule_cache)
    assert ["cash"] == alerts(look(one, "5100"))
    assert (True, "") == (one.agent.watch.stops_increases, one.agent.watch.freeze)
    one.now += timedelta(hours=1)
    one.tell(paid(one))
    look(one, "5100")

    assert not one.agent.watch.stops_increases


def test_what_was_written_of_it_leads_to_the_same_again(rule_cache: Path) -> None:
    one, again = owed(rule_cache), owed(rule_cache)
    begun, told = len(one.done), [paid(one, "85.50"), paid(one, "20.00", "b2")]
    for activity in told:
        one.tell(activity)
    written = drafts(one.done[begun:])
    for entry in chain(START, [Draft(one.now, Kind.GENESIS, {}), *written])[1:]:
        event = event_of(entry, again.agent, again.bars)
        again.done += [] if event is None else again.agent.handle(event, entry.at)

    assert [Kind.ACTIVITY, Kind.ACTIVITY, Kind.ALERT] == [draft.kind for draft in written]
    assert texts(written) == texts(drafts(again.done[begun:]))
    assert one.account.holdings == again.account.holdings


# ---- what it is not ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "beyond", "left", "n_alerts"),
    [
        ("84.99", "0", "15.01", 0),
        ("99.995", "-0.005", "0", 0),
        ("100.009", "0.009", "0", 0),
        ("100.01", "0.01", "0", 1),
        ("125", "25", "0", 1),
        ("-100", "-100", "100", 1),
    ],
)
def test_payment_beyond_what_is_owed_is_nobodys_and_told(
    told: str, beyond: str, left: str, n_alerts: int, rule_cache: Path
) -> None:
    one = owed(rule_cache)
    said = alerts(one.tell(paid(one, told)))

    assert (Decimal(5_100), Decimal(beyond)) == (cash(one), cash(one, EXTERNAL))
    assert Decimal(left) == sum(item.cash for item in one.account.holdings.owed)
    assert ["dividend b1"] * n_alerts == said
    assert [] == look(one, str(5_000 + Decimal(told)))


def test_dividend_that_the_venue_says_is_a_strategys_moves_no_cash_of_it(rule_cache: Path) -> None:
    one = owed(rule_cache)
    one.tell(paid(one, strategy="trend"))

    assert (Decimal(5_100), ()) == (cash(one), one.account.holdings.owed)


def test_rest_that_a_second_activity_tells_is_paid(rule_cache: Path) -> None:
    one = owed(rule_cache)
    one.tell(paid(one, "85"))
    one.tell(paid(one, "15", "b2"))

    assert (Decimal(5_100), Decimal(0), ()) == (cash(one), cash(one, EXTERNAL), one.account.holdings.owed)


def test_dividend_of_a_venue_that_pays_at_once_is_owed_by_nobody(rule_cache: Path) -> None:
    one = owed(rule_cache, Dividends.AT_ONCE)

    assert ((), []) == (one.account.holdings.owed, look(one, "5100"))


# ---- what is not there cannot be spent --------------------------------------------------------------------


@pytest.mark.parametrize(("pays", "units"), [(Dividends.LATER, [50.0]), (Dividends.AT_ONCE, [51.0])])
def test_increase_is_cut_to_the_cash_that_has_come(pays: Dividends, units: list[float], rule_cache: Path) -> None:
    one = owed(rule_cache, pays)
    end(one, 1.0)
    assert 51.0 == one.order()
    one.open()

    assert units == [float(order.quantity) for order in orders(one.quote(A0=100))]


def test_increase_spends_it_once_it_has_come(rule_cache: Path) -> None:
    one = owed(rule_cache)
    end(one, 1.0)
    one.open()
    one.tell(paid(one, "100"))

    assert [51.0] == [float(order.quantity) for order in orders(one.quote(A0=100))]


# ---- what never comes -------------------------------------------------------------------------------------


def test_dividend_that_is_owed_for_more_than_60_days_is_told_once_and_written_off_by_a_person(
    rule_cache: Path,
) -> None:
    one = owed(rule_cache)
    one.tell(paid(one, "85"))
    at, said = one.account.holdings.owed[0].at, []
    for age in (60 * DAY - timedelta(seconds=5), 60 * DAY + timedelta(seconds=1), 61 * DAY):
        end(one)
        one.now = at + age
        said.append(alerts(one.open()))
    assert [[], [f"dividend A0 {at:%Y-%m-%dT%H:%M}"], []] == said
    assert "15 USD of A0 are owed to trend" in str(
        [draft.body for draft in drafts(one.done) if draft.kind is Kind.ALERT]
    )

    look(one, "5085")
    actions = one.tell(Adopted(by="Ada", reason="tax that was withheld"))
    assert ["commit request activity"] == words(actions)
    assert (Decimal(5_085), ()) == (cash(one), one.account.holdings.owed)
    assert [] == look(one, "5085")
    assert [] == one.tell(Adopted(by="Ada", reason="again"))


def test_dividend_that_is_not_late_is_not_written_off(rule_cache: Path) -> None:
    one = owed(rule_cache)
    look(one, "5000")

    assert ([], 1) == (one.tell(Adopted(by="Ada", reason="too early")), len(one.account.holdings.owed))
