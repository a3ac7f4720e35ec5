"""The signal's contract: a sound signal passes it, and for each of its tests a broken one fails that test alone."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
import tradewright as tw
from contract_harness import FRESH_PROCESS, Uninstalled, assert_only, contract_tests, failures
from tradewright.config import count
from tradewright.testing import ComponentContract, SignalContract, market
from tradewright.testing.markets import bars_of

LOOKBACK = 5


def filled(bars: tw.Bars) -> np.ndarray:
    """Return closes, each missing one replaced by the one before it."""
    known = np.where(bars.traded, np.arange(bars.n_bars)[:, None], 0)
    return np.take_along_axis(bars.close, np.maximum.accumulate(known, axis=0), axis=0)


def returns(close: np.ndarray) -> np.ndarray:
    change = np.full(close.shape, np.nan)
    change[LOOKBACK:] = close[LOOKBACK:] / close[:-LOOKBACK] - 1.0
    return change


@attrs.frozen(kw_only=True)
class Sound:
    """Momentum of five bars."""

    lookback: int = count(LOOKBACK, doc="bars of the return", unit="bars", at_most=LOOKBACK)

    @property
    def warmup_bars(self) -> int:
        return LOOKBACK

    def scores(self, bars: tw.Bars) -> np.ndarray:
        return np.tanh(returns(filled(bars)))

    def compute(self, view: tw.History) -> tw.Forecast:
        score = np.nan_to_num(self.scores(view.bars))
        return tw.Forecast(score, score != 0.0)


class Contract(Uninstalled, SignalContract):
    spec_type = tw.SignalSpec
    made_of = Sound


# ---- broken signals ------------------------------------------------------------------------------------------


class Unbounded(Sound):
    def scores(self, bars):
        close = filled(bars)
        return np.where(close > 1e8, 3.0 * returns(close), super().scores(bars))


class Brittle(Sound):
    def scores(self, bars):
        if bars.n_bars < 3:
            raise IndexError("too few bars")
        return super().scores(bars)


class Voluminous(Sound):
    def scores(self, bars):
        return super().scores(bars) * (bars.volume > 0.0)


class Levels(Sound):
    def scores(self, bars):
        score = np.tanh(np.log(filled(bars) / 90.0))
        score[:LOOKBACK] = 0.0
        return score


class Relative(Sound):
    def scores(self, bars):
        change = returns(bars.close)
        return np.tanh(change - 0.5 * change.mean(axis=1, keepdims=True))


class Cumulated(Sound):
    def scores(self, bars):
        close = bars.close
        growth = np.vstack([np.ones((1, close.shape[1])), close[1:] / close[:-1]])[: len(close)]
        return np.tanh(returns(np.cumprod(growth, axis=0)))


class FromFebruary(Sound):
    def scores(self, bars):
        return super().scores(bars) * (bars.session >= np.datetime64("2001-02-01"))[:, None]


class SinceTheFirst(Sound):
    def scores(self, bars):
        close = bars.close
        mean = np.nancumsum(close, axis=0) / np.maximum(np.cumsum(bars.traded, axis=0), 1)
        score = np.tanh(close / np.where(mean > 0.0, mean, np.nan) - 1.0)
        score[:LOOKBACK] = 0.0
        return score


class BackFilled(Sound):
    def scores(self, bars):
        following = bars.until(bars.n_bars)
        backwards = attrs.evolve(following, close=following.close[::-1], traded=following.traded[::-1])
        return np.tanh(returns(filled(backwards)[::-1]))


class Writing(Sound):
    def scores(self, bars):
        if bars.volume is not None:
            bars.volume.setflags(write=True)
            bars.volume[:] = 0.0
        return super().scores(bars)


KNOWN: dict[bytes, np.ndarray] = {}


class Remembering(Sound):
    """Tomorrow's return, kept for the process by the first prices."""

    def scores(self, bars):
        key = bars.close[:1].tobytes()
        if len(KNOWN.get(key, ())) < bars.n_bars:
            close = filled(bars)
            following = np.vstack([close[1:], close[-1:]])
            KNOWN[key] = np.where(np.isfinite(returns(close)), np.tanh(following / close - 0.98), np.nan)
        return KNOWN[key][: bars.n_bars] if bars.n_bars else super().scores(bars)


