"""Splits and dividends, worked by hand: docs/reference/engine.md, 10."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_harness import assert_same, plain
from engine_market import NAN, checked, count_of, fills, market, play
from tradewright.engine.log import BY_ORDER, BY_STOP, DIVIDEND, SPLIT
from tradewright.engine.run import Trace
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument


@pytest.fixture(scope="module")
def cache(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.config.cache.mkdir("tradewright-rules")
    return folder


def flat(levels: list[Any], **fields: Any) -> Bars:
    """Return bars that trade at one price each."""
    return market(levels, open=levels, **fields)


def money(trace: Trace) -> tuple[float, float]:
    """Return cash and equity of the only book."""
    row = trace.state.rows[0]
    return float(row.cash), float(row.equity)


def cell(trace: Trace, column: str) -> float:
    return float(trace.state.positions[0, 0][column])


# ---- splits ----------------------------------------------------------------------------------------------


def test_split_of_a_position_changes_units_and_prices_and_no_money(cache: Path) -> None:
    """10 at 100 become 40 at 25; the stop of 80 becomes 20."""
    trace = play(checked(cache, stop=80.0), flat([100, 100, 25], split={2: 4.0}), [10, None, None])

    assert [(1, BY_ORDER, 10.0, 100.0)] == fills(trace)
    assert [40.0, 25.0, 20.0] == [cell(trace, name) for name in ("quantity", "entry", "stop")]
    assert (9_000.0, 10_000.0) == money(trace)
    assert np.array_equal([1.0, 1.0, 1.0], trace.curve.nav[:, 0])


def test_split_restates_the_stop_before_the_bar_is_watched(cache: Path) -> None:
    """The stop of 80 is 20 after the split: a low of 21 leaves it alone, one of 20 fires it."""
    for low, expected in ((21.0, 1), (20.0, 2)):
        prices = market(
            [100, 100, 22],
            open=[100, 100, 25],
            high=[100, 100, 25],
            low=[100, 100, low],
            split={2: 4.0},
        )
        assert expected == len(play(checked(cache, stop=80.0), prices, [10, None, None]).fills)


def test_split_restates_the_pending_order_and_its_limit(cache: Path) -> None:
    """A buy of 10 limited to 98 becomes one of 40 limited to 24.5, which the open of 24 fills at 24."""
    prices = flat([100, 24], split={1: 4.0})
    trace = play(checked(cache), prices, [10, None], limit_offset=-0.02)
    over = play(checked(cache), flat([100, 24.51], split={1: 4.0}), [10, None], limit_offset=-0.02)

    assert [(1, BY_ORDER, 40.0, 24.0)] == fills(trace)
    assert [] == fills(over)


@pytest.mark.parametrize("whole", [True, False])
def test_split_keeps_the_restated_stop_of_an_order_that_is_to_open_a_position(cache: Path, whole: bool) -> None:
    """The stop of 80, planned with the order, is 20; the bar of the fill reaches it."""
    prices = market([100, 21], open=[100, 25], high=[100, 25], low=[100, 19], split={1: 4.0})
    trace = play(checked(cache, stop=80.0), prices, [10, None], whole=whole)

    assert [(1, BY_ORDER, 40.0, 25.0), (1, BY_STOP, -40.0, 20.0)] == fills(trace)


@pytest.mark.parametrize(
    ("ratio", "lot", "whole", "quantity", "cash"),
    [
        # 7 bought at 100 leave 9,300; the mark after the split is 100 / ratio.
        pytest.param(1.5, 1.0, True, 10.0, 9_300 + 0.5 * 100 / 1.5, id="3:2 pays half a unit out"),
        pytest.param(1.5, 1.0, False, 10.5, 9_300.0, id="3:2 in fractions pays nothing"),
        pytest.param(0.25, 1.0, True, 1.0, 9_300 + 0.75 * 400, id="1:4 pays three quarters of a unit out"),
        pytest.param(0.1, 1.0, True, 0.0, 9_300 + 0.7 * 1_000, id="1:10 pays all of it out"),
        pytest.param(0.1, 1.0, False, 0.7, 9_300.0, id="1:10 in fractions keeps all of it"),
        pytest.param(1.5, 0.5, True, 10.5, 9_300.0, id="half units are lots here"),
        pytest.param(3.0, 1.0, True, 21.0, 9_300.0, id="3:1 is whole"),
        pytest.param(1 / 7, 1.0, True, 1.0, 9_300.0, id="what rounding leaves of a whole unit is whole"),
    ],
)
def test_split_that_leaves_part_of_a_lot_pays_it_out_at_the_new_mark(
    cache: Path, ratio: float, lot: float, whole: bool, quantity: float, cash: float
) -> None:
    instrument = Instrument(symbol="A0", lot=lot)
    prices = flat([100, 100, 100 / ratio], split={2: ratio}, instruments=[instrument])
    trace = play(checked(cache, stop=80.0), prices, [7, None, None], whole=whole)

    assert quantity == pytest.approx(cell(trace, "quantity"))
    assert (cash, 10_000.0) == pytest.approx(money(trace))
    assert (quantity == 0.0) == math.isnan(cell(trace, "stop")) == math.isnan(cell(trace, "entry"))


def test_split_of_a_short_pays_the_rest_from_cash(cache: Path) -> None:
    """-7 at 100 bring 10,700; 3:2 makes -10.5, and buying half a unit back costs 0.5 x 66.67."""
    trace = play(checked(cache), flat([100, 100, 100 / 1.5], split={2: 1.5}), [-7, None, None])

    assert cell(trace, "quantity") == -10.0
    assert (10_700 - 0.5 * 100 / 1.5, 10_000.0) == pytest.approx(money(trace))


def test_split_of_a_pending_order_cuts_it_to_whole_lots_without_payment(cache: Path) -> None:
    """A buy of 7 becomes one of 10.5, cut to 10; nothing was held, so nothing is paid out."""
    trace = play(checked(cache), flat([90, 60], split={1: 1.5}), [7, None])

    assert [(1, BY_ORDER, 10.0, 60.0)] == fills(trace)
    assert (9_400.0, 10_000.0) == money(trace)


def test_split_leaves_the_collar_alone(cache: Path) -> None:
    """The mark is restated too: an open of 26 after 4:1 is 4 % above 25, not 74 % below 100."""
    loop = checked(cache, price_collar=0.05)
    trace = play(loop, flat([100, 26], split={1: 4.0}), [10, None])
    beyond = play(loop, flat([100, 26.5], split={1: 4.0}), [10, None])

    assert [(1, BY_ORDER, 40.0, 26.0)] == fills(trace)
    assert (0, 1) == (count_of(trace, loop, "price-collar")[0], count_of(beyond, loop, "price-collar")[0])


def test_split_on_one_asset_leaves_the_other_alone(cache: Path) -> None:
    prices = flat([[100, 50], [100, 50], [50, 50]], split={(2, 0): 2.0})
    trace = play(checked(cache), prices, [[10, 20], None, None])

    assert [20.0, 20.0] == trace.state.positions[0].quantity.tolist()
    assert money(trace)[1] == 10_000.0


# ---- dividends -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("quantity", "cash"), [(10, 9_000 + 10 * 2), (-10, 11_000 - 10 * 2)])
def test_dividend_is_paid_to_longs_and_by_shorts(cache: Path, quantity: float, cash: float) -> None:
    """The price falls by the dividend of 2, so equity stays."""
    trace = play(checked(cache), flat([100, 100, 98], dividend={2: 2.0}), [quantity, None, None])

    assert (cash, 10_000.0) == money(trace)


def test_dividend_counts_new_units_and_the_multiplier(cache: Path) -> None:
    """10 units of 5 times the price become 40; each gets 0.5 x 5."""
    instrument = Instrument(symbol="A0", multiplier=5.0)
    prices = flat([100, 100, 25], split={2: 4.0}, dividend={2: 0.5}, instruments=[instrument])
    trace = play(checked(cache), prices, [10, None, None])

    assert (5_000 + 40 * 0.5 * 5, 10_000 + 100) == money(trace)


def test_dividend_is_not_paid_on_what_is_bought_on_the_ex_bar(cache: Path) -> None:
    trace = play(checked(cache), flat([100, 98], dividend={1: 2.0}), [10, None])

    assert (10_000 - 980.0, 10_000.0) == money(trace)


def test_dividend_is_paid_on_what_is_sold_on_the_ex_bar(cache: Path) -> None:
    trace = play(checked(cache), flat([100, 100, 98], dividend={2: 2.0}), [10, 0, None])

    assert (10_000.0, 10_000.0) == money(trace)


@pytest.mark.parametrize(
    ("quantity", "stop", "dividend", "expected"),
    [
        pytest.param(10, 80.0, 2.0, 78.0, id="the stop of a long falls by it"),
        pytest.param(-10, 120.0, 2.0, 120.0, id="the stop of a short stays"),
        pytest.param(10, 2.0, 2.0, None, id="a stop that falls to 0 is dropped"),
        pytest.param(10, 2.25, 2.0, 0.25, id="a stop just above the dividend stays above 0"),
        pytest.param(10, 1.75, 2.0, None, id="a stop just below the dividend is dropped"),
        pytest.param(10, NAN, 2.0, None, id="without a stop nothing moves"),
    ],
)
def test_dividend_moves_the_stop_of_a_long(
    cache: Path, quantity: float, stop: float, dividend: float, expected: float | None
) -> None:
    """A dropped stop is set anew at the close, by the decision of the same bar, at the rule's price."""
    prices = flat([100, 100, 98], dividend={2: dividend})
    trace = play(checked(cache, stop=stop), prices, [quantity, None, None])

    left = stop if expected is None else expected
    assert cell(trace, "stop") == pytest.approx(left, nan_ok=True)


