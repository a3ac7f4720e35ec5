"""The kernel's own components, registered through the same hooks as anyone's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradewright.components import DataSourceSpec, OptimizerSpec, TargetRuleSpec
from tradewright.data.files import Files, FilesOptions
from tradewright.hookspecs import hookimpl
from tradewright.optimize.simple import EqualWeight, InverseVolatility, ScoreProportional
from tradewright.risk import daily_loss, drawdown_halt, exposure, position_limit, risk_per_trade

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tradewright.components import RiskSpec


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
    """Register the mission's limits."""
    for name, module, options, summary in (
        ("drawdown-halt", drawdown_halt, drawdown_halt.DrawdownHalt, "sell everything at a drawdown, latched"),
        ("daily-loss", daily_loss, daily_loss.DailyLoss, "cut positions at a day's loss"),
        ("risk-per-trade", risk_per_trade, risk_per_trade.RiskPerTrade, "limit the loss down to the stop"),
        ("position-limit", position_limit, position_limit.PositionLimit, "limit one position"),
        ("exposure", exposure, exposure.Exposure, "limit gross and net exposure"),
    ):
        yield TargetRuleSpec(name=name, factory=module.make, config=options, summary=summary)
