"""Numbers that rules look at: against pandas, and never from the future."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # ships no types
import pytest
from engine_market import NAN, market, walk
from hypothesis import given, settings
from hypothesis import strategies as st
from tradewright.errors import DataError
from tradewright.risk.features import (
    average_notional,
    average_volume,
    known_average_volume,
    true_range,
    volatility,
)
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

FEATURES: list[Callable[[Bars, int], Any]] = [
    volatility,
    true_range,
    average_volume,
    known_average_volume,
    average_notional,
]
every = pytest.mark.parametrize("feature", FEATURES, ids=lambda f: f.__name__)


def series(values: Any) -> Any:
    return pd.Series(np.asarray(values)[:, 0])


# ---- asked again -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("feature", [volatility, average_volume])
def test_feature_asked_again_of_the_same_bars_is_the_same_array_and_refuses_writes(feature: Any) -> None:
    bars = walk(60)
    first = feature(bars, 5)

    assert feature(bars, 5) is first
    assert not first.flags.writeable


@pytest.mark.parametrize("feature", [volatility, average_volume])
def test_feature_asked_of_other_bars_or_another_window_is_computed_anew(feature: Any) -> None:
    bars, longer = walk(60), walk(80)
    first, other, wide = feature(bars, 5).copy(), feature(longer, 5), feature(longer, 20)

    assert (60, 80) == (len(first), len(other))
    assert not np.array_equal(other, wide, equal_nan=True)
    np.testing.assert_array_equal(first, feature(bars, 5))


# ---- against pandas --------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [2, 5, 20])
def test_volatility_of_daily_bars_is_that_of_pandas(window: int) -> None:
    bars = walk(60)
    expected = series(bars.close).pct_change().rolling(window).std()

    np.testing.assert_allclose(volatility(bars, window)[:, 0], expected, rtol=1e-12)


def test_volatility_by_hand() -> None:
    """Returns of +10 % and -10 %: mean 0, so the root of 0.02 / 1."""
    found = volatility(market([100, 110, 99, 99]), 2)[:, 0]

    np.testing.assert_allclose(found, [NAN, NAN, math.sqrt(0.02), math.sqrt(0.005)], rtol=1e-12)


def test_volatility_of_intraday_bars_changes_at_the_last_of_a_session() -> None:
    bars = walk(40, per_session=4)
    closes = series(bars.close)[3::4]
    daily = closes.pct_change().rolling(3).std().reindex(range(40))
    expected = daily.ffill()

    np.testing.assert_allclose(volatility(bars, 3)[:, 0], expected, rtol=1e-12)


def test_volatility_skips_the_sessions_without_a_trade() -> None:
    gappy = walk(30, untraded=np.isin(np.arange(30), [4, 5, 11])[:, None])
    closes = series(gappy.close).dropna()
    expected = closes.pct_change().rolling(4).std().reindex(range(30)).ffill()

    np.testing.assert_allclose(volatility(gappy, 4)[:, 0], expected, rtol=1e-12)


def test_volatility_of_an_asset_whose_session_ends_early_counts_at_the_sessions_end() -> None:
    """The second asset trades in the first bar of each session only; the session is over with its last bar."""
    close = [[10, 20], [11, NAN], [12, 22], [13, NAN], [14, 21], [15, NAN]]
    found = volatility(market(close, sessions=[0, 0, 1, 1, 2, 2]), 2)[:, 1]

    expected = np.std([22 / 20 - 1, 21 / 22 - 1], ddof=1)
    np.testing.assert_allclose(found, [NAN] * 5 + [expected], rtol=1e-12)


def test_true_range_is_that_of_pandas() -> None:
    bars = walk(50)
    assert bars.high is not None
    assert bars.low is not None
    before = series(bars.close).shift()
    top, bottom = np.maximum(series(bars.high), before), np.minimum(series(bars.low), before)
    spread = (top - bottom).where(before.notna())
    expected = spread.rolling(14).mean() / series(bars.close)

    np.testing.assert_allclose(true_range(bars, 14)[:, 0], expected, rtol=1e-12)


def test_average_volume_is_that_of_pandas() -> None:
    bars = walk(50)
    expected = series(bars.volume).rolling(20).mean()

    np.testing.assert_allclose(average_volume(bars, 20)[:, 0], expected, rtol=1e-12)
    np.testing.assert_array_equal(known_average_volume(bars, 20), average_volume(bars, 20))


def test_average_notional_is_that_of_pandas_and_counts_the_multiplier() -> None:
    bars = walk(50, instruments=[Instrument(symbol="ES", multiplier=50.0)])
    expected = (series(bars.volume) * series(bars.close) * 50.0).rolling(20).mean()

    np.testing.assert_allclose(average_notional(bars, 20)[:, 0], expected, rtol=1e-12)


# ---- corporate actions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("feature", [volatility, true_range, average_notional], ids=lambda f: f.__name__)
def test_feature_across_a_split_is_as_if_there_had_been_none(feature: Callable[[Bars, int], Any]) -> None:
    whole = walk(30)
    ratio = np.where(np.arange(30) < 12, 1.0, 4.0)[:, None]
    raw = market(
        whole.close / ratio,
        **{name: getattr(whole, name) / ratio for name in ("open", "high", "low")},
        volume=whole.volume * ratio,
        split={12: 4.0},
    )

    np.testing.assert_allclose(feature(raw, 5), feature(whole, 5), rtol=1e-12)


def test_average_volume_across_a_split_is_in_units_of_the_bar() -> None:
    """100 old units are 400 new ones."""
    bars = market([10.0] * 4, volume=[100, 100, 400, 400], split={2: 4.0})

    assert average_volume(bars, 2)[:, 0].tolist()[1:] == [100, 400, 400]


@pytest.mark.parametrize("ratio", [3.0, 7.0, 1.0 / 3.0])
def test_average_volume_after_a_split_is_exact(ratio: float) -> None:
    # Volumes in old units would be thirds, and their mean a hair beside 499: one lot less, or more.
    bars = market([10.0] * 60, volume=[100.0] * 20 + [643.0, 355.0] * 20, split={20: ratio})

    assert [499.0] * 20 == average_volume(bars, 20)[40:, 0].tolist()


def test_volatility_on_an_ex_bar_is_of_the_total_return() -> None:
    """100 to 98 with a dividend of 2 is no move at all."""
    bars = market([100, 100, 98, 98], dividend={2: 2.0})

    np.testing.assert_allclose(volatility(bars, 2)[2:, 0], [0.0, 0.0], atol=1e-15)


# ---- what is not there -----------------------------------------------------------------------------------


@every
def test_feature_of_an_asset_that_never_traded_is_unknown(feature: Callable[[Bars, int], Any]) -> None:
    """And the other's is what it would be alone."""
    untraded = np.zeros((30, 2), bool)
    untraded[:, 1] = True
    bars = walk(30, 2, untraded=untraded)

    found = feature(bars, 5)
    assert np.isnan(found[:, 1]).all()
    np.testing.assert_array_equal(found[:, 0], feature(bars.only(["A0"]), 5)[:, 0])


