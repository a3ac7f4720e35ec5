"""The contracts of rules and checks: sound ones pass, and for each test a broken one fails that test alone."""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import attrs
import numpy as np
import pytest
import tradewright as tw
from contract_harness import COMPILED, Uninstalled, assert_only, contract_tests, failures, marked
from tradewright.risk import daily_loss, drawdown_halt, exposure, position_limit
from tradewright.risk.checks import order_size, price_collar
from tradewright.risk.contract import (
    FLATTEN,
    FREEZE,
    FROZEN,
    REDUCE_ONLY,
    RUNNING,
    Feature,
    Halt,
    OrderCheck,
    Proposal,
    Sides,
)
from tradewright.testing import ComponentContract, Edge, OrderCheckContract, TargetRuleContract, folders


class Limit(NamedTuple):
    value: float


@attrs.frozen(kw_only=True)
class NoOptions:
    """A rule of a test has its limit in its factory."""


def cap(proposal, asset, book, p):
    size = min(abs(proposal.target), p.value)
    return Proposal(math.copysign(size, proposal.target), proposal.stop, proposal.mode)


class CapContract(Uninstalled, TargetRuleContract):
    spec_type = tw.TargetRuleSpec
    made_of = NoOptions
    rule = tw.TargetRule(phase="asset", function=cap, parameters=Limit(0.25))

    def spec(self):
        return attrs.evolve(super().spec(), factory=lambda _: self.rule)

    def edges(self):
        yield Edge(limit=0.25, at=lambda value: {"target": -value})


def asset(function, *, edge=None, **more):
    """Return the contract of an asset rule; its limit is on |target| unless told otherwise."""
    rule = tw.TargetRule(phase="asset", function=function, parameters=Limit(0.25))
    edges = {} if edge is None else {"edges": lambda _: iter([edge])}
    return type("AssetContract", (CapContract,), {"rule": rule, **edges, **more})


def other(phase, function, edge, **parts):
    """Return the contract of a book rule or a sides rule."""
    rule = tw.TargetRule(phase=phase, function=function, parameters=Limit(0.25), **parts)
    return type("OtherContract", (CapContract,), {"rule": rule, "edges": lambda _: iter([edge])})


FLOOR = Edge(kind="floor", limit=0.25, at=lambda value: {"mark": value})
DRAWDOWN = Edge(kind="trigger", limit=0.25, step=1e-12, at=lambda value: {"nav": 1.0 - value, "peak": 1.0})


# ---- broken target rules -------------------------------------------------------------------------------------


def cap_below(proposal, asset, book, p):
    if abs(proposal.target) < p.value:
        return proposal
    return Proposal(0.99 * math.copysign(p.value, proposal.target), proposal.stop, proposal.mode)


def open_to_unknown_marks(proposal, asset, book, p):
    if asset.mark < p.value:
        return Proposal(proposal.target, proposal.stop, max(proposal.mode, REDUCE_ONLY))
    return proposal


LAST = [0.0, 0.0]


def stop_by_the_one_before(proposal, asset, book, p):
    if proposal.target != LAST[1]:
        LAST[:] = LAST[1], proposal.target
    far = 0.5 if LAST[0] > proposal.target else 0.6
    stop = proposal.stop if not math.isnan(proposal.stop) else far * asset.mark
    return cap(Proposal(proposal.target, stop, proposal.mode), asset, book, p)


LATCHED: dict[int, np.ndarray] = {}


def latch_by_identity(book, p, memory):
    drawdown = 1.0 - book.nav / book.peak
    if not drawdown < p.value:
        LATCHED[id(memory)] = memory
    return Halt(FLATTEN if id(memory) in LATCHED else RUNNING, 1.0, drawdown, p.value)


def grow_when_frozen(proposal, asset, book, p):
    after = cap(proposal, asset, book, p)
    return after._replace(target=1.01 * proposal.target) if proposal.mode == FROZEN else after


class Lookalike(NamedTuple):
    target: float
    stop: float
    mode: int


