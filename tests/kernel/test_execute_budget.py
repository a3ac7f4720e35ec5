"""What may be sent to a venue, and when: tokens, their reserve, Retry-After and the breaker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tradewright.execute.budget import Bucket, Budget, Contact, Outcome, Use

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FAILED, ANSWERED = Contact(outcome=Outcome.FAILED), Contact(outcome=Outcome.ANSWERED)


def spent(budget: Budget, use: Use, at: datetime = NOW) -> int:
    """Return how many calls in a row the budget has room for."""
    calls = 0
    while (left := budget.spend(use, at)) is not None:
        budget, calls = left, calls + 1
    return calls


def heard(budget: Budget, *contacts: Contact, at: datetime = NOW) -> Budget:
    for contact in contacts:
        budget = budget.heard(contact, at)
    return budget


@pytest.mark.parametrize(("size", "orders", "upkeep"), [(10.0, 8, 2), (5.0, 3, 2), (20.0, 16, 4), (3.0, 1, 2)])
def test_orders_leave_a_fifth_and_two_tokens_at_least(size: float, orders: int, upkeep: int) -> None:
    budget = Budget(size=size, per_second=1.0)

    assert (orders, orders, upkeep) == tuple(spent(budget, use) for use in (Use.RISK, Use.REDUCE, Use.UPKEEP))


def test_questions_take_no_token_of_an_order() -> None:
    """A ledger tells of every order and of no question: what orders may still take must follow from it alone."""
    asked = Budget(size=10.0, per_second=1.0)
    for number in range(20):
        asked = asked.spend(Use.UPKEEP, NOW + number * 0.3 * SECOND) or asked

    assert Budget(size=10.0, per_second=1.0).orders == asked.orders
    assert 8 == spent(asked, Use.RISK, NOW + 6 * SECOND)


@pytest.mark.parametrize("use", list(Use))
@pytest.mark.parametrize("seconds", [-5.0, 0.0, 1.24, 1.25, 6.99, 7.0])
@pytest.mark.parametrize("contacts", [(), (FAILED,) * 3, (Contact(outcome=Outcome.LIMITED, retry_after=7.0),)])
def test_budget_allows_what_can_be_spent(use: Use, seconds: float, contacts: tuple[Contact, ...]) -> None:
    empty = Bucket(size=8.0, per_second=0.8, tokens=0.0, at=NOW)
    budget, at = heard(Budget(size=10.0, per_second=1.0, orders=empty), *contacts), NOW + seconds * SECOND

    assert budget.allows(use, at) is (budget.spend(use, at) is not None)


def test_an_answer_that_mends_nothing_leaves_the_same_budget() -> None:
    budget = Budget(size=10.0, per_second=1.0)

    assert heard(budget, ANSWERED) is budget
    assert budget == heard(budget, FAILED, ANSWERED)


@pytest.mark.parametrize(("seconds", "calls"), [(0.0, 0), (1.2, 0), (1.25, 1), (2.5, 2), (1e6, 8), (-5.0, 0)])
def test_tokens_come_back_with_time_up_to_the_bucket(seconds: float, calls: int) -> None:
    empty = Budget(size=10.0, per_second=1.0, orders=Bucket(size=8.0, per_second=0.8, tokens=0.0, at=NOW))

    assert calls == spent(empty, Use.RISK, NOW + seconds * SECOND)


@pytest.mark.parametrize("size", [2.0, 0.0, -1.0, float("nan")])
def test_budget_that_leaves_orders_nothing_is_refused(size: float) -> None:
    with pytest.raises(ValueError, match="'size' must be > 2"):
        Budget(size=size, per_second=1.0)


def test_a_budget_without_a_limit_is_never_spent() -> None:
    budget = Budget()
    for _ in range(1000):
        budget = budget.spend(Use.RISK, NOW) or pytest.fail("it was spent")

    assert (0.0, False) == (budget.reserve, budget.is_broken)


@pytest.mark.parametrize("use", list(Use))
@pytest.mark.parametrize(("after", "expected"), [(6.9, False), (7.0, True)])
def test_retry_after_closes_it_for_everything(use: Use, after: float, expected: bool) -> None:
    budget = heard(Budget(), Contact(outcome=Outcome.LIMITED, retry_after=7.0))

    assert expected == (budget.spend(use, NOW + after * SECOND) is not None)


@pytest.mark.parametrize("retry_after", [None, -1.0, float("nan")])
def test_limits_without_a_time_double_it_up_to_a_minute(retry_after: float | None) -> None:
    budget, waits, at = Budget(), [], NOW
    for _ in range(8):
        budget = budget.heard(Contact(outcome=Outcome.LIMITED, retry_after=retry_after), at)
        assert budget.closed_until is not None
        waits.append((budget.closed_until - at).total_seconds())
        at = budget.closed_until

    assert [1, 2, 4, 8, 16, 32, 60, 60] == waits
    assert (
        1.0 == (heard(budget, ANSWERED).heard(Contact(outcome=Outcome.LIMITED), at).closed_until - at).total_seconds()
    )  # type: ignore[operator]  # it is closed


def test_a_wait_of_no_time_lets_it_be_called_at_once() -> None:
    budget = heard(Budget(), Contact(outcome=Outcome.LIMITED, retry_after=0.0))

    assert NOW == budget.closed_until
    assert budget.spend(Use.RISK, NOW) is not None


def test_a_shorter_wait_does_not_end_a_longer_one() -> None:
    budget = heard(Budget(), *(Contact(outcome=Outcome.LIMITED, retry_after=wait) for wait in (60.0, 1.0)))

    assert NOW + 60 * SECOND == budget.closed_until


def test_a_venue_that_does_not_know_us_is_left_alone() -> None:
    budget = heard(Budget(), Contact(outcome=Outcome.FORBIDDEN))

    assert budget.spend(Use.UPKEEP, NOW + 899 * SECOND) is None
    assert budget.spend(Use.UPKEEP, NOW + 900 * SECOND) is not None


@pytest.mark.parametrize(("failures", "broken"), [(2, False), (3, True)])
def test_three_failures_open_the_breaker_for_new_risk_alone(failures: int, broken: bool) -> None:
    budget = heard(Budget(), *[FAILED] * failures)

    assert broken == budget.is_broken
    assert broken == (budget.spend(Use.RISK, NOW) is None)
    assert budget.spend(Use.REDUCE, NOW) is not None
    assert budget.spend(Use.UPKEEP, NOW) is not None


def test_an_answer_between_failures_begins_the_count_anew() -> None:
    assert not heard(Budget(), FAILED, FAILED, ANSWERED, FAILED, FAILED).is_broken


@pytest.mark.parametrize(("after", "broken"), [(29.9, True), (30.0, False)])
def test_the_breaker_closes_with_an_answer_after_its_rest(after: float, broken: bool) -> None:
    budget = heard(Budget(), *[FAILED] * 3)

    assert budget.spend(Use.RISK, NOW + after * SECOND) is None
    assert broken == budget.heard(ANSWERED, NOW + after * SECOND).is_broken


def test_a_probe_that_fails_doubles_the_rest_up_to_ten_minutes() -> None:
    budget, at, rests = heard(Budget(), *[FAILED] * 3), NOW, []
    for _ in range(6):
        assert budget.open_until is not None
        rests.append((budget.open_until - at).total_seconds())
        at = budget.open_until
        budget = budget.heard(FAILED, at)

    assert [30, 60, 120, 240, 480, 600] == rests


def test_failures_while_it_rests_do_not_prolong_it() -> None:
    assert NOW + 30 * SECOND == heard(Budget(), *[FAILED] * 9).open_until


def test_a_stream_that_was_cut_costs_nothing() -> None:
    assert Budget() == heard(Budget(), *[Contact(outcome=Outcome.CUT)] * 5)


CALLS = st.lists(st.tuples(st.sampled_from(Use), st.floats(0.0, 3.0)), max_size=60)


@given(CALLS, st.floats(3.0, 20.0), st.floats(0.1, 5.0))
def test_no_window_holds_more_calls_than_bucket_and_rate_allow(
    calls: list[tuple[Use, float]], size: float, rate: float
) -> None:
    budget, at, made = Budget(size=size, per_second=rate), NOW, []
    for use, later in calls:
        at += later * SECOND
        left = budget.spend(use, at)
        if left is not None:
            budget = left
            made.append(at)

    assert 0.0 <= min(budget.orders.tokens, budget.upkeep.tokens)
    assert budget.orders.size + budget.upkeep.size == pytest.approx(size)
    for first, begin in enumerate(made):
        for count, end in enumerate(made[first:], 1):
            assert count <= size + rate * (end - begin).total_seconds() + 1e-3
