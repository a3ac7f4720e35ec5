"""Optimizers that need no solver: each asset has a share of `gross`, and its opinion decides how it is used.

    w_i = gross x u_i x s_i / sum of s_j        j over every asset that is trading, with or without an opinion

    optimizer            u_i (use)     s_i (share)
    equal-weight         sign(f_i)     1
    inverse-volatility   sign(f_i)     1 / sigma_i
    score-proportional   f_i           1

As |u| <= 1 the absolute weights sum to at most `gross`.  The share of an asset without an opinion stays in
cash, so a lonely opinion is never given the money of the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.values.allocation import Allocation

if TYPE_CHECKING:
    from tradewright.host.components import RowOptimizer
    from tradewright.values.allocation import Problem
    from tradewright.values.arrays import BoolArray, FloatArray


@attrs.frozen
class EqualWeight:
    """The same share of `gross` for every asset that trades, long or short by the sign of its forecast.

    >>> rows = np.array([[1.0, 0.0]]), np.array([[0.01, 0.02]]), np.array([[True, True]])
    >>> EqualWeight().solve_rows(*rows, gross=0.4)
    array([[0.2, 0. ]])
    """

    def solve(self, problem: Problem) -> Allocation:
        """Return the weights of one rebalance."""
        return _one_row(self, problem)

    def solve_rows(
        self, forecast: FloatArray, volatility: FloatArray, trading: BoolArray, gross: float
    ) -> FloatArray:
        """Return the weights of many rebalances, `(n_rows, n_assets)`; `volatility` is not used."""
        del volatility
        return _scaled(np.sign(forecast), trading.astype(np.float64), gross)


@attrs.frozen
class InverseVolatility:
    """Shares in proportion to 1 / volatility; an asset whose volatility is unknown or 0 gets none.

    >>> rows = np.array([[1.0, -1.0]]), np.array([[0.01, 0.03]]), np.array([[True, True]])
    >>> InverseVolatility().solve_rows(*rows, gross=0.4)
    array([[ 0.3, -0.1]])
    """

    def solve(self, problem: Problem) -> Allocation:
        """Return the weights of one rebalance."""
        return _one_row(self, problem)

    def solve_rows(
        self, forecast: FloatArray, volatility: FloatArray, trading: BoolArray, gross: float
    ) -> FloatArray:
        """Return the weights of many rebalances, `(n_rows, n_assets)`."""
        known = trading & np.isfinite(volatility) & (volatility > 0.0)
        sigma = np.where(known, volatility, np.inf)
        # Shares are relative to the calmest asset: 1 / sigma itself overflows for a tiny sigma.
        calmest = np.where(known, volatility, 1.0).min(axis=1, where=known, initial=np.inf, keepdims=True)
        share = np.divide(calmest, sigma, out=np.zeros_like(sigma), where=known)
        return _scaled(np.sign(forecast), share, gross)


@attrs.frozen
class ScoreProportional:
    """Equal shares, each used as far as the forecast is strong.

    >>> rows = np.array([[0.5, -1.0]]), np.array([[0.01, 0.02]]), np.array([[True, True]])
    >>> ScoreProportional().solve_rows(*rows, gross=0.4)
    array([[ 0.1, -0.2]])
    """

    def solve(self, problem: Problem) -> Allocation:
        """Return the weights of one rebalance."""
        return _one_row(self, problem)

    def solve_rows(
        self, forecast: FloatArray, volatility: FloatArray, trading: BoolArray, gross: float
    ) -> FloatArray:
        """Return the weights of many rebalances, `(n_rows, n_assets)`; `volatility` is not used."""
        del volatility
        return _scaled(forecast, trading.astype(np.float64), gross)


def _one_row(optimizer: RowOptimizer, problem: Problem) -> Allocation:
    forecast, volatility = problem.forecast[np.newaxis], problem.volatility[np.newaxis]
    rows = optimizer.solve_rows(forecast, volatility, problem.trading[np.newaxis], problem.gross)
    return Allocation(weights=rows[0])


def _scaled(use: FloatArray, share: FloatArray, gross: float) -> FloatArray:
    total = share.sum(axis=1, keepdims=True)
    weights: FloatArray = gross * use * np.divide(share, total, out=np.zeros_like(share), where=total > 0.0)
    return weights
