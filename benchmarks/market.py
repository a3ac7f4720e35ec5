"""The seeded prices of the benchmarks, and what is to be traded on them: the same arrays for everyone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tradewright.values.arrays import BoolArray, FloatArray

    Arrays = dict[str, np.ndarray[Any, Any]]

SEED = 7
FAST, SLOW = 50, 200  # Bars of the two averages.
MINUTES = 390  # Bars of one session.
QUARTERS = 26  # Bars of a quarter of an hour in one session.
MONTH, YEAR = 21, 252  # Sessions.
WINNERS = 20
_MINUTE = np.timedelta64(60_000_000_000, "ns")


def one_asset(n_bars: int, bars_per_session: int, deviation: float) -> Arrays:
    """Return opens, highs, lows and closes `(n_bars,)` of a random walk, with its clock and crossovers."""
    random = np.random.default_rng(SEED)
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0, deviation, n_bars)))
    opening = np.append(100.0, close[:-1]) * np.exp(random.normal(0.0, deviation / 4.0, n_bars))
    reach = np.abs(random.normal(0.0, deviation / 2.0, (2, n_bars)))
    session = np.busday_offset("1990-01-02", np.arange(n_bars) // bars_per_session)
    opened = (
        session.astype("datetime64[ns]") + np.timedelta64(870, "m") + np.arange(n_bars) % bars_per_session * _MINUTE
    )
    return {
        "open": opening,
        "high": np.maximum(opening, close) * np.exp(reach[0]),
        "low": np.minimum(opening, close) * np.exp(-reach[1]),
        "close": close,
        "volume": np.full(n_bars, 1e9),
        "session": session.astype(np.int64),
        **clock(opened),
        **crossover(close),
        **context(close),
    }


def intraday(n_bars: int, bars_per_session: int = MINUTES) -> Arrays:
    """Return minute bars."""
    return one_asset(n_bars, bars_per_session, 0.0005)


def daily(n_bars: int) -> Arrays:
    """Return daily bars."""
    return one_asset(n_bars, 1, 0.01)


def quarters(n_days: int, n_assets: int) -> Arrays:
    """Return quarter-hour bars of several assets, `(n_bars, n_assets)`, with volumes that bind nobody."""
    random, n_bars = np.random.default_rng(SEED), n_days * QUARTERS
    close = 50.0 * np.exp(np.cumsum(random.normal(0.0, 0.003, (n_bars, n_assets)), axis=0))
    opening = np.vstack([close[:1], close[:-1]]) * np.exp(random.normal(0.0, 0.001, (n_bars, n_assets)))
    session = np.busday_offset("2010-01-04", np.arange(n_bars) // QUARTERS)
    opened = session.astype("datetime64[ns]") + 15 * _MINUTE * (58 + np.arange(n_bars) % QUARTERS)
    return {
        "open": opening,
        "high": np.maximum(opening, close),
        "low": np.minimum(opening, close),
        "close": close,
        "volume": np.full((n_bars, n_assets), 1e7),
        "session": session.astype(np.int64),
        **clock(opened, 15),
    }


def clock(opened: np.ndarray[Any, np.dtype[np.datetime64]], minutes: int = 1) -> Arrays:
    """Return when each bar opened and closed, a minute later or some, in nanoseconds since 1970."""
    return {"opened_at": opened.astype(np.int64), "closed_at": (opened + minutes * _MINUTE).astype(np.int64)}


def crossover(close: FloatArray) -> Arrays:
    """Return the bars at whose close the fast average crosses the slow one, upwards (`entry`) and downwards."""
    above = rolling_mean(close, FAST) > rolling_mean(close, SLOW)
    changed = np.append(False, above[1:] != above[:-1])
    changed[:SLOW] = False
    return {"entry": changed & above, "exit": changed & ~above}


def context(close: FloatArray) -> Arrays:
    """Return what the eight rules know of each bar beyond the book: a volatility and a mean, both causal."""
    changes = np.append(0.0, close[1:] / close[:-1] - 1.0)
    sigma = np.maximum(np.sqrt(rolling_mean(changes * changes, SLOW)), 1e-6)
    return {"sigma": sigma, "mean": rolling_mean(close, FAST)}


def rolling_mean(values: FloatArray, window: int) -> FloatArray:
    """Return the mean of the last `window` values, of fewer at the beginning."""
    sums = np.cumsum(np.append(0.0, values))
    first = np.maximum(np.arange(1, len(sums)) - window, 0)
    mean: FloatArray = (sums[1:] - sums[first]) / (np.arange(1, len(sums)) - first)
    return mean


def universe(n_bars: int, n_assets: int) -> Arrays:
    """Return daily closes and opens `(n_bars, n_assets)` with a common factor, and the weights of momentum."""
    random = np.random.default_rng(SEED)
    common = random.normal(0.0002, 0.008, (n_bars, 1))
    close = 50.0 * np.exp(np.cumsum(common + random.normal(0.0, 0.015, (n_bars, n_assets)), axis=0))
    opening = np.vstack([close[:1], close[:-1]]) * np.exp(random.normal(0.0, 0.003, (n_bars, n_assets)))
    weight, decided = momentum(close)
    session = np.busday_offset("2010-01-04", np.arange(n_bars))
    return {
        "open": opening,
        "high": np.maximum(opening, close),
        "low": np.minimum(opening, close),
        "close": close,
        "session": session.astype(np.int64),
        **clock(session.astype("datetime64[ns]")),
        "weight": weight,
        "decided": decided,
    }


def momentum(close: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return equal weights in the winners of the last year, once a month, and the bars of these decisions."""
    n_bars, n_assets = close.shape
    weight, decided = np.zeros(close.shape), np.zeros(n_bars, bool)
    year, winners = min(YEAR, n_bars // 4), max(min(WINNERS, n_assets // 2), 1)
    for bar in range(year, n_bars, MONTH):
        best = np.argsort(close[bar] / close[bar - year], kind="stable")[-winners:]
        weight[bar, best], decided[bar] = 0.95 / winners, True
    return weight, decided
