"""Paper is the backtest, over random configurations: every rule, check and kind of order, through the real agent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from played_back import Pair
from tradewright.engine.plain import interpreted
from tradewright.execute import gate, venue
from tradewright.execute.working import Working
from tradewright.live.parity import differ
from twin_draws import FLAGS, Draw, case_of

# Quantities in place of weights are the engine's, not the product's; more than one venue's decimals of a cheap coin
# are lost in a float, whoever counts them.
NEVER = ("in_units",)
SETS = ("checks", "gates", "all")  # A venue knows no cash: the check of buying power is always on.
EVERYTHING = ("costs", "rates", "volume", "shorts", "missing", "grants", "splits", "dividends", "delisted", "resume")
WIDE = Draw(
    seed=26,
    rule_set="all",
    n_bars=110,
    n_books=2,
    n_assets=4,
    bars_per_session=2,
    **dict.fromkeys(EVERYTHING, True),
)
CROWDED = replace(WIDE, seed=1, rule_set="checks", n_books=1)
"""A book that wants more than its cash pays for, in bars whose volume cuts what it is sent."""
FEW = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def configurations(draw: st.DrawFn) -> Draw:
    return Draw(
        seed=draw(st.integers(0, 2**32 - 1)),
        rule_set=draw(st.sampled_from(SETS)),
        n_bars=draw(st.integers(20, 110)),
        n_books=draw(st.integers(1, 3)),
        n_assets=draw(st.integers(1, 4)),
        bars_per_session=draw(st.integers(2, 3)),
        **{name: draw(st.booleans()) if name not in NEVER else False for name in FLAGS},
    )


def parting(pair: Pair) -> str | None:
    """Play all bars; return the first number that differs, and where, None for none."""
    while pair.paper.bar < pair.bars.n_bars:
        bar = pair.paper.bar
        backtest, paper = pair.step()
        named = {name: (getattr(backtest, name), getattr(paper, name)) for name in ("order", "limit", "stop")}
        named["equity"] = pair.backtest.state.rows.equity, pair.paper.agent.walk.state.rows.equity
        for name, (left, right) in named.items():
            if differ(left, right).any():
                return f"{name} on bar {bar}: {left} and {right}"
    return None


@FEW
@given(drawn=configurations(), ahead=st.booleans())
def test_paper_of_any_configuration_has_the_orders_of_the_backtest(
    drawn: Draw, ahead: bool, rule_cache: Path
) -> None:
    # Limits that wait bind cash from the moment they are sent; a backtest asks for it when they are reached.
    assume(not drawn.limits or drawn.n_assets <= drawn.n_books)
    # A float steps by 1e-5 where 4e10 parts of units are held: an order is the difference of two such numbers.
    assume(not (drawn.coins and drawn.fractional))
    pair = Pair(case_of(drawn), rule_cache, ahead=ahead)

    assert parting(pair) is None, drawn
    fills = pair.backtest.trace().fills, pair.paper.chronicle.trace().fills
    assert len(fills[0]) == len(fills[1])


@pytest.mark.parametrize(
    ("drawn", "least"),
    [  # Fills by order, by stop, by exit; splits and dividends; halts and grants; limits that were never reached.
        (WIDE, (21, 1, 0, 16, 4, 0)),
        (replace(WIDE, seed=28, rule_set="gates"), (53, 12, 3, 7, 30, 0)),
        (replace(WIDE, seed=32, rule_set="gates", at_close=True), (36, 7, 2, 6, 4, 0)),
        (replace(WIDE, seed=26, limits=True, n_books=3, n_assets=3), (20, 1, 0, 15, 5, 6)),
        (replace(WIDE, seed=34, rule_set="checks", fractional=True, close_only=True), (37, 0, 1, 4, 1, 0)),
        (CROWDED, (10, 0, 0, 1, 0, 0)),
    ],
)
def test_paper_of_a_wide_draw_meets_what_parity_is_about(
    drawn: Draw, least: tuple[int, ...], rule_cache: Path
) -> None:
    pair = Pair(case_of(drawn), rule_cache)
    parted, trace = parting(pair), pair.paper.chronicle.trace()
    by = [int((trace.fills.reason == reason).sum()) for reason in range(3)]
    seen = (*by, len(trace.actions), len(trace.events), int(trace.state.run[0].expired))

    assert parted is None
    assert all(found >= wanted for found, wanted in zip(seen, least, strict=True)), seen


def test_paper_counts_what_the_backtest_counts(rule_cache: Path) -> None:
    pair = Pair(case_of(replace(WIDE, seed=26, limits=True, n_books=3, n_assets=3)), rule_cache)
    parted, paper = parting(pair), pair.paper.agent.walk.state.run[0]
    counted = ("participation_cuts", "expired", "breaches", "verify_failures")

    assert parted is None
    assert [pair.backtest.state.run[0][name] for name in counted] == [paper[name] for name in counted]


def a_cent_more(function: Any) -> Any:
    return lambda *arguments: 0.01 + function(*arguments)


FILLS = interpreted("fills")


@pytest.mark.parametrize(
    ("module", "name", "fault"),
    [
        (FILLS, "fee_of", a_cent_more),
        (FILLS, "fill_price", a_cent_more),
        (FILLS, "room", lambda function: lambda *arguments: 0.5 * function(*arguments)),
        (FILLS, "price_at_stop", lambda function: lambda *arguments: 1.001 * function(*arguments)),
        (Working, "bound", lambda function: lambda *arguments: -1e9),
        (FILLS, "within_limit", lambda function: lambda order, price, limit: True),
        (gate, "_within_position", lambda function: lambda wanted, walk: 0.5 * function(wanted, walk)),
        (gate, "reduces", lambda function: lambda wanted, walk: False),
        (venue, "_limit_of", lambda function: lambda order: float("nan")),
        (venue.SimulatedVenue, "_accrue", lambda function: lambda *arguments: None),
        (venue.SimulatedVenue, "_trigger", lambda function: lambda *arguments: None),
        (gate, "is_beyond", lambda function: lambda *arguments: False),
        (gate, "BUYING_POWER", lambda name: "never"),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(value),
)
def test_fault_in_what_paper_computes_for_itself_is_found(
    module: Any, name: str, fault: Any, rule_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, fault(getattr(module, name)))
    crowded = [replace(CROWDED, seed=seed) for seed in (1, 2, 5, 8)]
    draws = [
        *(crowded if module in {gate, Working} else ()),  # Those it shows in soonest.
        replace(WIDE, seed=26, limits=True, n_books=3, n_assets=3),
        WIDE,
        replace(WIDE, seed=34, rule_set="checks", fractional=True),
        *(replace(WIDE, seed=seed, rule_set="gates") for seed in (28, 31)),
        *crowded,
    ]

    assert any(is_caught(Pair(case_of(drawn), rule_cache)) for drawn in draws)


def is_caught(pair: Pair) -> bool:
    try:
        return parting(pair) is not None
    except (ArithmeticError, LookupError, RuntimeError, ValueError):
        return True  # Some faults leave nothing to go on with.