def lookalike_when_frozen(proposal, asset, book, p):
    after = cap(proposal, asset, book, p)
    return Lookalike(*after) if proposal.mode == FROZEN else after


def write_targets(target, held, book, p):
    gross = np.abs(target).sum()
    target[3] = 0.0
    factor = 1.0 if gross <= p.value else p.value / gross
    return Sides(factor, factor) if gross >= 0.0 else Sides(0.0, 0.0)


def overflow(proposal, asset, book, p):
    size = min(abs(proposal.target), p.value)
    if (book.session + 2) * 2**61 < 0:  # Never, to Python.
        size = 0.0
    return Proposal(math.copysign(size, proposal.target), proposal.stop, proposal.mode)


def nested():
    def inner(proposal, asset, book, p):
        size = min(abs(proposal.target), p.value)
        return Proposal(math.copysign(size, proposal.target), proposal.stop, proposal.mode)

    return inner


def rise(bars, window):
    """Tomorrow's."""
    return np.vstack([np.diff(bars.close, axis=0), np.zeros((1, bars.n_assets))])


def cap_of_risen(proposal, asset, book, p, risen):
    return cap(proposal, asset, book, p) if risen > 0.0 else proposal._replace(target=0.0)


def allow_risen(order, p, risen):
    return allow(order, p) if risen > 0.0 else 0.0


RISE = Feature("rise", 1, rise)


def asking_for_tomorrow():
    rule = tw.TargetRule(phase="asset", function=cap_of_risen, parameters=Limit(0.25), features=(RISE,))
    return type("AskingContract", (CapContract,), {"rule": rule})


GROSS = Edge(limit=0.25, at=lambda value: {"target": [value, 0.0, 0.0, 0.0]})
BROKEN_RULES = {
    "test_limits_hold_at_just_below_and_just_above": (asset(cap_below), "it acts at {'target': -0.25}"),
    "test_not_a_number_is_no_permission": (asset(open_to_unknown_marks, edge=FLOOR), "it allows"),
    "test_order_of_asking_does_not_matter": (asset(stop_by_the_one_before), "in another one"),
    "test_its_memory_survives_a_copy": (other("book", latch_by_identity, DRAWDOWN, memory=1), "no globals, no ids"),
    "test_it_only_ever_cuts": (asset(grow_when_frozen), "a larger target"),
    "test_it_returns_the_verdict_of_its_phase": (asset(lookalike_when_frozen), "Lookalike("),
    "test_features_do_not_look_ahead": (asking_for_tomorrow(), "looks exactly 1 bar ahead"),
    "test_input_stays_as_it_was": (other("sides", write_targets, GROSS), "other numbers in"),
    "test_compiled_it_answers_as_interpreted": (asset(overflow), " compiled\n"),
    "test_fused_into_the_engine_it_trades_as_interpreted": (asset(nested()), "cannot import name 'inner'"),
}


@pytest.mark.parametrize("test", marked(BROKEN_RULES))
def test_contract_when_a_rule_is_broken_fails_that_test_alone(test):
    assert_only(BROKEN_RULES[test][0], test, BROKEN_RULES[test][1])


def test_every_test_of_the_rules_contract_has_a_broken_rule():
    assert contract_tests(TargetRuleContract) - contract_tests(ComponentContract) == set(BROKEN_RULES)


# ---- sound target rules --------------------------------------------------------------------------------------


class Builtin(CapContract):
    """A rule of the kernel, with its own options."""

    made: tuple

    def spec(self):
        make, options = self.made
        return tw.TargetRuleSpec(name="builtin", factory=make, config=options, summary="of the kernel")

    def readme(self):
        return Uninstalled.readme(type("Page", (), {"made_of": self.made[1]})())


def builtin(make, options, *edges):
    return type("BuiltinContract", (Builtin,), {"made": (make, options), "edges": lambda _: iter(edges)})


