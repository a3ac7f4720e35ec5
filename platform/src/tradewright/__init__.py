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
    Executor,
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
    from tradewright.execute.news import News, Report, Word
    from tradewright.risk.contract import AssetView, BookView, Feature, Halt, Proposal, Sides, TargetRule
    from tradewright.values.allocation import Allocation, Problem
    from tradewright.values.bars import Bars
    from tradewright.values.forecast import Forecast
    from tradewright.values.history import History
    from tradewright.values.instrument import Instrument
    from tradewright.values.order import Activity, ActivityKind, Fill, Order, Purpose, Status
    from tradewright.values.request import DataRequest
    from tradewright.values.secret import Secret
    from tradewright.values.snapshot import Snapshot
    from tradewright.values.venue import Capabilities, Forbidden, Gap, Limited, Refused

__version__ = "0.1.0"
__all__ = [
    "Activity",
    "ActivityKind",
    "Allocation",
    "AssetView",
    "Bars",
    "BookView",
    "Capabilities",
    "ConfigError",
    "DataError",
    "DataRequest",
    "DataSource",
    "DataSourceSpec",
    "Executor",
    "ExecutorSpec",
    "Feature",
    "Fill",
    "Forbidden",
    "Forecast",
    "Gap",
    "Halt",
    "History",
    "Instrument",
    "Limited",
    "News",
    "Optimizer",
    "OptimizerSpec",
    "Order",
    "OrderCheckSpec",
    "PluginError",
    "Problem",
    "Proposal",
    "Purpose",
    "Refused",
    "Report",
    "Secret",
    "Sides",
    "Signal",
    "SignalSpec",
    "Snapshot",
    "Status",
    "TargetRule",
    "TargetRuleSpec",
    "TradewrightError",
    "Word",
    "hookimpl",
]

_HOMES = {
    "Activity": "values.order",
    "ActivityKind": "values.order",
    "Allocation": "values.allocation",
    "AssetView": "risk.contract",
    "Bars": "values.bars",
    "BookView": "risk.contract",
    "Capabilities": "values.venue",
    "DataRequest": "values.request",
    "Feature": "risk.contract",
    "Fill": "values.order",
    "Forbidden": "values.venue",
    "Forecast": "values.forecast",
    "Gap": "values.venue",
    "Halt": "risk.contract",
    "History": "values.history",
    "Instrument": "values.instrument",
    "Limited": "values.venue",
    "News": "execute.news",
    "Order": "values.order",
    "Problem": "values.allocation",
    "Proposal": "risk.contract",
    "Secret": "values.secret",
    "Purpose": "values.order",
    "Refused": "values.venue",
    "Report": "execute.news",
    "Sides": "risk.contract",
    "Snapshot": "values.snapshot",
    "Status": "values.order",
    "TargetRule": "risk.contract",
    "Word": "execute.news",
}


def __getattr__(name: str) -> object:
    """Load a type when it is first named (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tradewright' has no attribute {name!r}")
    value = getattr(import_module(f"tradewright.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
