"""The causality gate: every planted leak is found, no clean signal is suspected, and the verdict says where."""

from __future__ import annotations

from datetime import date
from functools import partial

import attrs
import numpy as np
import pytest
import tradewright as tw
from fresh_signal import fresh
from gate_rates import path
from planted_leaks import CLEAN, LEAKS, MEMORIES, FromFrames
from tradewright.errors import DataError, PluginError
from tradewright.signals.causality import Verdict, check
from tradewright.signals.cuts import changes, choose
from tradewright.signals.evaluate import evaluate
from tradewright.signals.futures import FUTURES, mirrored

BARS = path(seed=5, n_bars=400)
CAUSES = {
    "tomorrows-return": "shift",
    "return-in-five-bars": "shift",
    "average-shifted-back": "shift",
    "tomorrows-open": "shift",
    "centred-average": "window",
    "smoothed-both-ways": "window",
    "z-score-of-all": "full-sample",
    "scaled-between-extremes": "full-sample",
    "quantile-of-all": "full-sample",
    "rank-of-all": "full-sample",
    "trend-fitted-to-all": "full-sample",
    "filled-backwards": "back-fill",
    "interpolated": "back-fill",
    "weekly-close-known-on-monday": "resample",
    "month-end-known-all-month": "resample",
    "only-the-confidence": "shift",
}


@attrs.frozen
class Plain:
    """A component made of one function of the closes."""

    function: object
    warmup_bars: int = 0

    def compute(self, view: tw.History) -> tw.Forecast:
        score = np.nan_to_num(self.function(view.bars.close))
        return tw.Forecast(score, score != 0.0)


def verdict(make, bars=BARS, each: int = 8, **options) -> Verdict:
    return check("mine", make, tw.History(bars), each=each, **options)


# ---- the catalogue ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LEAKS)
def test_gate_when_a_leak_is_planted_finds_it(name):
    found = verdict(partial(FromFrames, LEAKS[name]))

    assert not found.passed
    assert CAUSES.get(name, found.cause.kind) == found.cause.kind


@pytest.mark.parametrize("name", MEMORIES)
def test_gate_when_a_module_remembers_what_it_was_shown_before_finds_the_leak(name):
    with fresh(name) as make:
        found = verdict(make)

    assert not found.passed


@pytest.mark.parametrize("name", CLEAN)
def test_gate_when_a_signal_is_clean_passes_it(name):
    found = verdict(partial(FromFrames, CLEAN[name]))

    assert found.passed
    assert found.cause is None
    assert found.answers > 4 * len(found.cuts) > 100


def test_catalogue_is_as_large_as_it_is_said_to_be():
    assert len(LEAKS) >= 20
    assert len(MEMORIES) >= 8
    assert len(CLEAN) >= 10


# ---- what a verdict says ---------------------------------------------------------------------------------


def next_close(close):
    return np.sign(np.vstack([close[1:] - close[:-1], np.zeros(close.shape[1])]))


def test_gate_when_one_bar_ahead_leaks_names_bar_column_and_distance():
    complete = path(seed=1, n_bars=120, n_assets=2)
    closes = np.where(np.isfinite(complete.close), complete.close, 100.0)
    traded = np.ones(closes.shape, dtype=bool)
    grids = dict.fromkeys(("open", "high", "low", "close"), closes)
    bars = attrs.evolve(complete, **grids, volume=None, traded=traded)

    def second_asset(close):
        return next_close(close) * np.array([0.0, 1.0])

    found = verdict(partial(Plain, second_asset), bars)

    assert 1 == found.first.asset
    assert found.first.cut == found.first.bar + 1 == min(leak.cut for leak in found.leaks)
    assert "score" == found.first.part
    assert "looks exactly 1 bar ahead, as shift(-1) does" == found.cause.text


def test_gate_when_a_leak_is_only_in_the_confidence_says_so():
    assert "confidence" == verdict(partial(FromFrames, LEAKS["only-the-confidence"])).first.part


def test_gate_when_a_difference_is_rounding_passes():
    def rounds(close):
        # The sum over the whole sample moves the forecast by less than anyone could trade on.
        return np.full(close.shape, 0.5) + 1e-13 * np.sign(np.nansum(close) % 2.0 - 1.0)

    assert verdict(partial(Plain, rounds)).passed


@pytest.mark.parametrize("difference", [1e-8, 1e-3])
def test_gate_when_a_difference_is_more_than_rounding_finds_it(difference):
    def leaks(close):
        return 0.5 + difference * np.full(close.shape, np.tanh(np.nanmax(close) / 1000.0))

    assert "full-sample" == verdict(partial(Plain, leaks)).cause.kind


def test_gate_when_only_the_sign_of_a_coming_return_leaks_finds_it():
    def coming(close):
        filled = np.nan_to_num(close, nan=1.0)
        ahead = np.sign(filled[3:] - filled[2:-1])
        return np.vstack([ahead, np.zeros((3, close.shape[1]))])

    # Neither factor changes the sign of a return between two bars of the future.
    found = verdict(partial(Plain, coming))

    assert not found.passed


