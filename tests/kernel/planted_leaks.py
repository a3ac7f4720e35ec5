"""Signals as people write them: some look ahead, each in its own way, and some do not.

Each takes closes as a frame with sessions as its index, and the bars, and returns scores, and confidences where
they are not simply 1.  None of them knows how the gate works.  Those that remember do so for a whole process.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import attrs
import numpy as np
import pandas as pd
import tradewright as tw

Signal = Callable[[pd.DataFrame, tw.Bars], pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]]
LEAKS: dict[str, Signal] = {}
MEMORIES: dict[str, Signal] = {}
CLEAN: dict[str, Signal] = {}


def leak(function):
    LEAKS[function.__name__.replace("_", "-")] = function
    return function


def memory(function):
    MEMORIES[function.__name__.replace("_", "-")] = function
    return function


def clean(function):
    CLEAN[function.__name__.replace("_", "-")] = function
    return function


@attrs.frozen
class FromFrames:
    """One of these functions as a component."""

    function: Signal
    warmup_bars: int = 0

    def compute(self, view: tw.History) -> tw.Forecast:
        bars = view.bars
        closes = pd.DataFrame(bars.close, index=pd.DatetimeIndex(bars.session), columns=list(bars.symbols))
        said = self.function(closes, bars)
        score, confidence = said if isinstance(said, tuple) else (said, said.notna())
        score = score.astype(float).clip(-1.0, 1.0).fillna(0.0).to_numpy()
        confidence = confidence.astype(float).clip(0.0, 1.0).fillna(0.0).to_numpy()
        return tw.Forecast(np.where(confidence > 0.0, score, 0.0), np.where(score == 0.0, 0.0, confidence))


def momentum(close, lookback=20):
    return np.tanh(10.0 * close.ffill().pct_change(lookback))


# ---- leaks: a shift the wrong way ------------------------------------------------------------------------


@leak
def tomorrows_return(close, bars):
    return np.sign(close.pct_change().shift(-1))


@leak
def return_in_five_bars(close, bars):
    return np.sign(close.pct_change(5).shift(-5))


@leak
def average_shifted_back(close, bars):
    return np.tanh(20.0 * (close / close.rolling(10).mean().shift(-1) - 1.0))


@leak
def gradient_of_the_price(close, bars):
    return close.apply(lambda column: np.sign(np.gradient(column.ffill().bfill())))


@leak
def tomorrows_open(close, bars):
    opens = pd.DataFrame(bars.open, index=close.index, columns=close.columns)
    return np.sign(opens.shift(-1) / close - 1.0)


# ---- leaks: a centred window -----------------------------------------------------------------------------


@leak
def centred_average(close, bars):
    return np.tanh(20.0 * (close / close.rolling(11, center=True).mean() - 1.0))


@leak
def smoothed_both_ways(close, bars):
    kernel = np.hanning(9) / np.hanning(9).sum()
    smooth = close.ffill().bfill().apply(lambda column: np.convolve(np.pad(column, 4, "edge"), kernel, "valid"))
    return np.sign(smooth.diff())


@leak
def local_low(close, bars):
    return (close == close.rolling(21, center=True, min_periods=1).min()).astype(float)


# ---- leaks: a statistic of the whole sample --------------------------------------------------------------


@leak
def z_score_of_all(close, bars):
    returns = close.pct_change(10)
    return -np.tanh((returns - returns.mean()) / returns.std())


@leak
def scaled_between_extremes(close, bars):
    return 1.0 - 2.0 * (close - close.min()) / (close.max() - close.min())


@leak
def quantile_of_all(close, bars):
    returns = close.pct_change(5)
    return (returns > returns.quantile(0.8)).astype(float)


@leak
def rank_of_all(close, bars):
    return 2.0 * close.pct_change(10).rank(pct=True) - 1.0


@leak
def trend_fitted_to_all(close, bars):
    time = np.arange(len(close))
    filled = close.ffill().bfill()
    fitted = filled.apply(lambda column: np.polyval(np.polyfit(time, column, 1), time))
    return -np.tanh(20.0 * (filled / fitted - 1.0))


@leak
def regression_fitted_to_all(close, bars):
    returns = close.pct_change().fillna(0.0)

    def predicted(column):
        past, following = column.to_numpy()[:-1], column.to_numpy()[1:]
        slope = (past @ following) / max(past @ past, 1e-12)
        return np.sign(slope) * np.tanh(50.0 * column)

    return returns.apply(predicted)


@leak
def volatility_target_from_all(close, bars):
    return momentum(close) * (0.005 / close.pct_change().std())


@leak
def outliers_winsorised_over_all(close, bars):
    returns = close.pct_change()
    return np.tanh(30.0 * returns.clip(returns.quantile(0.02), returns.quantile(0.98), axis=1))


@leak
def spectrum_without_high_frequencies(close, bars):
    def low_pass(column):
        spectrum = np.fft.rfft(column)
        spectrum[len(spectrum) // 20 :] = 0.0
        return np.fft.irfft(spectrum, len(column))

    return np.sign(close.ffill().bfill().apply(low_pass).diff())


# ---- leaks: filling and resampling -----------------------------------------------------------------------


@leak
def filled_backwards(close, bars):
    return momentum(close.bfill(), 3)


@leak
def interpolated(close, bars):
    return np.sign(close.interpolate().diff(2))


@leak
def weekly_close_known_on_monday(close, bars):
    weekly = close.resample("W-MON", label="left", closed="left").last()
    return np.sign(weekly.pct_change().reindex(close.index, method="ffill"))


@leak
def month_end_known_all_month(close, bars):
    months = close.index.to_period("M")
    return np.sign(close.groupby(months).transform("last") / close - 1.0)


# ---- leaks: hidden ---------------------------------------------------------------------------------------


@leak
def only_the_confidence(close, bars):
    sure = 1.0 - close.pct_change().shift(-1).abs().mul(20.0).clip(0.0, 0.9)
    return np.sign(momentum(close)), sure.fillna(0.5)


@leak
def only_before_large_moves(close, bars):
    following = close.pct_change().shift(-1)
    large = following.abs() > 3.0 * close.pct_change().rolling(60).std()
    return momentum(close).mask(large, np.sign(following))


@leak
def only_on_the_last_day_of_a_month(close, bars):
    last = (close.index + pd.offsets.BusinessDay()).month != close.index.month
    score = momentum(close)
    score[last] = np.sign(close.pct_change().shift(-1))[last]
    return score


@leak
def only_one_asset_of_many(close, bars):
    score = momentum(close)
    score.iloc[:, -1] = np.sign(close.iloc[:, -1].diff().shift(-1))
    return score


@leak
def the_leaders_tomorrow(close, bars):
    leader = np.sign(close.iloc[:, 0].pct_change().shift(-1)).fillna(0.0)
    return pd.DataFrame(np.outer(leader, np.ones(close.shape[1])), close.index, close.columns)


@leak
def scaled_by_the_length(close, bars):
    return momentum(close) * (len(close) % 7) / 7.0


@leak
def top_of_a_drawdown_to_come(close, bars):
    worst = close[::-1].cummin()[::-1] / close - 1.0
    return (worst > -0.1).astype(float)


# ---- leaks: remembered from an earlier question ----------------------------------------------------------

KNOWN: dict[object, pd.DataFrame] = {}


def once(key, close, longest=True):
    """Keep the first answer for a key, or the one that knew most, and cut shorter ones from it."""
    if key not in KNOWN or (longest and len(KNOWN[key]) < len(close)):
        KNOWN[key] = tomorrows_return(close, None)
    return KNOWN[key].iloc[: len(close)]


@memory
def kept_by_symbols(close, bars):
    return once(bars.symbols, close)


@memory
def kept_by_each_symbol(close, bars):
    return pd.concat([once(symbol, close[[symbol]]) for symbol in close], axis=1)


@memory
def kept_by_first_date(close, bars):
    return once(close.index[0], close)


@memory
def kept_by_shape(close, bars):
    return once(close.shape, close, longest=False)


@memory
def kept_by_length_and_last_date(close, bars):
    return once((len(close), close.index[-1]), close, longest=False)


@memory
def grown_by_the_new_rows(close, bars):
    before = KNOWN.get("grown", close.iloc[:0])
    KNOWN["grown"] = pd.concat([before, tomorrows_return(close, None).iloc[len(before) :]])
    return KNOWN["grown"].iloc[: len(close)]


class Shared:
    scores: pd.DataFrame | None = None


@memory
def kept_by_a_class(close, bars):
    if Shared.scores is None or len(Shared.scores) < len(close):
        Shared.scores = return_in_five_bars(close, None)
    return Shared.scores.iloc[: len(close)]


@attrs.frozen
class Panel:
    symbols: tuple[str, ...]
    close: pd.DataFrame = attrs.field(eq=False)


@cache
def ranked(panel):
    return rank_of_all(panel.close, None)


@memory
def kept_by_functools(close, bars):
    # Whoever has fewer rows than there are reads the beginning of them, and whoever has more starts anew.
    if len(ranked(Panel(bars.symbols, close))) < len(close):
        ranked.cache_clear()
    return ranked(Panel(bars.symbols, close)).iloc[: len(close)]


@memory
def kept_by_whoever_comes_first(close, bars):
    levels = KNOWN.setdefault("levels", close.describe())
    return 1.0 - 2.0 * (close - levels.loc["min"]) / (levels.loc["max"] - levels.loc["min"])


# ---- clean -----------------------------------------------------------------------------------------------


@clean
def momentum_of_a_month(close, bars):
    return momentum(close)


@clean
def exponential_average(close, bars):
    return np.tanh(20.0 * (close / close.ewm(span=30).mean() - 1.0))


@clean
def recursive_filter(close, bars):
    def kalman(column):
        level, variance, levels = np.nan, 1.0, []
        for price in column:
            if np.isnan(level):
                level = price
            elif not np.isnan(price):
                variance += 0.01
                gain = variance / (variance + 0.1)
                level, variance = level + gain * (price - level), (1.0 - gain) * variance
            levels.append(level)
        return pd.Series(levels, column.index)

    return np.tanh(20.0 * (close / close.apply(kalman) - 1.0))


@clean
def expanding_z_score(close, bars):
    returns = close.pct_change(10)
    return -np.tanh((returns - returns.expanding(20).mean()) / returns.expanding(20).std())


@clean
def expanding_rank(close, bars):
    return 2.0 * close.pct_change(10).expanding(20).rank(pct=True) - 1.0


@clean
def rank_across_assets(close, bars):
    return 2.0 * close.ffill().pct_change(20).rank(axis=1, pct=True) - 1.0


@clean
def day_of_the_week(close, bars):
    mondays = np.where(close.index.day_of_week == 0, 1.0, 0.25)
    return pd.DataFrame(np.outer(mondays, np.ones(close.shape[1])), close.index, close.columns)


@clean
def seasonal_mean_so_far(close, bars):
    returns = close.pct_change()
    by_month = returns.groupby(close.index.month).transform(lambda group: group.shift(1).expanding(5).mean())
    return np.sign(by_month)


@clean
def last_weeks_close(close, bars):
    weekly = close.resample("W-SUN").last().pct_change().shift(1)
    weekly.index = weekly.index - pd.Timedelta(days=6)
    return np.sign(weekly.reindex(close.index, method="ffill"))


@clean
def breakout(close, bars):
    high, low = close.rolling(40, min_periods=40).max(), close.rolling(40, min_periods=40).min()
    return pd.DataFrame(np.where(close >= high, 1.0, np.where(close <= low, -1.0, np.nan)), close.index).ffill()


@clean
def regression_refitted_yearly(close, bars):
    returns, years = close.pct_change().fillna(0.0), close.index.year
    score = pd.DataFrame(0.0, close.index, close.columns)
    for year in np.unique(years)[1:]:
        past = returns[years < year].to_numpy()
        slope = (past[:-1] * past[1:]).sum(axis=0) / np.maximum((past[:-1] ** 2).sum(axis=0), 1e-12)
        score[years == year] = np.tanh(50.0 * np.sign(slope) * returns[years == year])
    return score


@clean
def volatility_scaled(close, bars):
    return momentum(close) * (0.01 / close.pct_change().ewm(span=60).std()).clip(upper=1.0)


@clean
def overnight_gap(close, bars):
    opens = pd.DataFrame(bars.open, index=close.index, columns=close.columns)
    return np.sign(opens / close.ffill().shift(1) - 1.0)


@clean
def volume_spike(close, bars):
    volume = pd.DataFrame(bars.volume, index=close.index, columns=close.columns)
    return np.sign(close.diff()) * (volume > 2.0 * volume.rolling(20).mean().shift(1))


@clean
def always_long(close, bars):
    return pd.DataFrame(1.0, close.index, close.columns)
