"""The parts of a report that hold figures of a period: net, gross, benchmarks, costs."""

from __future__ import annotations

from datetime import date  # noqa: TC003  # cattrs reads the annotations at run time
from decimal import Decimal  # noqa: TC003  # likewise

import attrs

from tradewright.reports.tree.curves import (  # likewise
    Benchmarks,
    Deflated,
    Fall,
    Performance,
    Relative,
    Rolling,
)


@attrs.frozen(kw_only=True)
class Period:
    """From which session to which; annual figures take `sessions_per_year` for a year."""

    first_on: date
    last_on: date
    sessions: int
    sessions_per_year: int


@attrs.frozen(kw_only=True)
class BookExposure:
    """Mean sum of absolute, and of signed, positions at closes, as fractions of equity."""

    gross: float | None
    net: float | None


@attrs.frozen(kw_only=True)
class Exposure(BookExposure):
    """The account's, with the fraction of closes at which it held anything."""

    time_in_market: float | None


@attrs.frozen(kw_only=True)
class Trades:
    """Round trips, flat to flat, per book and symbol; None for what cannot be known.

    Attributes:
        closed: How many.
        stopped: How many of these a stop ended.
        open: Positions not closed by the end.
        hit_rate: Fraction of the closed ones that gained, after fees.
        profit_factor: Sum of gains over sum of losses.
        payoff: Mean gain over mean loss.
        expectancy: Mean profit, in currency.
        sessions_held: Mean number of sessions from the first fill to the last.
    """

    closed: int
    stopped: int | None
    open: int
    hit_rate: float | None
    profit_factor: float | None
    payoff: float | None
    expectancy: Decimal | None
    sessions_held: float | None


@attrs.frozen(kw_only=True)
class OpenLot:
    """A lot that is still held.

    Attributes:
        book: Name of the strategy.
        symbol: What is held.
        opened_on: Session of the fill.
        quantity: Signed, in units of the last bar.
        basis: Paid for it, fees included; negative for a short sale; in currency.
        value: At the last close, in currency.
    """

    book: str
    symbol: str
    opened_on: date
    quantity: float
    basis: Decimal
    value: Decimal


@attrs.frozen(kw_only=True)
class GainOfYear:
    """Realised gain of a calendar year with a closing fill, in currency."""

    year: int
    realised: Decimal


@attrs.frozen(kw_only=True)
class Lots:
    """Tax lots, first in, first out, in currency.

    Attributes:
        realised: Gains of what was closed, fees included.
        unrealised: Of what is held, at the last close and before the fees of selling it.
        income: Dividends received less those paid on shorts; in neither of the two.
        by_year: Realised gain of each calendar year with a closing fill.
        open: The lots that are held, oldest first within each book and symbol.
    """

    realised: Decimal
    unrealised: Decimal
    income: Decimal
    by_year: tuple[GainOfYear, ...]
    open: tuple[OpenLot, ...]


@attrs.frozen(kw_only=True)
class CostsOfBook:
    """What one book paid, and what its cash earned, in currency."""

    fees: Decimal
    slippage: Decimal
    borrow: Decimal
    interest: Decimal
    total: Decimal


@attrs.frozen(kw_only=True)
class Strategy:
    """One book; returns are of its own NAV, None for what cannot be known.

    Attributes:
        name: Of the strategy.
        total_return: Over the whole period.
        annual_return: Geometric.
        volatility: Annual.
        sharpe: Annual, in excess of cash at `risk_free`.
        max_drawdown: Largest fall from a peak.
        profit: Equity less capital, in currency; all strategies' add up to the account's, and so do the next three.
        equity: At the last close.
        capital: Granted by then.
        costs: Paid in the period.
        exposure: Of its own equity.
        fills: How many.
        trades: Round trips, flat to flat.
    """

    name: str
    total_return: float | None
    annual_return: float | None
    volatility: float | None
    sharpe: float | None
    max_drawdown: Fall
    profit: Decimal
    equity: Decimal
    capital: Decimal
    costs: CostsOfBook
    exposure: BookExposure
    fills: int
    trades: Trades


@attrs.frozen(kw_only=True)
class Shorts:
    """What was taken for granted of positions held short: that everything can be borrowed, always, at one rate.

    Attributes:
        borrow_rate: Annual fraction of the value held short.
        sessions: How many closed with any.
        borrow: What was paid, in currency.
    """

    borrow_rate: float
    sessions: int
    borrow: Decimal


@attrs.frozen(kw_only=True)
class Net(Performance):
    """What the strategies earned after costs, how, and what it proves.

    Attributes:
        deflated_sharpe: The Sharpe ratio judged as the best of the workspace's trials.
        rolling_sharpe: In windows of a year.
        relative: Beside the chosen benchmark, or buy-and-hold.
        profit: Equity less the capital granted, in currency.
        equity: At the last close, in currency.
        turnover: Per year; 1 is the whole account bought and sold.
        exposure: Of the account.
        fills: How many.
        trades: Round trips, flat to flat.
        shorts: What was assumed of them; None when nothing was ever short, and where it was not noted.
        lots: Tax lots; None for runs that were kept before there were any.
        strategies: The parts of the account, one per book.
    """

    deflated_sharpe: Deflated | None
    rolling_sharpe: Rolling | None
    relative: Relative | None
    profit: Decimal
    equity: Decimal
    turnover: float | None
    exposure: Exposure
    fills: int
    trades: Trades
    shorts: Shorts | None
    lots: Lots | None
    strategies: tuple[Strategy, ...]


@attrs.frozen(kw_only=True)
class Cost:
    """An amount in currency, and per year as a fraction of mean equity."""

    amount: Decimal
    per_year: float | None


@attrs.frozen(kw_only=True)
class Costs:
    """What was paid, and what cash earned; `total` is the sum of the first three as they are written."""

    fees: Cost
    slippage: Cost
    borrow: Cost
    total: Cost
    interest: Cost


@attrs.frozen(kw_only=True)
class Part:
    """The figures of one period."""

    period: Period
    net: Net
    gross: Performance
    benchmarks: Benchmarks
    costs: Costs
