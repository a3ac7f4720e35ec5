"""f = sum of weight x confidence x score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tradewright.errors import PluginError
from tradewright.signals.combine import Combined, combine
from tradewright.signals.evaluate import opinion
from tradewright.values.forecast import Forecast

SHAPE = (3, 2)
NAMES = ("breakout", "news", "reversal", "trend")


def certain(score) -> Forecast:
    return Forecast(score, np.ones_like(np.asarray(score, dtype=float)))


@st.composite
def configured(draw):
    """Forecasts with weights that sum to 1, and a strict subset of them that goes missing."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    scores = arrays(np.float64, SHAPE, elements=st.floats(-1.0, 1.0))
    confidences = arrays(np.float64, SHAPE, elements=st.floats(0.0, 1.0))
    forecasts = {name: Forecast(draw(scores), draw(confidences)) for name in names}
    parts = draw(st.lists(st.integers(0, 100), min_size=len(names), max_size=len(names)).filter(any))
    weights = {name: part / sum(parts) for name, part in zip(names, parts, strict=True)}
    kept = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    return forecasts, weights, set(names) - set(kept)


def test_combine_when_two_signals_speak_adds_weighted_opinions():
    forecasts = {
        "trend": Forecast([[1.0, -0.5]], [[0.5, 1.0]]),
        "news": Forecast([[-1.0, 0.25]], [[0.25, 1.0]]),
    }

    combined = combine(forecasts, {"trend": 0.75, "news": 0.25})

    # 0.75 x 0.5 x 1 - 0.25 x 0.25 x 1 and -0.75 x 0.5 + 0.25 x 0.25.
    assert Combined([[0.3125, -0.3125]]) == combined


@pytest.mark.parametrize("forecasts", [{"trend": certain([[1.0]]), "news": None}, {"trend": certain([[1.0]])}])
def test_combine_when_a_signal_is_missing_leaves_its_weight_unused(forecasts):
    combined = combine(forecasts, {"trend": 0.5, "news": 0.5})

    assert Combined([[0.5]], ("news",)) == combined


def test_combine_when_several_are_missing_lists_them_by_name():
    combined = combine({"b": certain([[1.0]])}, {"c": 0.2, "b": 0.5, "a": 0.3})

    assert ("a", "c") == combined.missing


def test_combine_when_every_signal_is_missing_refuses():
    with pytest.raises(PluginError, match="no active signal is left of news, trend"):
        combine({"trend": None}, {"trend": 0.5, "news": 0.5})


def test_combine_when_nothing_is_configured_refuses():
    with pytest.raises(PluginError, match="no active signal is left of none"):
        combine({}, {})


def test_combine_when_a_forecast_has_no_weight_refuses():
    with pytest.raises(ValueError, match="every forecast needs a weight, missing for news"):
        combine({"trend": certain([[1.0]]), "news": None}, {"trend": 1.0})


def test_combine_when_weights_add_up_to_one_only_within_rounding_stays_within_one():
    weights = {"breakout": 0.1, "news": 0.2, "trend": 0.7000000000000002}

    combined = combine(dict.fromkeys(weights, certain([[1.0, -1.0]])), weights)

    assert sum(weights.values()) == 1.0000000000000002
    assert [[1.0, -1.0]] == combined.forecast.tolist()


def test_combine_when_done_gives_a_read_only_forecast():
    assert not combine({"trend": certain([[1.0]])}, {"trend": 1.0}).forecast.flags.writeable


@settings(deadline=None)  # machines under load
@given(configured())
def test_combine_whatever_the_forecasts_stays_within_one(drawn):
    forecasts, weights, _ = drawn

    assert np.abs(combine(forecasts, weights).forecast).max() <= 1.0


@settings(deadline=None)  # machines under load
@given(configured())
def test_combine_whatever_is_missing_adds_no_leverage(drawn):
    forecasts, weights, missing = drawn
    silent = Forecast(np.zeros(SHAPE), np.zeros(SHAPE))
    left = {name: None if name in missing else forecast for name, forecast in forecasts.items()}

    combined = combine(left, weights)

    assert tuple(sorted(missing)) == combined.missing
    muted = {name: silent if forecast is None else forecast for name, forecast in left.items()}
    assert np.array_equal(combine(muted, weights).forecast, combined.forecast)
    most = sum(weight for name, weight in weights.items() if name not in missing)
    assert np.abs(combined.forecast).max() <= most + 1e-12


@settings(deadline=None)  # machines under load
@given(configured(), st.randoms(use_true_random=False))
def test_combine_whatever_the_order_gives_the_same_bytes(drawn, random):
    forecasts, weights, _ = drawn
    names = list(weights)
    random.shuffle(names)

    shuffled = combine({name: forecasts[name] for name in names}, {name: weights[name] for name in names})

    assert combine(forecasts, weights).forecast.tobytes() == shuffled.forecast.tobytes()


@settings(deadline=None)  # machines under load
@given(configured())
def test_combine_whatever_the_forecasts_equals_the_formula(drawn):
    forecasts, weights, _ = drawn
    expected = np.sum([weights[name] * opinion(forecasts[name]) for name in weights], axis=0)

    np.testing.assert_allclose(combine(forecasts, weights).forecast, expected, rtol=0.0, atol=1e-12)
