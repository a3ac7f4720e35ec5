"""Everything plugins.toml says, in one frozen value, and the way from there to a component's own options."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, time
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from tradewright.config.data_tables import FeedSettings, InstrumentSettings
from tradewright.config.document import Document
from tradewright.config.fields import count, late, option
from tradewright.config.pins import Pin, PluginSettings
from tradewright.config.ranges import OptionError
from tradewright.config.strategy_tables import OptimizerSettings, StrategySettings
from tradewright.config.strict import structure_table
from tradewright.config.texts import a_word, folders, names
from tradewright.config.trading_tables import CapitalSettings, CostSettings, ExecutionSettings, VenueSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tradewright.errors import ConfigError, TradewrightError

FORMAT = 1
T = TypeVar("T")
E = TypeVar("E", bound="TradewrightError")


def _shares(_: object, __: attrs.Attribute[Any], strategies: Mapping[str, StrategySettings]) -> None:
    total = math.fsum(strategy.capital_share for strategy in strategies.values())
    if not total <= 1.0 + 1e-9:
        listed = " + ".join(strategies)
        message = f"capital shares must sum to at most 1, was {listed} = {total:.10g}"
        raise OptionError(message, "lower capital_share in one of them")


@attrs.frozen(kw_only=True)
class Sections:
    """The file from top to bottom, `format` aside.

    Attributes:
        currency: ISO code of every amount.
        seed: Start of every random draw.
        data_roots: Folders outside the workspace that paths of feeds may lead into, absolute.
        benchmark: Symbol of a feed that the strategies are measured beside, None for buy-and-hold.
        plugins: The allow-list.
        capital: How much money trades, and when more does.
        data: Feeds by name.
        instruments: What is said of symbols beyond their source, by symbol.
        strategies: Books by name.
        risk: Option tables of target rules by name, not yet validated.
        checks: Option tables of order checks by name, not yet validated.
        execution: How orders are sized, sent and filled.
        venues: Accounts at brokers and exchanges by name.
        costs: What trading costs.
    """

    currency: str = option(
        "USD", doc="ISO code of every amount", validator=a_word(r"[A-Z]{3}", "three capitals", '"USD"')
    )
    seed: int = count(7, doc="start of every random draw", at_least=0)
    data_roots: tuple[str, ...] = late(
        option((), doc="folders outside the workspace that paths of feeds may lead into", validator=folders)
    )
    benchmark: str | None = late(
        option(None, doc="symbol of a feed that the strategies are measured beside, traded or not")
    )
    plugins: PluginSettings = attrs.field(
        metadata={"missing": "no plugins enabled", "example": '[plugins] with enabled = ["sample-data"]'}
    )
    capital: CapitalSettings = attrs.field(factory=CapitalSettings)
    data: Mapping[str, FeedSettings] = attrs.field(
        validator=names,
        metadata={
            "missing": "no data: required table is missing",
            "example": "[data.NAME] with source and symbols",
        },
    )
    instruments: Mapping[str, InstrumentSettings] = attrs.field(factory=dict, metadata={"late": True})
    strategies: Mapping[str, StrategySettings] = attrs.field(
        validator=[names, _shares],
        metadata={
            "missing": "no strategy: required table is missing",
            "example": "[strategies.NAME] with data, and [strategies.NAME.signals.SIGNAL] with weight",
        },
    )
    risk: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict, validator=names)
    checks: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict, validator=names)
    execution: ExecutionSettings = attrs.field(factory=ExecutionSettings)
    venues: Mapping[str, VenueSettings] = attrs.field(factory=dict, validator=names, metadata={"late": True})
    costs: CostSettings = attrs.field(factory=CostSettings)


@attrs.frozen(kw_only=True)
class Settings(Sections):
    """One reading of plugins.toml, every kernel key validated; `attrs.evolve` makes a changed copy.

    Two settings are equal when they say the same, wherever their files lie.

    Attributes:
        document: The file as read, which errors point into.
    """

    document: Document = attrs.field(factory=Document, eq=False, repr=False)

    @property
    def path(self) -> Path:
        """The file, as the operator named it."""
        return self.document.path

    @property
    def workspace(self) -> Path:
        """The folder of the file, absolute."""
        return self.path.resolve().parent

    @property
    def benchmark_feed(self) -> str | None:
        """The first feed that has the benchmark, None without one."""
        return next((name for name, feed in self.data.items() if self.benchmark in feed.symbols), None)

    def as_table(self) -> dict[str, Any]:
        """Return every effective value in the file's shape: dicts, lists and scalars in a fixed order.

        Places are left out, so the same settings read elsewhere give the same table.  A key that came later and has
        its default is left out, too: a run of before is the same trial as one of today.
        """
        return {"format": FORMAT, **_plain(self)}

    def error(self, key: str, message: str, fix: str) -> ConfigError:
        """Return an error about the dotted `key` that names its place in the file."""
        return self.document.error(tuple(key.split(".")), message, fix)

    def place(self, error: E, key: str) -> E:
        """Return `error` with the place of the dotted `key`, which whoever raised it could not know."""
        found = self.error(key, error.message, error.fix or "")
        error.file, error.line, error.key = found.file, found.line, found.key
        return error


def structure(settings: Settings, key: str, cls: type[T]) -> T:
    """Return the options at `key` as the config class of the component that they belong to.

    A component that the file does not name gets its defaults.

    Args:
        settings: Where the options stand.
        key: `data.FEED`, `strategies.NAME.signals.SIGNAL`, `strategies.NAME.optimizer`, `risk.RULE`,
            `checks.CHECK`, `venues.VENUE` or `execution.executor`.
        cls: An attrs class; its attribute names are the keys.

    Raises:
        ConfigError: A key is unknown, missing or holds a wrong value.
        PluginError: `cls` cannot be used as a config class.
    """
    path = tuple(key.split("."))
    own: tuple[str, ...] = ()
    match path:
        case ("data", feed):
            table, own = settings.data[feed].options, _keys(FeedSettings)
        case ("strategies", strategy, "signals", signal):
            table, own = settings.strategies[strategy].signals[signal].options, ("weight",)
        case ("risk", rule):
            table = settings.risk.get(rule, {})
        case ("checks", check):
            table = settings.checks.get(check, {})
        case ("strategies", strategy, "optimizer"):
            table, own = settings.strategies[strategy].optimizer.options, ("name",)
        case ("venues", venue):
            table, own = settings.venues[venue].options, ("executor",)
        case ("execution", "executor"):
            table = {}
        case _:
            raise KeyError(key)
    return structure_table(settings.document, path, table, cls, also=own)


def _keys(cls: type[attrs.AttrsInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(cls) if field.name != "options")


def _told(value: Any, field: attrs.Attribute[Any]) -> bool:
    if field.metadata.get("late") and getattr(value, field.name) == _default(field):
        return False
    return field.name not in {"document", "options"}


def _default(field: attrs.Attribute[Any]) -> Any:
    default: Any = field.default
    return default.factory() if isinstance(default, attrs.Factory) else default  # type: ignore[arg-type]  # Factory is a class at run time


def _plain(value: Any) -> Any:
    if isinstance(value, Pin):
        return str(value)
    if isinstance(value, OptimizerSettings) and not value.options:
        return value.name
    if attrs.has(type(value)):
        named = {
            field.name: _plain(getattr(value, field.name))
            for field in attrs.fields(type(value))
            if _told(value, field)
        }
        return named | _plain(getattr(value, "options", {}))
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, (date, time)) else value