SOUND_RULES = {
    "asset": builtin(
        position_limit.make, position_limit.PositionLimit, Edge(limit=0.3, at=lambda value: {"target": value})
    ),
    "book": builtin(
        drawdown_halt.make,
        drawdown_halt.DrawdownHalt,
        Edge(kind="trigger", limit=0.12, step=1e-12, at=lambda value: {"nav": 1.0 - value - 1e-16, "peak": 1.0}),
    ),
    "book with memory": builtin(
        daily_loss.make,
        daily_loss.DailyLoss,
        Edge(kind="trigger", limit=0.0625, at=lambda value: {"nav": 1.0 - value, "day_base": 1.0}),
    ),
    "sides": builtin(
        exposure.make, exposure.Exposure, Edge(limit=1.0, at=lambda value: {"target": [value, 0.0, 0.0, 0.0]})
    ),
}


@pytest.mark.parametrize("phase", SOUND_RULES)
def test_contract_when_a_rule_of_the_kernel_is_asked_passes_it(phase):
    contract = SOUND_RULES[phase]
    if phase == "book with memory":
        contract = type("DailyLossContract", (contract,), {"options": {"limit": 0.05}})

    failed = failures(contract)

    # 1 - nav hits no fraction exactly, so this one's limit is tested where it is defined.
    assert set() == set(failed) - (
        {"test_limits_hold_at_just_below_and_just_above"} if phase == "book with memory" else set()
    )


@pytest.mark.compiled
def test_contract_when_a_sound_rule_is_compiled_passes_it(monkeypatch, rule_cache):
    monkeypatch.setattr(folders, "compiled", lambda: rule_cache)

    assert {} == failures(SOUND_RULES["sides"], also=COMPILED)


# ---- order checks --------------------------------------------------------------------------------------------


def allow(order, p):
    size = abs(order.quantity)
    if order.quantity * order.held < 0.0 or size <= p.value:
        return size
    return p.value


class CheckContract(Uninstalled, OrderCheckContract):
    spec_type = tw.OrderCheckSpec
    made_of = NoOptions
    check = OrderCheck(function=allow, parameters=Limit(8.0))

    def spec(self):
        return attrs.evolve(super().spec(), factory=lambda _: self.check)

    def edges(self):
        yield Edge(limit=8.0, at=lambda value: {"quantity": value})


def check(function, *edges, features=()):
    made = OrderCheck(function=function, parameters=Limit(8.0), features=features)
    own = {"edges": lambda _: iter(edges)} if edges else {}
    return type("OtherCheckContract", (CheckContract,), {"check": made, **own})


def allow_less_than(order, p):
    size = abs(order.quantity)
    return size if order.quantity * order.held < 0.0 or size < p.value else 0.0


def allow_unknown_prices(order, p):
    return 0.0 if order.price > p.value else abs(order.quantity)


def owe(order, p):
    return -1.0 if order.level == FREEZE else allow(order, p)


ASKED = [None, None]


def tire(order, p):
    tired = ASKED[0] == ASKED[1] == order
    ASKED[:] = ASKED[1], order
    return 0.0 if tired else allow(order, p)


BEFORE = [0.0, 0.0]


def envy(order, p):
    if order.quantity != BEFORE[1]:
        BEFORE[:] = BEFORE[1], order.quantity
    return 0.0 if order.level == FREEZE and BEFORE[0] > order.quantity else allow(order, p)


def overflow_units(order, p):
    if (order.level + 2) * 2**61 < 0:  # Never, to Python.
        return 0.0
    size = abs(order.quantity)
    return size if order.quantity * order.held < 0.0 or size <= p.value else p.value


def nested_check():
    def inner(order, p):
        size = abs(order.quantity)
        return min(size, p.value) if size >= 0.0 else 0.0

    return inner


