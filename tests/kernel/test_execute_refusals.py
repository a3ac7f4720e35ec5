"""Refusals with one reason: the third in a session holds a strategy back."""

from __future__ import annotations

from tradewright.execute.refusals import ENOUGH, Refusals


def test_third_refusal_for_one_reason_holds_the_strategy_and_is_told_once() -> None:
    refusals = Refusals()
    told = [refusals.count("trend", "no borrow") for _ in range(4)]

    assert [False, False, True, False] == told
    assert (True, False) == (refusals.holds("trend"), refusals.holds("other"))
    assert 3 == ENOUGH


def test_refusals_for_several_reasons_hold_nobody() -> None:
    refusals = Refusals()
    for reason in ("no borrow", "too large", "no borrow", "too large"):
        assert not refusals.count("trend", reason)

    assert not refusals.holds("trend")


def test_session_that_opens_forgets() -> None:
    refusals = Refusals()
    for _ in range(3):
        refusals.count("trend", "no borrow")
    refusals.forget()

    assert not refusals.holds("trend")
    assert not refusals.count("trend", "no borrow")
