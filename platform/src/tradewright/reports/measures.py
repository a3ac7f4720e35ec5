"""What one curve says, with rows turned into days: the same measures for the strategy and its benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tradewright.metrics import downside, performance, relative, significance, tails
from tradewright.metrics.bootstrap import sharpe_interval
from tradewright.metrics.drawdowns import (
    longest_under_water,
    max_drawdown,
    time_under_water,
    worst_drawdowns,
)
from tradewright.metrics.periods import calendar
from tradewright.metrics.sharpe import rolling_sharpe, sharpe

if TYPE_CHECKING:
    from datetime import date

    from tradewright.metrics.bootstrap import Interval
    from tradewright.metrics.drawdowns import Drawdown
    from tradewright.metrics.periods import YearRow
    from tradewright.values.arrays import FloatArray, TimeArray

DRAWDOWNS_SHOWN = 5


@attrs.frozen(kw_only=True)
class Fall:
    """A drawdown with its days.

    Attributes:
        depth: Fraction of the peak that was lost, >= 0.
        peak_on: Session of the peak.
        trough_on: Session of the lowest close after it.
        recovered_on: Session that reached the peak again, None when none did.
        sessions: From the peak to the recovery, or to the end without one.
    """

    depth: float
    peak_on: date
    trough_on: date
    recovered_on: date | None
    sessions: int


@attrs.frozen(kw_only=True)
class Performance:
    """Return and risk of one curve, as docs/reference/metrics.md defines them; None for what cannot be known.

    Attributes:
        total_return: Over the whole period.
        annual_return: Geometric; None for less than a year.
        volatility: Annual.
        sharpe: Annual, in excess of the cash rate.
        sharpe_interval: Of the stationary bootstrap.
        probabilistic_sharpe: Probability that the true Sharpe ratio is above 0.
        min_track_record: Sessions after which that would be 95 %.
        sortino: Annual, in excess of the cash rate.
        calmar: Annual return over the largest drawdown.
        omega: Gains over losses, around the cash rate.
        downside_deviation: Annual, below the cash rate.
        value_at_risk: Historical, one day at 95 %.
        expected_shortfall: Historical CVaR, one day at 95 %.
        cornish_fisher_value_at_risk: From the first four moments.
        cornish_fisher_expected_shortfall: From the first four moments.
        skew: Of the daily returns.
        kurtosis: Of the daily returns, 3 for a normal distribution.
        tail_ratio: Of the good tail to the bad one.
        max_drawdown: Largest fall from a peak, at session closes.
        worst: The deepest falls, deepest first.
        time_under_water: Fraction of sessions below an earlier close.
        longest_under_water: Most sessions between a peak and its recovery.
        years: Returns of calendar years and months.
    """

    total_return: float | None
    annual_return: float | None
    volatility: float | None
    sharpe: float | None
    sharpe_interval: Interval | None
    probabilistic_sharpe: float | None
    min_track_record: int | None
    sortino: float | None
    calmar: float | None
    omega: float | None
    downside_deviation: float | None
    value_at_risk: float | None
    expected_shortfall: float | None
    cornish_fisher_value_at_risk: float | None
    cornish_fisher_expected_shortfall: float | None
    skew: float | None
    kurtosis: float | None
    tail_ratio: float | None
    max_drawdown: Fall
    worst: tuple[Fall, ...]
    time_under_water: float | None
    longest_under_water: int
    years: tuple[YearRow, ...]


@attrs.frozen(kw_only=True)
class Relative:
    """The strategy beside buy-and-hold, session by session; annual where there is a year in it."""

    beta: float | None
    alpha: float | None
    correlation: float | None
    tracking_error: float | None
    information_ratio: float | None


@attrs.frozen(kw_only=True)
class Rolling:
    """Sharpe ratios of windows of sessions; None for a period shorter than one.

    Attributes:
        window: Sessions in each.
        last: The newest one.
        low: Lower end of its band.
        high: Upper end of its band.
        lowest: The smallest of all.
        highest: The largest of all.
    """

    window: int
    last: float | None
    low: float | None
    high: float | None
    lowest: float | None
    highest: float | None


def measured(values: FloatArray, on: TimeArray, cash_rate: float, seed: int, sessions_per_year: int) -> Performance:
    """Return what one curve says.

    Args:
        values: `(n + 1,)`.
        on: Session of each value; the first one is that of the second value, `(n + 1,)`.
        cash_rate: Annual fraction earned without risk.
        seed: Start of the bootstrap's draws.
        sessions_per_year: By which everything annual is made so.
    """
    year = {"sessions_per_year": sessions_per_year}
    return Performance(
        total_return=performance.total_return(values),
        annual_return=performance.annual_return(values, **year),
        volatility=performance.volatility(values, **year),
        sharpe=sharpe(values, cash_rate, **year),
        sharpe_interval=sharpe_interval(values, cash_rate, seed=seed, **year),
        probabilistic_sharpe=significance.probabilistic_sharpe(values, cash_rate, **year),
        min_track_record=significance.min_track_record(values, cash_rate, **year),
        sortino=downside.sortino(values, cash_rate, **year),
        calmar=downside.calmar(values, **year),
        omega=downside.omega(values, cash_rate, **year),
        downside_deviation=downside.downside_deviation(values, cash_rate, **year),
        value_at_risk=tails.value_at_risk(values),
        expected_shortfall=tails.expected_shortfall(values),
        cornish_fisher_value_at_risk=tails.cornish_fisher_value_at_risk(values),
        cornish_fisher_expected_shortfall=tails.cornish_fisher_expected_shortfall(values),
        skew=tails.skew(values),
        kurtosis=tails.kurtosis(values),
        tail_ratio=tails.tail_ratio(values),
        max_drawdown=dated(max_drawdown(values), on),
        worst=tuple(dated(fall, on) for fall in worst_drawdowns(values, DRAWDOWNS_SHOWN)),
        time_under_water=time_under_water(values),
        longest_under_water=longest_under_water(values),
        years=calendar(values, on[1:]),
    )


def beside(values: FloatArray, benchmark: FloatArray, cash_rate: float, sessions_per_year: int) -> Relative:
    """Return the measures of a curve beside a benchmark's; both `(n + 1,)`."""
    year = {"sessions_per_year": sessions_per_year}
    return Relative(
        beta=relative.beta(values, benchmark),
        alpha=relative.alpha(values, benchmark, cash_rate, **year),
        correlation=relative.correlation(values, benchmark),
        tracking_error=relative.tracking_error(values, benchmark, **year),
        information_ratio=relative.information_ratio(values, benchmark, **year),
    )


def rolling(values: FloatArray, cash_rate: float, sessions_per_year: int) -> Rolling:
    """Return the newest and the extreme Sharpe ratios of windows of a year."""
    window = sessions_per_year
    found = rolling_sharpe(values, cash_rate, window, sessions_per_year=sessions_per_year)
    if not len(found.rows):
        return Rolling(window=window, last=None, low=None, high=None, lowest=None, highest=None)
    return Rolling(
        window=window,
        last=float(found.value[-1]),
        low=float(found.low[-1]),
        high=float(found.high[-1]),
        lowest=float(found.value.min()),
        highest=float(found.value.max()),
    )


def dated(fall: Drawdown, on: TimeArray) -> Fall:
    """Return a fall with the sessions of its rows, `on` as in `measured`."""
    days = on.astype(object)
    end = len(on) - 1 if fall.recovered is None else fall.recovered
    return Fall(
        depth=fall.depth,
        peak_on=days[fall.peak],
        trough_on=days[fall.trough],
        recovered_on=None if fall.recovered is None else days[fall.recovered],
        sessions=end - fall.peak,
    )
