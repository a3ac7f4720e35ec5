"""Everything a plugin's author needs, and nothing heavy: numba, pandas and textual stay unimported.

Types that stand on arrays are loaded on first use, because importing numpy costs half of the time that
`tradewright --help` may take.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from tradewright.errors import ConfigError, DataError, PluginError, TradewrightError
from tradewright.host.components import (
    DataSource,
    DataSourceSpec,
    ExecutorSpec,
    Optimizer,
    OptimizerSpec,
    OrderCheckSpec,
    Signal,
    SignalSpec,
    TargetRuleSpec,
)
from tradewright.host.hookspecs import hookimpl

if TYPE_CHECKING:
    from tradewright.risk.contract import AssetView, BookView, Feature, Halt, Proposal, Sides, TargetRule
    from tradewright.values.allocation import Allocation, Problem
    from tradewright.values.bars import Bars
    from tradewright.values.forecast import Forecast
    from tradewright.values.history import History
    from tradewright.values.instrument import Instrument
    from tradewright.values.request import DataRequest
    from tradewright.values.secret import Secret

__version__ = "0.1.0"
__all__ = [
    "Allocation",
    "AssetView",
    "Bars",
    "BookView",
    "ConfigError",
    "DataError",
    "DataRequest",
    "DataSource",
    "DataSourceSpec",
    "ExecutorSpec",
    "Feature",
    "Forecast",
    "Halt",
    "History",
    "Instrument",
    "Optimizer",
    "OptimizerSpec",
    "OrderCheckSpec",
    "PluginError",
    "Problem",
    "Proposal",
    "Secret",
    "Sides",
    "Signal",
    "SignalSpec",
    "TargetRule",
    "TargetRuleSpec",
    "TradewrightError",
    "hookimpl",
]

_HOMES = {
    "Allocation": "values.allocation",
    "AssetView": "risk.contract",
    "Bars": "values.bars",
    "BookView": "risk.contract",
    "DataRequest": "values.request",
    "Feature": "risk.contract",
    "Forecast": "values.forecast",
    "Halt": "risk.contract",
    "History": "values.history",
    "Instrument": "values.instrument",
    "Problem": "values.allocation",
    "Proposal": "risk.contract",
    "Secret": "values.secret",
    "Sides": "risk.contract",
    "TargetRule": "risk.contract",
}


def __getattr__(name: str) -> object:
    """Load a type when it is first named (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tradewright' has no attribute {name!r}")
    value = getattr(import_module(f"tradewright.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
