"""What one curve says, alone and beside others."""

from __future__ import annotations

from datetime import date  # noqa: TC003  # cattrs reads the annotations at run time

import attrs


@attrs.frozen(kw_only=True)
class Fall:
    """A drawdown with its days.

    Attributes:
        depth: Fraction of the peak that was lost, >= 0.
        peak_on: Session of the peak.
        trough_on: Session of the lowest close after it.
        recovered_on: Session that reached the peak again, None when none did.
        sessions: From the peak to the recovery, or to the end without one; None where it was not counted.
    """

    depth: float
    peak_on: date
    trough_on: date
    recovered_on: date | None
    sessions: int | None


@attrs.frozen(kw_only=True)
class Interval:
    """See `tradewright.metrics.bootstrap.Interval`."""

    low: float
    high: float
    level: float
    block: float
    resamples: int


@attrs.frozen(kw_only=True)
class Year:
    """Returns of one calendar year and of its months, January first; None for a month without a session."""

    year: int
    total: float | None
    months: tuple[float | None, ...]


@attrs.frozen(kw_only=True)
class Performance:
    """Return and risk of one curve, as docs/reference/metrics.md defines them; None for what cannot be known.

    Attributes:
        total_return: Over the whole period.
        annual_return: Geometric; None for less than a year.
        volatility: Annual.
        sharpe: Annual, in excess of cash at `risk_free`.
        sharpe_interval: Of the stationary bootstrap.
        probabilistic_sharpe: Probability that the true Sharpe ratio is above 0.
        min_track_record: Sessions after which that would be 95 %.
        sortino: Annual, in excess of cash at `risk_free`.
        calmar: Annual return over the largest drawdown.
        omega: Gains over losses, around cash at `risk_free`.
        downside_deviation: Annual, below cash at `risk_free`.
        value_at_risk: Historical, one day at 95 %.
        expected_shortfall: Historical CVaR, one day at 95 %.
        cornish_fisher_value_at_risk: From the first four moments.
        cornish_fisher_expected_shortfall: From the first four moments.
        skew: Of the daily returns.
        kurtosis: Of the daily returns, 3 for a normal distribution.
        tail_ratio: Of the good tail to the bad one.
        max_drawdown: Largest fall from a peak, at session closes.
        drawdowns: The deepest falls, deepest first.
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
    drawdowns: tuple[Fall, ...]
    time_under_water: float | None
    longest_under_water: int | None
    years: tuple[Year, ...]


@attrs.frozen(kw_only=True)
class Benchmark(Performance):
    """A curve that a constant fraction `exposure` of the benchmark would have had."""

    exposure: float | None


@attrs.frozen(kw_only=True)
class Late:
    """A symbol that had no price yet at the first close, and the session of its first one; None without any."""

    symbol: str
    first_on: date | None


@attrs.frozen(kw_only=True)
class BuyAndHold(Benchmark):
    """Equal parts of everything traded.

    Attributes:
        late: Symbols whose part waited in cash for their first close.
        in_cash: Mean fraction of the value that waited, over the closes before the last of them began; None when
            none was late, and where it was not measured.
    """

    late: tuple[Late, ...]
    in_cash: float | None


@attrs.frozen(kw_only=True)
class Cash(Performance):
    """What cash would have earned at the annual fraction `risk_free`, and nothing else."""

    risk_free: float


@attrs.frozen(kw_only=True)
class Chosen(Performance):
    """One symbol, bought at its first close and held.

    Attributes:
        symbol: The file's `benchmark`.
        first_on: Session of the first close at which it had a price: until then it waits in cash.  None without any.
        last_on: Its own last session in the period, whose price it keeps to the end.
    """

    symbol: str
    first_on: date | None
    last_on: date | None


@attrs.frozen(kw_only=True)
class Benchmarks:
    """What holding would have earned, without costs.

    Attributes:
        buy_and_hold: Everything traded, at full.
        buy_and_hold_at_average_exposure: The same at the average net exposure of the strategies, the rest in cash.
        cash: Nothing at all; None where it was not measured.
        chosen: The symbol that the file calls its benchmark, None without one.
    """

    buy_and_hold: BuyAndHold
    buy_and_hold_at_average_exposure: Benchmark
    cash: Cash | None
    chosen: Chosen | None = None


@attrs.frozen(kw_only=True)
class Deflated:
    """See `tradewright.metrics.significance.DeflatedSharpe`."""

    probability: float
    expected_best: float
    trials: int


@attrs.frozen(kw_only=True)
class Rolling:
    """Sharpe ratios of windows of `window` sessions: the newest with its band, and the extremes; None without any."""

    window: int
    last: float | None
    low: float | None
    high: float | None
    lowest: float | None
    highest: float | None


@attrs.frozen(kw_only=True)
class Relative:
    """The strategy beside a benchmark, session by session; annual where there is a year in it.

    `benchmark` is `buy_and_hold`, or the symbol of `benchmarks.chosen`.
    """

    benchmark: str
    beta: float | None
    alpha: float | None
    correlation: float | None
    tracking_error: float | None
    information_ratio: float | None