class RememberingContract(Contract):
    made_of = Remembering
    needs_all_history = True


class Silent(Contract):
    def view(self) -> tw.History:
        return tw.History(bars_of(np.full((80, 2), 10.0)))


class CumulatedOnWhole(Contract):
    made_of = Cumulated

    def view(self) -> tw.History:
        return tw.History(market(80))


def of(component: type) -> type[SignalContract]:
    return type(f"{component.__name__}Contract", (Contract,), {"made_of": component})


BROKEN = {
    "test_forecast_is_sound_even_in_extreme_markets": (of(Unbounded), "score must be in [-1, 1]"),
    "test_it_has_an_opinion": (Silent, "none at all"),
    "test_short_histories_are_no_error": (of(Brittle), "raised IndexError: too few bars"),
    "test_closes_alone_are_enough_or_refused_in_a_sentence": (of(Voluminous), "raised TypeError"),
    "test_scale_of_prices_does_not_matter": (of(Levels), "another score or confidence"),
    "test_asset_that_starts_later_changes_nothing_before": (of(Relative), "another score or confidence"),
    "test_gaps_do_not_silence_it_for_ever": (CumulatedOnWhole, "a NaN has spread"),
    "test_warm_up_ends_where_the_first_opinion_comes": (of(FromFebruary), "the first one at row 23"),
    "test_warm_up_is_all_the_history_it_needs": (of(SinceTheFirst), "declare a longer warmup_bars"),
    "test_it_does_not_look_ahead": (of(BackFilled), "a missing bar is filled from a later one"),
    "test_nothing_is_remembered_from_a_longer_history": (
        RememberingContract,
        "it looks ahead, and remembers",
    ),
    "test_input_stays_as_it_was": (of(Writing), "other numbers in it"),
}


def test_contract_when_a_signal_is_sound_passes_it():
    assert {} == failures(of(Sound))


@pytest.mark.parametrize("test", BROKEN)
def test_contract_when_a_signal_is_broken_fails_that_test_alone(test):
    assert_only(BROKEN[test][0], test, BROKEN[test][1])


def test_every_test_of_the_contract_has_a_broken_signal():
    assert contract_tests(SignalContract) - contract_tests(ComponentContract) <= set(BROKEN)
    assert not contract_tests(ComponentContract) & FRESH_PROCESS & set(BROKEN)


def test_contract_when_a_sound_signal_is_asked_in_fresh_processes_passes_it():
    assert {} == failures(Contract, also={"test_nothing_is_remembered_from_a_longer_history"})


# ---- what an author may declare --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("component", "attribute", "value"), [(Levels, "scale_free", False), (SinceTheFirst, "needs_all_history", True)]
)
def test_contract_when_a_property_is_declared_does_not_ask_for_its_opposite(component, attribute, value):
    assert {} == failures(type("Declared", (of(component),), {attribute: value}))


@pytest.mark.parametrize("warmup_bars", [-1, 2.5, True, None])
def test_contract_when_the_warm_up_is_no_count_says_so(warmup_bars):
    odd = type("Odd", (Sound,), {"warmup_bars": warmup_bars})

    with pytest.raises(pytest.fail.Exception, match="warmup_bars to be a count of bars"):
        of(odd)().test_it_does_not_look_ahead()


def test_contract_when_the_history_is_too_short_for_a_verdict_says_how_long_it_must_be():
    class Short(Contract):
        def view(self):
            return tw.History(market(24))

    with pytest.raises(pytest.fail.Exception, match="have 25 bars or more"):
        Short().test_it_does_not_look_ahead()
