"""Everything a plugin's author needs, and nothing heavy: numba, pandas and textual stay unimported.

The value types hold arrays and are loaded on first use, because importing numpy costs half of the time that
`tradewright --help` may take.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from tradewright.components import (
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
from tradewright.errors import ConfigError, DataError, PluginError, TradewrightError
from tradewright.hookspecs import hookimpl

if TYPE_CHECKING:
    from tradewright.values.allocation import Allocation, Problem
    from tradewright.values.bars import Bars
    from tradewright.values.forecast import Forecast
    from tradewright.values.history import History
    from tradewright.values.instrument import Instrument
    from tradewright.values.request import DataRequest

__version__ = "0.1.0"
__all__ = [
    "Allocation",
    "Bars",
    "ConfigError",
    "DataError",
    "DataRequest",
    "DataSource",
    "DataSourceSpec",
    "ExecutorSpec",
    "Forecast",
    "History",
    "Instrument",
    "Optimizer",
    "OptimizerSpec",
    "OrderCheckSpec",
    "PluginError",
    "Problem",
    "Signal",
    "SignalSpec",
    "TargetRuleSpec",
    "TradewrightError",
    "hookimpl",
]

_VALUES = {
    "Allocation": "allocation",
    "Bars": "bars",
    "DataRequest": "request",
    "Forecast": "forecast",
    "History": "history",
    "Instrument": "instrument",
    "Problem": "allocation",
}


def __getattr__(name: str) -> object:
    """Load a value type when it is first named (PEP 562)."""
    if name not in _VALUES:
        raise AttributeError(f"module 'tradewright' has no attribute {name!r}")
    value = getattr(import_module(f"tradewright.values.{_VALUES[name]}"), name)
    globals()[name] = value
    return value
