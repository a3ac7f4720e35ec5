"""What a component must do, as test classes that its author inherits; needs the extra `tradewright[testing]`.

    from tradewright.testing import SignalContract

    class TestMomentum(SignalContract):
        def component(self):
            return Momentum(lookback=20)

The tests stand in the plugin's own folder, below its pyproject.toml, and the plugin is installed.  A class can be
told more by its attributes and methods; docs/reference/testing.md lists every test and what its failure means.
Importing this is all it takes: no part of it is a pytest plugin that the sessions of other projects would load.
"""

try:
    import pytest  # noqa: F401  # only so that its absence is told in words
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("tradewright.testing needs pytest: pip install 'tradewright[testing]'") from error

from tradewright.execute.faults import FAULTS, Dice
from tradewright.execute.venue import SimulatedVenue
from tradewright.execute.wire import Wire
from tradewright.testing.contract import ComponentContract
from tradewright.testing.data_source import DataSourceContract
from tradewright.testing.executor import ExecutorContract
from tradewright.testing.markets import market
from tradewright.testing.optimizer import OptimizerContract
from tradewright.testing.order_check import OrderCheckContract
from tradewright.testing.planned_venue import Garbled, Lost, PlannedVenue, Told, Unavailable
from tradewright.testing.rules import Edge
from tradewright.testing.signal import SignalContract
from tradewright.testing.target_rule import TargetRuleContract

__all__ = [
    "FAULTS",
    "ComponentContract",
    "DataSourceContract",
    "Dice",
    "Edge",
    "ExecutorContract",
    "Garbled",
    "Lost",
    "OptimizerContract",
    "OrderCheckContract",
    "PlannedVenue",
    "SignalContract",
    "SimulatedVenue",
    "TargetRuleContract",
    "Told",
    "Unavailable",
    "Wire",
    "market",
]
