"""The counter of a paper venue: what it takes, what it refuses, and what it plays once however often it is asked."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from paper_desk import (
    START,
    about,
    begin,
    begun,
    fund,
    kept,
    outcome,
    priced,
    stage,
    state,
    submit,
    terms,
    told,
)
from tradewright.execute.paper.desk import MONEY_MAX, UNITS_MAX, Desk
from tradewright.execute.paper.spelling import (
    opening_from_plain,
    row_from_plain,
    row_to_plain,
    snapshot_from_plain,
    told_from_plain,
    told_to_plain,
)
from tradewright.values.order import Purpose
from tradewright.values.plain import to_plain
from venue_rows import OPENED, QUARTER, STRATEGY, SYMBOLS, row, sent

NOW = START + timedelta(hours=1)


def open_desk(**changes: Any) -> Desk:
    """Return a desk at which orders fill at 100."""
    desk = Desk(terms(**changes))
    for call in priced():
        assert '"played"' in outcome(desk, call, NOW)[0]
    return desk


def ask(desk: Desk, call: Any) -> str:
    """Return the answer to a call in short: the word of a report, or why it was refused."""
    answer, _ = outcome(desk, call, NOW)
    return told_word(answer)


def told_word(answer: str) -> str:
    return answer.split('"word":"')[1].split('"', maxsplit=1)[0] if '"word":"' in answer else answer


# ---- orders that make no sense ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("quantity", "0", "quantity must be signed units other than 0"),
        ("quantity", "NaN", "quantity must be a finite Decimal"),
        ("quantity", "Infinity", "quantity must be a finite Decimal"),
        ("quantity", "1e30", "quantity must be a finite Decimal"),
        ("quantity", "five", "submit must have what it needs"),
        ("quantity", 5.1, "quantity must be a finite Decimal"),
        ("quantity", None, "submit must have what it needs"),
        ("symbol", "XYZ", "symbol must be one of SPY, QQQ, was XYZ"),
        ("symbol", "'; DROP TABLE orders;--", "symbol must be capitals"),
        ("limit", "NaN", "limit must be a finite Decimal"),
        ("limit", "Infinity", "limit must be a finite Decimal"),
        ("limit", "0", "limit must be above 0"),
        ("limit", "-1", "limit must be above 0"),
        ("stop", "95", "stop must be a price for purpose stop alone"),
        ("venue", "other", "venue must be simulated, was other"),
        ("purpose", "wish", "submit must have what it needs"),
        ("shares", [["other", "5"]], "shares must be of one of trend"),
        ("shares", [["trend", "4"]], "shares must sum to the quantity"),
        ("shares", [["trend", "2"], ["other", "3"]], "shares must be of one of trend"),
        ("id", "order 1", "submit must have what it needs"),
        ("decided_at", "yesterday", "submit must have what it needs"),
        ("colour", "red", "submit must have what it needs"),
    ],
)
def test_order_that_makes_no_sense_is_refused_and_changes_nothing(
    tmp_path: Path, field: str, value: Any, said: str
) -> None:
    path = begun(tmp_path)
    with kept(path) as venue:
        for call in priced():
            outcome(venue, call)
        before, lines = state(venue.desk), venue.journal.n
        order = {**to_plain(sent(1, 5)), field: value}
        answer, heard = outcome(venue, ("submit", order))

        assert answer.startswith("refused: ")
        assert said in answer
        assert ([], before, lines) == (heard, state(venue.desk), venue.journal.n)


@pytest.mark.parametrize("body", [[], None, "order", 7, {}])
def test_body_that_is_no_order_is_refused(body: Any) -> None:
    assert ask(open_desk(), ("submit", body)).startswith("refused: submit must have what it needs")


def test_call_that_does_not_exist_is_refused_with_those_that_do() -> None:
    assert "a call must be one of submit, cancel" in ask(open_desk(), ("replace", {}))


@pytest.mark.parametrize(
    ("quantity", "whole", "word"),
    [
        ("5", True, "accepted"),
        ("5.5", True, "refused"),
        ("5.5", False, "accepted"),
        ("5.0000000000001", True, "accepted"),
    ],
)
def test_fraction_of_a_lot_is_refused_where_lots_are_whole(quantity: str, whole: bool, word: str) -> None:
    units = Decimal(quantity)
    order = sent(1, units)  # type: ignore[arg-type]  # a fraction is what it is about

    assert ask(open_desk(whole=whole), submit(order)).startswith(word)


@pytest.mark.parametrize(("more", "word"), [(-1, "accepted"), (0, "accepted"), (1, "refused")])
def test_order_is_refused_above_what_it_may_be_worth_and_above_the_units(more: int, word: str) -> None:
    million = Decimal(10) ** 6
    dear = sent(1, int(MONEY_MAX / 1e6) + more, limit=million)
    many = sent(2, int(UNITS_MAX) + more, limit=Decimal("0.25"))

    assert [word, word] == [ask(open_desk(), submit(one)).split(":")[0] for one in (dear, many)]


def test_call_at_which_the_venue_fails_is_refused_and_fails_alike_when_it_is_played_again(tmp_path: Path) -> None:
    """Prices that nobody has make a fee that is no amount: the venue goes on, and its journal can be opened."""
    path = begun(tmp_path, commission_rate=1.0)
    dear = row(close=1e12)
    with kept(path) as venue:
        for call in [fund(), begin(dear), stage("price", dear)]:
            outcome(venue, call)
        failed = outcome(venue, submit(sent(1, 10**9)))[0]
        then, lines = state(venue.desk), venue.journal.n
    with kept(path) as again:
        assert failed.startswith("refused: the paper venue failed at submit: fee must be a finite Decimal")
        assert (5, 5, then) == (lines, again.journal.n, state(again.desk))
        assert '"known"' in outcome(again, stage("price", dear))[0]


# ---- orders ----------------------------------------------------------------------------------------------


def test_order_is_answered_once_and_the_same_id_is_a_duplicate_that_changes_nothing() -> None:
    desk = open_desk()
    first, then = outcome(desk, submit(sent(1, 5)), NOW), state(desk)

    assert "accepted" == told_word(first[0])
    assert ["accepted", "fill"] == [told_word(one) for one in first[1]]
    assert "duplicate" == ask(desk, submit(sent(1, 5)))
    assert then == state(desk)


def test_order_before_the_first_row_waits_for_its_first_price() -> None:
    desk = Desk(terms())
    answers = [ask(desk, submit(sent(1, 5))), ask(desk, about("query", 1))]
    outcome(desk, begin(), NOW)
    heard = outcome(desk, stage("price"), NOW)[1]

    assert ["accepted", "found"] == answers
    assert ["fill"] == [told_word(one) for one in heard]


def test_cancel_says_how_the_order_stands_and_tells_everybody_when_it_ends() -> None:
    desk = open_desk()
    outcome(desk, submit(sent(1, 5, limit=Decimal(90))), NOW)
    first, again = outcome(desk, about("cancel", 1), NOW), outcome(desk, about("cancel", 1), NOW)

    assert ("cancelled", ["cancelled"]) == (told_word(first[0]), [told_word(one) for one in first[1]])
    assert ("found", []) == (told_word(again[0]), again[1])
    assert "absent" == ask(desk, about("cancel", 9))


@pytest.mark.parametrize(("stops", "left"), [(False, [2]), (True, [])])
def test_cancel_all_leaves_protective_stops_unless_it_is_told(stops: bool, left: list[int]) -> None:
    desk = open_desk()
    outcome(desk, submit(sent(1, 5, limit=Decimal(90))), NOW)
    outcome(desk, submit(sent(2, -5, Purpose.STOP, stop=Decimal(80))), NOW)
    outcome(desk, ("cancel_all", {"stops": stops}), NOW)

    assert left == [one.id.int for one in desk.venue.standing()]
    assert '{"answer":[]}' == outcome(desk, ("cancel_all", {"stops": stops}), NOW)[0]


def test_questions_tell_nobody_anything() -> None:
    desk = open_desk()
    outcome(desk, submit(sent(1, 5)), NOW)

    assert ("found", []) == (ask(desk, about("query", 1)), outcome(desk, about("query", 1), NOW)[1])
    assert ("absent", []) == (ask(desk, about("query", 9)), outcome(desk, about("query", 9), NOW)[1])


# ---- money and the market --------------------------------------------------------------------------------


def test_money_is_paid_once_for_a_key_and_another_sum_under_it_is_refused() -> None:
    desk = Desk(terms())
    answers = [ask(desk, fund()), ask(desk, fund()), ask(desk, fund(cash="1")), ask(desk, fund("second", "-0.5"))]

    assert ['{"answer":"played"}', '{"answer":"known"}'] == answers[:2]
    assert "fund grant must be what it was" in answers[2]
    assert 10_000.0 == desk.venue.cash[STRATEGY]


@pytest.mark.parametrize(
    ("cash", "is_paid"),
    [("1e15", True), ("-1e15", True), ("1.0000001e15", False), ("NaN", False), ("Infinity", False), ("much", False)],
)
def test_money_must_be_finite_and_within_reason(cash: str, is_paid: bool) -> None:
    assert is_paid == ("played" in ask(Desk(terms()), fund(cash=cash)))


def test_money_of_a_strategy_that_the_venue_does_not_know_is_refused() -> None:
    assert "strategy must be one of trend, was other" in ask(Desk(terms()), fund(strategy="other"))


def test_stages_of_a_row_are_played_once_each_until_it_ends() -> None:
    desk = open_desk()
    outcome(desk, submit(sent(1, 5)), NOW)
    then = state(desk)

    assert ["known", "known"] == [_done(desk, begin()), _done(desk, stage("price"))]
    assert then == state(desk)
    assert ["played", "known"] == [_done(desk, stage("close")), _done(desk, stage("close"))]
    assert "known" == _done(desk, stage("match")), (
        "what was left out of a row that has ended is not played in the past"
    )


@pytest.mark.parametrize(("quarters", "done"), [(-1, "known"), (0, "known"), (1, "played")])
def test_row_begins_only_after_the_last_one(quarters: int, done: str) -> None:
    desk = open_desk()

    assert done == _done(desk, begin(row(OPENED + quarters * QUARTER)))


@pytest.mark.parametrize(("quarters", "done"), [(-1, "known"), (0, "known"), (1, "refused")])
def test_stage_is_of_a_row_that_has_begun(quarters: int, done: str) -> None:
    answer = ask(open_desk(), stage("price", row(OPENED + quarters * QUARTER)))

    assert done in answer


def test_stage_before_any_row_is_refused() -> None:
    assert "a row must begin before it is played" in ask(Desk(terms()), stage("match"))


def test_row_that_nobody_has_ended_is_ended_when_the_next_begins_and_fills_nothing_more() -> None:
    desk = open_desk()
    outcome(desk, submit(sent(1, 5)), NOW)
    outcome(desk, submit(sent(2, 5, limit=Decimal(99))), NOW)
    outcome(desk, begin(row(OPENED + QUARTER, close=90.0), split=[2.0, 1.0]), NOW)

    assert (50.0, Decimal(10)) == (desk.venue.mark("SPY"), desk.venue.positions()["SPY"])
    assert 9_500.5 == desk.venue.cash[STRATEGY]


def test_what_a_split_lets_expire_ends_by_the_venues_clock_and_not_in_the_past() -> None:
    desk = open_desk()
    for one in (sent(1, 5), sent(2, -5, Purpose.STOP, stop=Decimal(80))):
        outcome(desk, submit(one), NOW)
    outcome(desk, stage("close"), NOW)
    outcome(desk, begin(row(OPENED + QUARTER), split=[2.0, 1.0]), NOW + QUARTER)

    assert NOW + QUARTER == desk.venue.told.ended[UUID(int=2)].at


@pytest.mark.parametrize(
    ("cell", "is_taken"),
    [("100", True), (None, True), ("0", False), ("-1", False), ("Infinity", False), ("dear", False)],
)
def test_prices_are_finite_and_above_0(cell: str | None, is_taken: bool) -> None:
    name, body = begin()
    body["row"]["prices"]["SPY"]["close"] = cell

    assert is_taken == ("played" in ask(Desk(terms()), (name, body)))


@pytest.mark.parametrize(
    ("kind", "cell", "is_taken"),
    [
        ("split", "2.0", True),
        ("split", "0", False),
        ("split", "NaN", False),
        ("dividend", "0", True),
        ("dividend", "-1", False),
        ("dividend", "Infinity", False),
    ],
)
def test_splits_and_dividends_are_finite_and_above_0(kind: str, cell: str, is_taken: bool) -> None:
    name, body = begin()
    body["opening"][kind]["SPY"] = cell

    assert is_taken == ("played" in ask(Desk(terms()), (name, body)))


def test_row_of_an_unknown_symbol_or_column_is_refused() -> None:
    name, body = begin()
    strange = {**body["row"], "prices": {"XYZ": {"close": "1"}}}

    assert "symbol must be one of SPY, QQQ, was XYZ" in ask(Desk(terms()), (name, {**body, "row": strange}))
    odd = {**body["row"], "columns": ["close", "mood"]}
    assert "columns must be of open" in ask(Desk(terms()), (name, {**body, "row": odd}))
    assert "symbol must be one of" in ask(
        Desk(terms()), (name, {**body, "opening": {**body["opening"], "exits": {"X": True}}})
    )


# ---- what is said ----------------------------------------------------------------------------------------


def test_row_and_opening_are_read_back_to_the_last_bit() -> None:
    bars = row(close=100.1 + 0.2, open=1 / 3, high=200.0, low=0.1, volume=0.0, ends=True)
    _, body = begin(bars, split=[1 / 3, 1.0], dividend=[0.0, 0.1], exits=[False, True])
    found, opening = row_from_plain(body["row"], SYMBOLS), opening_from_plain(body["opening"], SYMBOLS)

    assert told(row_to_plain(bars)) == told(row_to_plain(found))
    assert [(1 / 3, 0.0, False), (1.0, 0.1, True)] == opening.tolist()
    assert all(
        (getattr(bars, name) == getattr(found, name)).all() for name in ("open", "high", "low", "volume", "close")
    )


def test_reports_and_snapshots_are_read_back_as_they_were() -> None:
    desk = open_desk(cash_rate=0.05, commission_min=0.1)
    said = []
    for one in (sent(1, 5), sent(2, -5, Purpose.STOP, stop=Decimal("80.5"))):
        desk.venue.submit(one, NOW)
        said += desk.venue.due()
    desk.venue.close(NOW)
    desk.venue.trade("SPY", Decimal(3), NOW)
    desk.venue.take_back("1", NOW)
    said += desk.venue.due()
    snapshot = desk.venue.snapshot(START, NOW)

    assert 5 == len(said)
    assert said == [told_from_plain(told_to_plain(one)) for one in said]
    assert snapshot == snapshot_from_plain(to_plain(snapshot))


def test_what_no_venue_tells_is_refused() -> None:
    with pytest.raises(ValueError, match="a report, an activity or a fill, was 'wish'"):
        told_from_plain({"wish": {}})


def _done(desk: Desk, call: Any) -> str:
    return outcome(desk, call, NOW)[0].removeprefix('{"answer":"').removesuffix('"}')