def test_dividend_fall_alone_does_not_fire_the_stop(cache: Path) -> None:
    """The stop of 99 is 97 ex dividend; a fall from 100 to 98 is the dividend of 2 and no loss."""
    held = play(checked(cache, stop=99.0), flat([100, 100, 98], dividend={2: 2.0}), [10, None, None])
    fired = play(checked(cache, stop=99.0), flat([100, 100, 97], dividend={2: 2.0}), [10, None, None])

    assert [(1, BY_ORDER, 10.0, 100.0)] == fills(held)
    assert (2, BY_STOP, -10.0, 97.0) == fills(fired)[-1]


def test_dividend_that_drops_a_stop_leaves_the_bar_unwatched(cache: Path) -> None:
    """A stop of 2 less 2 is no price: the bar's low of 1 fires nothing."""
    prices = market([100, 100, 98], open=[100, 100, 98], high=[100, 100, 98], low=[100, 100, 1], dividend={2: 2.0})

    assert 1 == len(play(checked(cache, stop=2.0), prices, [10, None, None]).fills)


# ---- both, and neither -----------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_actions_on_a_position_are_written_down(cache: Path, side: float) -> None:
    """7 become 10.5 at 66.67, of which half a unit is paid out; the 10 left get 2 each, or pay it when short."""
    prices = flat([100, 100, 100 / 1.5, 60], split={2: 1.5}, dividend={2: 2.0})
    trace = play(checked(cache), prices, [side * 7, None, None, None])

    assert_same(
        [
            (2, 0, 0, SPLIT, 1.5, side * 0.5, 100 / 1.5, side * 50 / 1.5),
            (2, 0, 0, DIVIDEND, 1.0, side * 10.0, 2.0, side * 20.0),
        ],
        [plain(*action) for action in trace.actions],
    )
    assert (10_000 - side * 700 + trace.actions.cash.sum()) == pytest.approx(money(trace)[0])