def test_gate_when_the_model_was_fitted_elsewhere_reports_until_when():
    @attrs.frozen
    class Fitted(Plain):
        fitted_until: date = date(2010, 6, 30)

    found = verdict(partial(Fitted, lambda close: np.full(close.shape, 0.5)))

    assert date(2010, 6, 30) == found.fitted_until


# ---- what gets no verdict --------------------------------------------------------------------------------


def test_gate_when_answers_are_drawn_at_random_refuses():
    random = np.random.default_rng(1)

    with pytest.raises(
        PluginError, match=r"mine\.compute: answered the same question differently, first at"
    ) as caught:
        verdict(partial(Plain, lambda close: random.uniform(-1.0, 1.0, close.shape)))

    assert "seed" in caught.value.fix


def test_gate_when_a_component_remembers_its_first_answer_is_not_fooled():
    class Remembers:
        warmup_bars = 0

        def __init__(self):
            self.known = None

        def compute(self, view):
            if self.known is None or len(self.known) < view.bars.n_bars:
                self.known = np.nan_to_num(next_close(view.bars.close))
            score = self.known[: view.bars.n_bars]
            return tw.Forecast(score, score != 0.0)

    assert not verdict(Remembers).passed


@pytest.mark.parametrize(("n_bars", "enough"), [(49, False), (50, True), (51, True)])
def test_gate_when_the_history_is_short_wants_twenty_bars_after_the_warm_up(n_bars, enough):
    make = partial(Plain, lambda close: np.zeros(close.shape), 30)
    bars = path(seed=2, n_bars=n_bars)

    if enough:
        assert verdict(make, bars).passed
    else:
        with pytest.raises(DataError, match="a verdict needs 50 bars, 20 more than the warm-up; there are 49"):
            verdict(make, bars)


def test_gate_when_a_signal_breaks_on_less_history_says_so():
    def brittle(close):
        if len(close) < 200:
            raise IndexError("too few bars")
        return np.zeros(close.shape)

    with pytest.raises(PluginError, match=r"mine\.compute: raised IndexError: too few bars"):
        verdict(partial(Plain, brittle))


# ---- fitted signals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("until", ["2010-06-30", np.datetime64("2010-06-30"), 20100630])
def test_fitted_until_when_no_date_is_refused(until):
    @attrs.frozen
    class Fitted(Plain):
        fitted_until: object = until

    with pytest.raises(PluginError, match=r"mine\.fitted_until: must be a datetime\.date or None"):
        verdict(partial(Fitted, lambda close: np.zeros(close.shape)))


# ---- where it cuts, and what it puts there ---------------------------------------------------------------


@pytest.mark.parametrize("each", [1, 2, 7])
@pytest.mark.parametrize("first", [1, 250, 398])
def test_cuts_are_in_order_and_within_the_bars_that_may_be_hidden(each, first):
    view = tw.History(BARS)
    forecast = evaluate("mine", FromFrames(CLEAN["breakout"]), view)

    found = choose(BARS, changes(forecast), first, each, np.random.default_rng(3))

    assert found == sorted(set(found))
    assert first <= found[0] <= found[-1] < BARS.n_bars
    assert len(found) <= 6 * each + 6


def test_cuts_when_the_seed_is_the_same_are_the_same():
    forecast = evaluate("mine", FromFrames(CLEAN["breakout"]), tw.History(BARS))

    first, again, other = (choose(BARS, changes(forecast), 1, 8, np.random.default_rng(seed)) for seed in (1, 1, 2))

    assert first == again != other


@pytest.mark.parametrize("name", FUTURES)
def test_future_changes_no_bar_before_the_cut_and_keeps_prices_possible(name):
    cut = 150

    other = FUTURES[name](BARS, cut)

    for grid in ("open", "high", "low", "close", "volume", "traded"):
        np.testing.assert_array_equal(getattr(BARS, grid)[:cut], getattr(other, grid)[:cut])
    later = other.close[cut:]
    assert name == "removed" or not np.allclose(BARS.close[cut:], later, equal_nan=True)
    traded = other.traded[cut:]
    assert (other.high[cut:] >= np.maximum(later, other.open[cut:]) * (1 - 1e-12))[traded].all()
    assert (other.low[cut:] <= np.minimum(later, other.open[cut:]) * (1 + 1e-12))[traded].all()
    assert (other.low[cut:] > 0.0)[traded].all()


def test_mirrored_future_turns_every_return_round():
    other = mirrored(BARS, 150)

    steps, turned = (np.diff(np.log(bars.close[150:]), axis=0) for bars in (BARS, other))
    np.testing.assert_allclose(-steps, turned, rtol=1e-9, atol=1e-12)
