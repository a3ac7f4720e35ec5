"""plugins.toml -> frozen settings; every error names file, line, key, the value found and the fix.

The operator's side is `read`; a component's own options come from `structure`.  Authors of plugins and rules
describe their options with `fraction`, `positive`, `non_negative`, `number`, `count`, `one_of` and `option`:

>>> import attrs
>>> from tradewright.config import count, fraction
>>> @attrs.frozen(kw_only=True)
... class Options:
...     lookback: int = count(20, doc="window", unit="sessions")
...     limit: float = fraction(0.12, doc="largest loss from the peak")
>>> Options(limit=30)
Traceback (most recent call last):
tradewright.config.ranges.OptionError: must be a fraction 0-1, was 30; did you mean 0.30?
"""

from tradewright.config.data_tables import FeedSettings, InstrumentSettings
from tradewright.config.fields import (
    count,
    describe,
    fraction,
    non_negative,
    number,
    one_of,
    option,
    positive,
)
from tradewright.config.paths import inside_workspace
from tradewright.config.pins import Pin, PluginSettings
from tradewright.config.ranges import OptionError, Range
from tradewright.config.reading import read, restore
from tradewright.config.settings import Settings, structure
from tradewright.config.strategy_tables import OptimizerSettings, SignalSettings, StrategySettings
from tradewright.config.trading_tables import CapitalSettings, CostSettings, ExecutionSettings, VenueSettings
from tradewright.config.wording import closest, did_you_mean, show

__all__ = [
    "CapitalSettings",
    "CostSettings",
    "ExecutionSettings",
    "FeedSettings",
    "InstrumentSettings",
    "OptimizerSettings",
    "OptionError",
    "Pin",
    "PluginSettings",
    "Range",
    "Settings",
    "SignalSettings",
    "StrategySettings",
    "VenueSettings",
    "closest",
    "count",
    "describe",
    "did_you_mean",
    "fraction",
    "inside_workspace",
    "non_negative",
    "number",
    "one_of",
    "option",
    "positive",
    "read",
    "restore",
    "show",
    "structure",
]