@every
def test_feature_of_an_asset_listed_later_is_that_of_its_own_history(feature: Callable[[Bars, int], Any]) -> None:
    untraded = np.zeros((40, 2), bool)
    untraded[:15, 1] = True
    bars = walk(40, 2, untraded=untraded)
    own = bars.only(["A1"]).between(15, 40)

    found = feature(bars, 5)
    assert np.isnan(found[:15, 1]).all()
    np.testing.assert_array_equal(found[15:, 1], feature(own, 5)[:, 0])


@every
@pytest.mark.parametrize("n_bars", [1, 4, 5])
def test_feature_of_a_history_shorter_than_its_window_is_unknown(
    feature: Callable[[Bars, int], Any], n_bars: int
) -> None:
    lead = feature in (volatility, true_range)
    known = n_bars >= 5 + lead
    found = feature(walk(n_bars), 5)

    assert found.shape == (n_bars, 1)
    assert np.isnan(found[:-1]).all()
    assert np.isnan(found[-1, 0]) == (not known)


def test_features_without_volume_limit_nothing_or_say_so() -> None:
    bars = market([10.0] * 3)

    assert np.isnan(known_average_volume(bars, 2)).all()
    assert np.isposinf(average_notional(bars, 2)).all()
    with pytest.raises(DataError, match="average volume needs a volume column"):
        average_volume(bars, 2)


def test_true_range_of_closes_says_what_to_write() -> None:
    with pytest.raises(DataError) as caught:
        true_range(market([10.0] * 3), 2)

    assert caught.value.fix == 'write stop = "volatility"'


# ---- causality -------------------------------------------------------------------------------------------


@every
@settings(max_examples=40)
@given(
    stop=st.integers(1, 12),
    per_session=st.sampled_from([1, 3]),
    window=st.integers(2, 6),
    gaps=st.sets(st.tuples(st.integers(0, 35), st.integers(0, 1)), max_size=12),
    split=st.dictionaries(st.tuples(st.integers(0, 35), st.integers(0, 1)), st.sampled_from([2.0, 0.5]), max_size=2),
)
def test_feature_changes_no_earlier_row_when_the_future_is_cut_off(
    feature: Callable[[Bars, int], Any], stop: int, per_session: int, window: int, gaps: Any, split: Any
) -> None:
    """Cut at the end of a session: a session is over when its last bar is there."""
    untraded = np.zeros((36, 2), bool)
    for cell in gaps:
        untraded[cell] = True
    bars = walk(36, 2, per_session=per_session, untraded=untraded, split=split)
    n_bars = 3 * stop

    np.testing.assert_array_equal(feature(bars.until(n_bars), window), feature(bars, window)[:n_bars])
