"""What one curve says, with rows turned into days: the same measures for the strategy and its benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from tradewright.reports.plain import number
from tradewright.reports.tree.curves import Fall, Interval, Performance, Relative, Rolling, Year

if TYPE_CHECKING:
    from tradewright.metrics.drawdowns import Drawdown
    from tradewright.metrics.periods import YearRow
    from tradewright.values.arrays import FloatArray, TimeArray

DRAWDOWNS_SHOWN = 5


def measured(values: FloatArray, on: TimeArray, risk_free: float, seed: int, sessions_per_year: int) -> Performance:
    """Return what one curve says.

    Args:
        values: `(n + 1,)`.
        on: Session of each value; the first one is that of the second value, `(n + 1,)`.
        risk_free: Annual fraction earned without risk.
        seed: Start of the bootstrap's draws.
        sessions_per_year: By which everything annual is made so.
    """
    year = {"sessions_per_year": sessions_per_year}
    interval = sharpe_interval(values, risk_free, seed=seed, **year)
    return Performance(
        total_return=number(performance.total_return(values)),
        annual_return=number(performance.annual_return(values, **year)),
        volatility=number(performance.volatility(values, **year)),
        sharpe=number(sharpe(values, risk_free, **year)),
        sharpe_interval=None if interval is None else Interval(**interval._asdict()),
        probabilistic_sharpe=number(significance.probabilistic_sharpe(values, risk_free, **year)),
        min_track_record=significance.min_track_record(values, risk_free, **year),
        sortino=number(downside.sortino(values, risk_free, **year)),
        calmar=number(downside.calmar(values, **year)),
        omega=number(downside.omega(values, risk_free, **year)),
        downside_deviation=number(downside.downside_deviation(values, risk_free, **year)),
        value_at_risk=number(tails.value_at_risk(values)),
        expected_shortfall=number(tails.expected_shortfall(values)),
        cornish_fisher_value_at_risk=number(tails.cornish_fisher_value_at_risk(values)),
        cornish_fisher_expected_shortfall=number(tails.cornish_fisher_expected_shortfall(values)),
        skew=number(tails.skew(values)),
        kurtosis=number(tails.kurtosis(values)),
        tail_ratio=number(tails.tail_ratio(values)),
        max_drawdown=dated(max_drawdown(values), on),
        drawdowns=tuple(dated(fall, on) for fall in worst_drawdowns(values, DRAWDOWNS_SHOWN)),
        time_under_water=number(time_under_water(values)),
        longest_under_water=longest_under_water(values),
        years=tuple(_year(row) for row in calendar(values, on[1:])),
    )


def _year(row: YearRow) -> Year:
    return Year(year=row.year, total=number(row.total), months=tuple(number(month) for month in row.months))


def related(
    values: FloatArray, benchmark: FloatArray, name: str, risk_free: float, sessions_per_year: int
) -> Relative:
    """Return the measures of a curve beside that of the benchmark `name`; both `(n + 1,)`."""
    year = {"sessions_per_year": sessions_per_year}
    return Relative(
        benchmark=name,
        beta=number(relative.beta(values, benchmark)),
        alpha=number(relative.alpha(values, benchmark, risk_free, **year)),
        correlation=number(relative.correlation(values, benchmark)),
        tracking_error=number(relative.tracking_error(values, benchmark, **year)),
        information_ratio=number(relative.information_ratio(values, benchmark, **year)),
    )


def rolling(values: FloatArray, risk_free: float, sessions_per_year: int) -> Rolling:
    """Return the newest and the extreme Sharpe ratios of windows of a year."""
    window = sessions_per_year
    found = rolling_sharpe(values, risk_free, window, sessions_per_year=sessions_per_year)
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
