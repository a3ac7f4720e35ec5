"""The shape of the returns: lean, weight of the tails, and what a bad day costs.

Every measure needs 20 returns and is None with fewer; losses are positive fractions of one day.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from tradewright.metrics.performance import DEVIATION_MIN, SESSIONS_MIN, deviation, returns

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray

LEVEL = 0.95
"""Of value at risk: the loss that 19 days of 20 do not exceed."""

_NORMAL = NormalDist()
_FARTHEST = -4.0  # Below lies one day in 120 years.


def skew(values: FloatArray) -> float | None:
    """Return `m_3 / m_2 ** 1.5` of the returns; `m_k` is the k-th central moment, divided by n.

    Negative when losses reach further than gains.  Source: Joanes & Gill 1998, Comparing measures of sample skewness
    and kurtosis, The Statistician 47(1), 183-189, `g_1`.

    >>> round(skew(np.cumprod(np.append(1.0, np.tile([1.0, 1.0, 1.0, 0.9], 5)))), 6)
    -1.154701
    """
    return _moment(values, 3)


def kurtosis(values: FloatArray) -> float | None:
    """Return `m_4 / m_2 ** 2` of the returns: 3 for a normal distribution, more with heavier tails.

    Source: Joanes & Gill 1998, `g_2 + 3`.  scipy's and pandas' are less by 3; pandas' corrects for bias as well.

    >>> round(kurtosis(np.cumprod(np.append(1.0, np.tile([1.0, 1.0, 1.0, 0.9], 5)))), 6)
    2.333333
    """
    return _moment(values, 4)


def value_at_risk(values: FloatArray, level: float = LEVEL) -> float | None:
    """Return the historical value at risk: the `1 - level` quantile of the returns with its sign turned.

    Between two returns it is interpolated.  empyrical keeps the sign of the return.  Source: Hyndman & Fan 1996,
    Sample quantiles in statistical packages, The American Statistician 50(4), 361-365, definition 7.

    Args:
        values: `(n + 1,)`.
        level: Fraction of days that are not worse.

    >>> round(value_at_risk(np.cumprod(np.append(1.0, np.tile([1.01, 0.98], 10)))), 6)
    0.02
    """
    changes = returns(values)
    if len(changes) < SESSIONS_MIN:
        return None
    return -float(np.quantile(changes, 1.0 - level)) + 0.0  # Adding 0 turns -0 into 0.


def expected_shortfall(values: FloatArray, level: float = LEVEL) -> float | None:
    """Return the historical CVaR: the mean loss of the worst `1 - level` of the days.

    With the returns in rising order and `k = n (1 - level)`, `-(r_(1) + .. + r_([k]) + (k - [k]) r_([k] + 1)) / k`.
    Source: Acerbi & Tasche 2002, On the coherence of expected shortfall, Journal of Banking & Finance 26(7),
    1487-1503, definition 2.6.  empyrical takes whole days, `[(n - 1) (1 - level)] + 1` of them, and keeps the sign:
    the two agree when k is whole.

    >>> round(expected_shortfall(np.cumprod(np.append(1.0, np.append(np.tile([1.01, 0.98], 19), [0.9, 0.94])))), 6)
    0.08
    """
    changes = returns(values)
    n = len(changes)
    if n < SESSIONS_MIN:
        return None
    # A product that rounding has put beside a whole number of days is that number.
    share = round(n * (1.0 - level), 9)
    whole = math.floor(share)
    worst = np.sort(changes)[: whole + 1]
    beyond = float(worst[:whole].sum() + (share - whole) * worst[-1])
    return -beyond / share + 0.0


def cornish_fisher_value_at_risk(values: FloatArray, level: float = LEVEL) -> float | None:
    """Return value at risk from the first four moments, `-(mean + s w(z))` at the quantile z.

    `w(z) = z + (z**2 - 1) S / 6 + (z**3 - 3 z) K / 24 - (2 z**3 - 5 z) S**2 / 36`; z is the normal quantile of
    `1 - level`, S the skew, K the kurtosis less 3.  None where w does not rise from z = -4 up to there: a loss would
    then be less likely than a larger one.
    Sources: Cornish & Fisher 1938, Moments and cumulants in the specification of distributions, Revue de l'Institut
    international de statistique 5(4), 307-320; Maillard 2012, A user's guide to the Cornish Fisher expansion, SSRN
    1997178, on S, K and where the expansion holds.

    >>> normal_so_far = np.cumprod(np.append(1.0, np.tile([1.02, 0.98, 1.0, 1.0, 1.0, 1.0], 9)))
    >>> round(cornish_fisher_value_at_risk(normal_so_far), 6)
    0.019171
    """
    known = _four(values, level)
    if known is None:
        return None
    mean, s, lean, heavy, z = known
    quantile = z + (z**2 - 1) * lean / 6 + (z**3 - 3 * z) * heavy / 24 - (2 * z**3 - 5 * z) * lean**2 / 36
    return -(mean + s * quantile)


def cornish_fisher_expected_shortfall(values: FloatArray, level: float = LEVEL) -> float | None:
    """Return CVaR from the first four moments: the mean of the expansion's losses beyond its value at risk.

    `-mean + s phi(z) / (1 - level) (1 + z S / 6 + (z**2 - 1) K / 24 - (2 z**2 - 1) S**2 / 36)`, the integral of `w`
    over the normal tail.  None where `cornish_fisher_value_at_risk` is.  Source: Maillard 2012, see there.

    >>> normal_so_far = np.cumprod(np.append(1.0, np.tile([1.02, 0.98, 1.0, 1.0, 1.0, 1.0], 9)))
    >>> round(cornish_fisher_expected_shortfall(normal_so_far), 6)
    0.024042
    """
    known = _four(values, level)
    if known is None:
        return None
    mean, s, lean, heavy, z = known
    bent = 1 + z * lean / 6 + (z**2 - 1) * heavy / 24 - (2 * z**2 - 1) * lean**2 / 36
    return -mean + s * _NORMAL.pdf(z) / (1.0 - level) * bent


def tail_ratio(values: FloatArray, level: float = LEVEL) -> float | None:
    """Return the size of the `level` quantile of the returns over that of the `1 - level` quantile.

    Above 1 the good days reach further than the bad ones.  None when the bad quantile is 0.

    >>> round(tail_ratio(np.cumprod(np.append(1.0, np.tile([1.01, 0.98], 10)))), 6)
    0.5
    """
    changes = returns(values)
    if len(changes) < SESSIONS_MIN:
        return None
    low, high = np.abs(np.quantile(changes, [1.0 - level, level]))
    return float(high / low) if low > DEVIATION_MIN else None


def _moment(values: FloatArray, order: int) -> float | None:
    """Return the standardised central moment of the returns."""
    changes = returns(values)
    s = deviation(changes)
    if s is None or s <= DEVIATION_MIN:
        return None
    centred = changes - changes.mean()
    return float((centred**order).mean() / (centred**2).mean() ** (order / 2))


def _four(values: FloatArray, level: float) -> tuple[float, float, float, float, float] | None:
    """Return mean, deviation, skew, excess kurtosis and normal quantile, where the expansion rises up to there."""
    lean, pearson = skew(values), kurtosis(values)
    if lean is None or pearson is None:
        return None
    changes, z, heavy = returns(values), _NORMAL.inv_cdf(1.0 - level), pearson - 3.0
    # The derivative of w, a z**2 + b z + c, must not fall below 0; where a > 0 it is lowest at -b / 2a.
    a, b, c = heavy / 8 - lean**2 / 6, lean / 3, 1 - heavy / 8 + 5 * lean**2 / 36
    lowest = min(z, max(_FARTHEST, -b / (2 * a))) if a > 0.0 else z
    rises = all(a * x**2 + b * x + c >= 0.0 for x in (_FARTHEST, lowest))
    return (float(changes.mean()), float(changes.std(ddof=1)), lean, heavy, z) if rises else None
