"""The kernel's own components, registered through the same hooks as anyone's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradewright.data.files import Files, FilesOptions
from tradewright.host.components import DataSourceSpec, OptimizerSpec, OrderCheckSpec, TargetRuleSpec
from tradewright.host.hookspecs import hookimpl
from tradewright.optimize.simple import EqualWeight, InverseVolatility, ScoreProportional
from tradewright.risk import (
    circuit_breaker,
    correlated,
    daily_loss,
    drawdown_halt,
    exposure,
    liquidity_floor,
    position_limit,
    risk_per_trade,
    trading_window,
)
from tradewright.risk.checks import always, order_size, price_collar, restricted_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tradewright.host.components import RiskSpec
    from tradewright.risk.contract import OrderCheck, TargetRule


@hookimpl
def tradewright_data_sources() -> Iterable[DataSourceSpec]:
    """Register the reader of the operator's own files."""
    yield DataSourceSpec(name="files", factory=Files, config=FilesOptions, summary="prices from CSV or Parquet files")


@hookimpl
def tradewright_optimizers() -> Iterable[OptimizerSpec]:
    """Register the optimizers that need no solver."""
    for name, optimizer, summary in (
        ("equal-weight", EqualWeight, "the same weight for every opinion"),
        ("inverse-volatility", InverseVolatility, "weights in proportion to 1 / volatility"),
        ("score-proportional", ScoreProportional, "weights in proportion to the forecast"),
    ):
        yield OptimizerSpec(name=name, factory=lambda config: config, config=optimizer, summary=summary)


@hookimpl
def tradewright_risk_rules() -> Iterable[RiskSpec]:
    """Register the mission's limits, and those that are off unless named."""
    rules: tuple[tuple[str, Callable[[Any], TargetRule], type, str], ...] = (
        ("drawdown-halt", drawdown_halt.make, drawdown_halt.DrawdownHalt, "sell all at a drawdown, latched"),
        ("daily-loss", daily_loss.make, daily_loss.DailyLoss, "cut positions at a day's loss"),
        ("risk-per-trade", risk_per_trade.make, risk_per_trade.RiskPerTrade, "limit the loss down to the stop"),
        ("position-limit", position_limit.make, position_limit.PositionLimit, "limit one position"),
        ("exposure", exposure.make, exposure.Exposure, "limit gross and net exposure"),
        ("volatility-target", correlated.make_volatility_target, correlated.VolatilityTarget, "limit volatility"),
        ("correlation-limit", correlated.make_correlation_limit, correlated.CorrelationLimit, "limit co-movement"),
        ("liquidity-floor", liquidity_floor.make, liquidity_floor.LiquidityFloor, "add only where enough trades"),
        ("circuit-breaker", circuit_breaker.make, circuit_breaker.CircuitBreaker, "add nothing in a wild market"),
        ("trading-window", trading_window.make, trading_window.TradingWindow, "add nothing near open and close"),
    )
    for name, factory, options, summary in rules:
        yield TargetRuleSpec(name=name, factory=factory, config=options, summary=summary)
    checks: tuple[tuple[str, Callable[[Any], OrderCheck], type, str], ...] = (
        ("finite", always.make_finite, always.NoOptions, "a finite size at a finite price"),
        ("session", always.make_session, always.NoOptions, "the asset trades"),
        ("halt", always.make_halt, always.NoOptions, "no increase in any halt"),
        ("buying-power", always.make_buying_power, always.NoOptions, "free cash pays for it"),
        ("price-collar", price_collar.make, price_collar.PriceCollar, "a price near the last one"),
        ("order-value", order_size.make_order_value, order_size.OrderValue, "largest notional"),
        ("order-quantity", order_size.make_order_quantity, order_size.OrderQuantity, "largest quantity"),
        ("volume-share", order_size.make_volume_share, order_size.VolumeShare, "share of the average volume"),
        ("restricted-list", restricted_list.make, restricted_list.RestrictedList, "symbols not to be added to"),
    )
    for name, make, options, summary in checks:
        yield OrderCheckSpec(name=name, factory=make, config=options, summary=summary)
