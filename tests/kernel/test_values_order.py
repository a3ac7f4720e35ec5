"""What an order, a fill, an activity, a quote and a snapshot take, and what they refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pytest
from tradewright.values.order import (
    EXTERNAL,
    FINAL,
    SAID,
    Activity,
    ActivityKind,
    Fill,
    Order,
    Purpose,
    Reason,
    Status,
)
from tradewright.values.snapshot import Quote, Snapshot

AT = datetime(2026, 3, 2, 21, tzinfo=UTC)
WRONG_AMOUNTS = [Decimal("NaN"), Decimal("Infinity"), Decimal("1e18"), Decimal("1e-31"), 1.5]
WRONG_TIMES = [AT.replace(tzinfo=None), AT.astimezone(timezone(timedelta(hours=1))), "2026-03-02"]


def order(**changes: Any) -> Order:
    quantity = changes.get("quantity", Decimal(10))
    fields: dict[str, Any] = {
        "id": UUID(int=1),
        "venue": "simulated",
        "symbol": "SPY",
        "quantity": quantity,
        "purpose": Purpose.TARGET,
        "shares": [("trend", quantity)],
        "decided_at": AT,
    }
    return Order(**(fields | changes))


def fill(**changes: Any) -> Fill:
    fields: dict[str, Any] = {
        "venue": "simulated",
        "execution_id": "e1",
        "symbol": "SPY",
        "quantity": Decimal(-3),
        "price": Decimal("100.25"),
        "currency": "USD",
        "at": AT,
    }
    return Fill(**(fields | changes))


def activity(**changes: Any) -> Activity:
    fields: dict[str, Any] = {"venue": "simulated", "id": "a1", "kind": "fee", "currency": "USD", "at": AT}
    return Activity(**(fields | changes))


def quote(bid: str | None, ask: str | None) -> Quote:
    sides = {name: None if text is None else Decimal(text) for name, text in (("bid", bid), ("ask", ask))}
    return Quote(venue="simulated", symbol="SPY", event_at=AT, available_at=AT, **sides)


# ---- orders ----------------------------------------------------------------------------------------------


def test_order_when_of_one_strategy_names_it() -> None:
    assert "trend" == order().strategy


def test_order_when_of_several_strategies_names_none() -> None:
    with pytest.raises(ValueError, match="strategy must be asked of an order with one share"):
        _ = order(shares=[("a", Decimal(4)), ("b", Decimal(6))]).strategy


def test_order_when_changed_is_refused() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        order().quantity = Decimal(1)  # type: ignore[misc]  # what is refused


@pytest.mark.parametrize("quantity", [Decimal(0), *WRONG_AMOUNTS])
def test_order_when_its_quantity_is_none_is_refused(quantity: Any) -> None:
    with pytest.raises(ValueError, match=r"quantity must be .*, was"):
        order(quantity=quantity)


@pytest.mark.parametrize("limit", [Decimal(0), Decimal(-1), *WRONG_AMOUNTS])
def test_order_when_its_limit_is_no_price_is_refused(limit: Any) -> None:
    with pytest.raises(ValueError, match=r"limit must be .*, was"):
        order(limit=limit)


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ([], "sum to the quantity, 10"),
        ([("trend", Decimal("9.999"))], "sum to the quantity, 10"),
        ([("a", Decimal(10)), ("b", Decimal(0))], "signed units other than 0"),
        ([("a", Decimal(5)), ("a", Decimal(5))], "name each strategy once"),
        ([("", Decimal(10))], "a text that is not empty"),
        ([(EXTERNAL, Decimal(10))], "be of strategies"),
    ],
)
def test_order_when_its_shares_do_not_add_up_is_refused(shares: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        order(shares=shares)


def test_order_when_shares_of_either_sign_sum_exactly_is_taken() -> None:
    shares = (("a", Decimal("10.1")), ("b", Decimal("-0.1")))

    assert shares == order(shares=shares).shares


@pytest.mark.parametrize(("purpose", "stop"), [("stop", None), ("target", Decimal(90)), ("exit", Decimal(90))])
def test_order_when_stop_and_purpose_disagree_is_refused(purpose: str, stop: Decimal | None) -> None:
    with pytest.raises(ValueError, match="stop must be a price for purpose stop alone, was"):
        order(purpose=purpose, stop=stop)


def test_order_when_a_stop_has_its_price_is_taken() -> None:
    assert Decimal(90) == order(purpose="stop", stop=Decimal(90)).stop


@pytest.mark.parametrize("at", WRONG_TIMES)
def test_order_when_decided_at_no_time_in_utc_is_refused(at: Any) -> None:
    with pytest.raises(ValueError, match="decided_at must be an aware time in UTC, was"):
        order(decided_at=at)


@pytest.mark.parametrize("seconds", [-1, 0])
def test_order_when_it_settles_before_it_is_decided_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="settle_by must be after decided_at"):
        order(settle_by=AT + timedelta(seconds=seconds))


@pytest.mark.parametrize("changes", [{"venue": " "}, {"symbol": "spy"}, {"id": "1"}])
def test_order_when_a_name_is_none_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError), match=f"{next(iter(changes))}.* must be"):
        order(**changes)


# ---- fills and activities --------------------------------------------------------------------------------


def test_fill_when_nobody_is_named_is_nobodys() -> None:
    assert ((EXTERNAL, Decimal(-3)),) == fill().shares


def test_fill_when_the_fee_is_a_rebate_is_taken() -> None:
    assert Decimal("-0.01") == fill(fee=Decimal("-0.01")).fee


def test_fill_key_is_what_the_venue_calls_it() -> None:
    assert ("simulated", "e1") == fill().key


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("quantity", value) for value in [Decimal(0), *WRONG_AMOUNTS]),
        *(("price", value) for value in [Decimal(0), Decimal(-1), *WRONG_AMOUNTS]),
        *(("reference", value) for value in [Decimal(0), *WRONG_AMOUNTS]),
        *(("fee", value) for value in WRONG_AMOUNTS),
        *(("at", value) for value in WRONG_TIMES),
        ("execution_id", ""),
        ("currency", ""),
        ("shares", [("trend", Decimal(3))]),
    ],
)
def test_fill_when_a_field_is_wrong_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} must .*, was"):
        fill(**{name: value})


def test_fill_when_the_reason_is_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match="'whim' is not a valid Reason"):
        fill(reason="whim")

    assert [Reason.ORDER, Reason.STOP, Reason.EXIT] == list(Reason)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("cash", "units") for value in WRONG_AMOUNTS),
        ("at", WRONG_TIMES[0]),
        ("id", ""),
        ("symbol", "spy"),
    ],
)
def test_activity_when_a_field_is_wrong_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} must .*, was"):
        activity(**{name: value})


def test_activity_when_units_move_without_a_symbol_is_refused() -> None:
    with pytest.raises(ValueError, match="symbol must be named where units move"):
        activity(kind=ActivityKind.SPLIT, units=Decimal(1))


def test_activity_when_it_moves_cash_alone_needs_no_symbol() -> None:
    assert (EXTERNAL, None, Decimal(-5)) == ((one := activity(cash=Decimal(-5))).strategy, one.symbol, one.cash)


# ---- quotes and snapshots --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "bid", "ask"),
    [
        (True, "99.99", "100.01"),
        (True, "100", "100"),
        (False, "100.01", "100"),
        (False, "0", "100"),
        (False, "-1", "100"),
        (False, "NaN", "100"),
        (False, "100", "sNaN"),
        (False, "100", "Infinity"),
        (False, None, "100"),
        (False, "100", None),
    ],
)
def test_quote_when_a_side_is_missing_or_crossed_is_not_sound(
    expected: bool, bid: str | None, ask: str | None
) -> None:
    assert expected == quote(bid, ask).is_sound


def test_quote_mid_when_sound_is_half_of_both() -> None:
    assert Decimal("100.005") == quote("100", "100.01").mid


def test_quote_mid_when_not_sound_is_refused() -> None:
    with pytest.raises(ValueError, match="bid and ask must be finite, above 0 and not crossed, was None and 100"):
        _ = quote(None, "100").mid


def test_snapshot_when_made_is_a_copy_that_takes_no_writes() -> None:
    cash = {"USD": Decimal(1)}
    snapshot = Snapshot(at=AT, cash=cash)
    cash["USD"] = Decimal(2)

    assert {"USD": Decimal(1)} == snapshot.cash
    with pytest.raises(TypeError):
        snapshot.cash["USD"] = Decimal(3)  # type: ignore[index]  # what is refused


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cash": {"USD": Decimal("NaN")}}, "cash of USD must be"),
        ({"positions": {"SPY": 1.0}}, "positions of SPY must be"),
        ({"orders": {UUID(int=1): (Status.UNKNOWN, Decimal(0))}}, "orders must have a venue's status"),
        ({"orders": {UUID(int=1): (Status.WORKING, Decimal("NaN"))}}, "orders must have a venue's status"),
    ],
)
def test_snapshot_when_a_number_or_status_is_wrong_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Snapshot(at=AT, **changes)


def test_statuses_when_final_or_a_venues_leave_ours_out() -> None:
    assert {Status.INTENDED, Status.SENT, Status.UNKNOWN, Status.WORKING} == set(Status) - FINAL
    assert {Status.INTENDED, Status.SENT, Status.UNKNOWN, Status.DEAD} == set(Status) - SAID