def test_split_of_fractional_units_is_written_down_without_a_payment(cache: Path) -> None:
    trace = play(checked(cache), flat([100, 100, 50], split={2: 2.0}), [7, None, None], whole=False)

    assert [(2, 0, 0, SPLIT, 2.0, 0.0, 50.0, 0.0)] == [plain(*action) for action in trace.actions]


def test_actions_of_several_assets_are_written_down_in_their_order(cache: Path) -> None:
    """Both act on bar 2, and the second alone on bar 3; a multiplier of 10 counts into the cash."""
    ten = [Instrument(symbol="A0"), Instrument(symbol="A1", multiplier=10.0)]
    prices = flat([[100, 10]] * 4, dividend={(2, 0): 1.0, (2, 1): 0.5, (3, 1): 0.25}, instruments=ten)
    trace = play(checked(cache), prices, [[5, 4], None, None, None])

    found = [(int(a.bar), int(a.asset), float(a.units), float(a.cash)) for a in trace.actions]
    assert [(2, 0, 5.0, 5.0), (2, 1, 4.0, 20.0), (3, 1, 4.0, 10.0)] == found


def test_actions_that_are_none_change_no_byte(cache: Path) -> None:
    levels = [100.0, 101.0, 99.0, 103.0]
    with_none = flat(levels, split={}, dividend={})
    without = flat(levels)

    wants = [10, -5, None, 3]
    left, right = (play(checked(cache, stop=90.0), bars, wants) for bars in (with_none, without))
    assert left.fills.tobytes() == right.fills.tobytes()
    assert left.curve.tobytes() == right.curve.tobytes()


def test_actions_reach_the_engine_only_when_the_settings_say_so(cache: Path) -> None:
    prices = flat([100, 100, 25], split={2: 4.0})
    trace = play(checked(cache), prices, [10, None, None], has_actions=False)

    assert cell(trace, "quantity") == 10.0


def test_actions_while_flat_change_no_money(cache: Path) -> None:
    trace = play(checked(cache), flat([100, 100, 25], split={2: 4.0}, dividend={1: 3.0}), [None, None, None])

    assert (10_000.0, 10_000.0) == money(trace)
    assert 0 == len(trace.actions)


def test_equity_over_splits_and_dividends_is_that_of_the_adjusted_prices(cache: Path) -> None:
    """All of the cash is in the asset throughout: the raw run's equity less idle dividends grows as prices do."""
    draw = np.random.default_rng(3)
    growth = np.exp(draw.normal(0.0, 0.01, 40))
    growth[:2] = 1.0  # Bought at the first mark.
    total = 100.0 * np.cumprod(growth)
    split = np.ones(40)
    split[10], split[20], split[30] = 4.0, 1.5, 0.25
    held = np.cumprod(split)
    prices = flat(list(total / held), split={10: 4.0, 20: 1.5, 30: 0.25})
    trace = play(checked(cache), prices, [100.0] + [None] * 39, whole=False)

    assert trace.curve.equity[:, 0] == pytest.approx(10_000 * total / total[0], rel=1e-12)
    assert prices.adjusted().close[:, 0] == pytest.approx(total, rel=1e-12)