BROKEN_CHECKS = {
    "test_limits_hold_at_just_below_and_just_above": (check(allow_less_than), "it acts at {'quantity': 8.0}"),
    "test_not_a_number_is_no_permission": (
        check(allow_unknown_prices, Edge(limit=8.0, at=lambda value: {"price": value})),
        "it allows",
    ),
    "test_it_answers_with_a_number_of_units": (check(owe), "-1.0"),
    "test_features_do_not_look_ahead": (check(allow_risen, features=(RISE,)), "rise at (bar, asset) ="),
    "test_input_stays_as_it_was": (check(tire), "a check has no memory"),
    "test_order_of_asking_does_not_matter": (check(envy), "in another one"),
    "test_compiled_it_answers_as_interpreted": (check(overflow_units), " compiled\n"),
    "test_fused_into_the_engine_it_trades_as_interpreted": (check(nested_check()), "cannot import name 'inner'"),
}


@pytest.mark.parametrize("test", marked(BROKEN_CHECKS))
def test_contract_when_a_check_is_broken_fails_that_test_alone(test):
    assert_only(BROKEN_CHECKS[test][0], test, BROKEN_CHECKS[test][1])


def test_every_test_of_the_checks_contract_has_a_broken_check():
    assert contract_tests(OrderCheckContract) - contract_tests(ComponentContract) == set(BROKEN_CHECKS)


@pytest.mark.parametrize(
    ("made", "edge"),
    [
        (price_collar.make(price_collar.PriceCollar(limit=0.125)), Edge(limit=112.5, at=lambda v: {"price": v})),
        (
            order_size.make_order_quantity(order_size.OrderQuantity(limit=8.0)),
            Edge(limit=8.0, at=lambda v: {"quantity": v}),
        ),
        (
            order_size.make_volume_share(order_size.VolumeShare(limit=0.5)),
            Edge(limit=8.0, at=lambda v: {"quantity": v, "features": (16.0,)}),
        ),
    ],
    ids=["price-collar", "order-quantity", "volume-share"],
)
def test_contract_when_a_check_of_the_kernel_is_asked_passes_it(made, edge):
    contract = type("KernelCheck", (CheckContract,), {"check": made, "edges": lambda _: iter([edge])})

    assert {} == failures(contract)


# ---- what an author may declare, and what it must ------------------------------------------------------------


def test_contract_when_no_edge_is_named_asks_for_one():
    failed = failures(type("NoEdge", (CheckContract,), {"edges": lambda _: iter(())}))

    assert ["test_limits_hold_at_just_below_and_just_above"] == list(failed)
    assert "yield Edge(limit=0.3" in failed["test_limits_hold_at_just_below_and_just_above"]


def test_contract_when_a_situation_has_an_unknown_field_lists_those_there_are():
    edge = Edge(limit=8.0, at=lambda value: {"qantity": value})

    failed = failures(type("Misspelled", (CheckContract,), {"edges": lambda _: iter([edge])}))

    assert "known here: quantity, held, price" in failed["test_limits_hold_at_just_below_and_just_above"]


@pytest.mark.compiled
def test_contract_when_a_rule_does_not_compile_says_why_unless_declared():
    contract = asset(uncompilable)

    failed = failures(contract, also={"test_compiled_it_answers_as_interpreted"})

    assert ["test_compiled_it_answers_as_interpreted"] == list(failed)
    assert "set compiles = False" in failed["test_compiled_it_answers_as_interpreted"]
    assert {} == failures(type("Declared", (contract,), {"compiles": False}), also=COMPILED)


def uncompilable(proposal, asset, book, p):
    return cap(*map(partial(lambda one: one), (proposal, asset, book, p)))


def divide_by_held(proposal, asset, book, p):
    return cap(proposal._replace(stop=1.0 / asset.held), asset, book, p)


def test_contract_when_a_rule_raises_says_where_and_for_what():
    failed = failures(asset(divide_by_held))

    message = failed["test_limits_hold_at_just_below_and_just_above"]
    assert "raised ZeroDivisionError" in message
    assert "AssetView(mark=100.0, held=0.0" in message


def test_edge_when_no_step_is_named_is_tested_at_the_next_numbers():
    edge = Edge(limit=1.0, at=dict)

    assert (math.nextafter(1.0, 0.0), 1.0, math.nextafter(1.0, 2.0)) == edge.around()
