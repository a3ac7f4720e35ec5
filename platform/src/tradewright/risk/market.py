"""Numbers about the market as a whole and about time, for the rules that look beyond one asset; all causal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.errors import DataError
from tradewright.metrics.performance import DEVIATION_MIN
from tradewright.risk.features import daily_closes

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray, IntArray
    from tradewright.values.bars import Bars

PAIRS_MIN = 20  # Returns in common below which a correlation is unknown.
SPIKE_RECENT, SPIKE_USUAL = 5, 60  # Bars of recent and of usual volatility.


@attrs.frozen(eq=False)
class Correlations(Sequence["FloatArray"]):
    """Matrices that are computed when they are asked for: of all at once, 20 years of 500 assets take 10 GB.

    Attributes:
        returns: Daily returns, `(n_sessions, n_assets)`.
        sessions: The session at whose last bar each matrix is computed, `(n,)`.
        window: Sessions of each.
    """

    returns: FloatArray
    sessions: IntArray
    window: int

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.sessions)

    def __getitem__(self, number: int) -> FloatArray:  # type: ignore[override]  # a slice would be all at once
        """Compute one matrix, `(n_assets, n_assets)`."""
        result = np.empty((self.returns.shape[1],) * 2)
        self.write(number, result)
        return result

    def write(self, number: int, out: FloatArray) -> None:
        """Compute one matrix where it is to lie; of 500 assets it has 2 MB, and a copy takes a third of its time."""
        last = self.sessions[number]
        correlation(self.returns[max(0, last - self.window + 1) : last + 1], out)


def correlations(bars: Bars, window: int, refresh: int) -> tuple[Correlations, IntArray]:
    """Return correlation matrices of daily returns, and the one known on each bar.

    Sample correlations of close-to-close returns over the last `window` sessions, pairwise over the sessions in
    which both have one; NaN below 20 of them.  One matrix per `refresh` sessions, at a session's last bar.
    """
    ends = np.flatnonzero(bars.session_ends)
    returns = daily_returns(bars)
    sessions = np.arange(0, len(ends), refresh)
    known = np.searchsorted(ends[sessions], np.arange(bars.n_bars), side="right") - 1
    return Correlations(returns, sessions, window), known


def daily_returns(bars: Bars) -> FloatArray:
    """Return close-to-close returns per session, `(n_sessions, n_assets)`, NaN where either session had no bar."""
    closes = daily_closes(bars.adjusted())
    result = np.full(closes.shape, np.nan)
    result[1:] = closes[1:] / closes[:-1] - 1.0
    return result


def correlation(returns: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """Return the pairwise sample correlations of columns, NaN below 20 common rows and for a constant.

    Args:
        returns: `(n, n_assets)`, NaN where there is none.
        out: Where to write them, `(n_assets, n_assets)`.
    """
    known = np.isfinite(returns)
    if len(returns) >= PAIRS_MIN and known.all():
        return _complete_correlation(returns, out)
    both = known.T.astype(np.float64) @ known
    means = np.where(known, returns, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    x = np.where(known, returns - means, 0.0)  # Around the means, so that the squares below do not cancel.
    with np.errstate(divide="ignore", invalid="ignore"):
        sums = x.T @ known
        products = x.T @ x - sums * sums.T / both
        squares = (x * x).T @ known - sums * sums / both
        result: FloatArray = products / np.sqrt(squares * squares.T)
    constant = ~(squares > both * DEVIATION_MIN**2)
    result[(both < PAIRS_MIN) | constant | constant.T] = np.nan
    result[~np.isfinite(result)] = np.nan
    return np.clip(result, -1.0, 1.0, out=out)


def _complete_correlation(returns: FloatArray, out: FloatArray | None) -> FloatArray:
    """Return the same where every return is known: one product of matrices instead of four."""
    x = returns - returns.mean(axis=0)
    squares = (x * x).sum(axis=0)
    varies = squares > len(returns) * DEVIATION_MIN**2
    x *= np.divide(1.0, np.sqrt(squares), out=np.full(len(squares), np.nan), where=varies)
    result: FloatArray = np.matmul(x.T, x, out=out)
    return np.clip(result, -1.0, 1.0, out=result)


def market_returns(bars: Bars, span: int) -> FloatArray:
    """Return the mean return of all assets over `span` bars, `(n_bars,)`; 0 before there are so many."""
    bars = bars.adjusted()
    rows = np.where(bars.traded, np.arange(bars.n_bars)[:, None], -1)
    latest = np.maximum.accumulate(rows, axis=0)
    closes = np.where(latest >= 0, np.take_along_axis(bars.close, np.maximum(latest, 0), axis=0), np.nan)
    moves = np.zeros(closes.shape)
    moves[span:] = closes[span:] / closes[:-span] - 1.0
    known = np.isfinite(moves)
    result: FloatArray = np.where(known, moves, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return result


def market_move(bars: Bars, span: int) -> FloatArray:
    """Return `market_returns` in every column, `(n_bars, n_assets)`."""
    return np.repeat(market_returns(bars, span)[:, None], bars.n_assets, axis=1)


def volatility_spike(bars: Bars, usual: int) -> FloatArray:
    """Return recent over usual volatility of the market in every column; 0 before `usual` returns are known."""
    squares = market_returns(bars, 1) ** 2
    sums = np.concatenate(([0.0, 0.0], np.cumsum(squares[1:])))
    bar = np.arange(usual, bars.n_bars)
    recent = (sums[bar + 1] - sums[bar + 1 - SPIKE_RECENT]) / SPIKE_RECENT
    base = (sums[bar + 1] - sums[bar + 1 - usual]) / usual
    result = np.zeros(bars.n_bars)
    result[bar] = np.sqrt(np.divide(recent, base, out=np.zeros(len(bar)), where=base > 0.0))
    return np.repeat(result[:, None], bars.n_assets, axis=1)


def minutes_since_open(bars: Bars, _: int) -> FloatArray:
    """Return the minutes from the session's open to the close of each bar, in every column."""
    first = np.flatnonzero(np.append(True, bars.session_ends[:-1]))[bars.session_number]
    return _minutes(bars, bars.closed_at - bars.opened_at[first])


def minutes_to_close(bars: Bars, _: int) -> FloatArray:
    """Return the minutes from the close of each bar to the session's close, in every column."""
    if bars.session_ends.all():
        raise DataError(
            "a trading window needs several bars a session; these bars are as long as one",
            key="risk.trading-window",
            fix="remove the rule, or trade shorter bars",
        )
    return _minutes(bars, bars.session_closes_at - bars.closed_at)


def _minutes(bars: Bars, spans: np.ndarray[tuple[int], np.dtype[np.timedelta64]]) -> FloatArray:
    minutes = spans / np.timedelta64(1, "m")
    return np.repeat(minutes[:, None], bars.n_assets, axis=1)
