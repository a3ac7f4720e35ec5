"""The tables of plugins.toml as frozen values, each with its defaults and bounds."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping  # noqa: TC003  # cattrs reads the annotations at run time
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import attrs

from tradewright.config.fields import (
    OptionError,
    Range,
    fraction,
    late,
    lot_size,
    non_negative,
    number,
    option,
    positive,
    tick_size,
)
from tradewright.config.strict import CONVERTER
from tradewright.config.wording import show
from tradewright.values.instrument import is_symbol

if TYPE_CHECKING:
    from collections.abc import Callable

MONEY_MAX = 1e9  # More than a fund of this kind will hold: a slip of the keyboard.
_WEIGHT_TOLERANCE = 1e-9
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PIN = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)(?:==([0-9][0-9A-Za-z.+!-]*))?")


# ---- what a text may be ----------------------------------------------------------------------------------


def a_word(pattern: str, wanted: str, example: str) -> Callable[[Any, attrs.Attribute[str], str], None]:
    """Return a validator for texts that match `pattern` as a whole."""
    compiled = re.compile(pattern)

    def check(_: object, __: attrs.Attribute[str], text: str) -> None:
        if compiled.fullmatch(text) is None:
            raise OptionError(f"must be {wanted}, was {show(text)}", f"write {wanted}, such as {example}")

    return check


_word = a_word(r"[A-Za-z0-9][A-Za-z0-9_./-]*", "one word", '"sample-data"')


def names(_: object, attribute: attrs.Attribute[Any], table: Mapping[str, Any]) -> None:
    """Names end up in paths, on screens and in the ledger."""
    if attribute.default is attrs.NOTHING and not table:
        raise OptionError("must not be empty", f"add {attribute.metadata['example']}")
    for name in table:
        if _NAME.fullmatch(name) is None:
            raise OptionError(f"a name must be letters, digits, - or _, was {show(name)}", "rename it")


def folders(instance: Any, attribute: attrs.Attribute[Any], paths: tuple[str, ...]) -> None:
    """An allow-list says exactly what it allows: absolute folders, and never the whole disk."""
    for path in paths:
        if not path.startswith("/") or ".." in path.split("/"):
            fix = 'write the folder from the root on, such as "/srv/prices"'
            raise OptionError(f"must be an absolute folder, was {show(path)}", fix)
        if not path.strip("/"):
            raise OptionError(f"must not allow everything, was {show(path)}", "name the folder of the prices")
    _distinct(instance, attribute, paths)


def _distinct(_: object, __: attrs.Attribute[Any], items: tuple[Any, ...]) -> None:
    for item, times in Counter(getattr(item, "name", item) for item in items).items():
        if times > 1:
            raise OptionError(f"{item} listed twice", f"remove one {item}")


def _some_symbols(instance: Any, attribute: attrs.Attribute[Any], symbols: tuple[str, ...]) -> None:
    if not symbols:
        raise OptionError("must not be empty", 'name at least one symbol, such as ["SPY"]')
    for symbol in symbols:
        if not is_symbol(symbol):
            capitals = symbol.strip().upper()
            fix = "write capitals, digits or . _ / : ^ = -, at most 32 characters"
            meant = f"; did you mean {capitals}?" if is_symbol(capitals) else ""
            raise OptionError(f"invalid symbol {show(symbol)}{meant}", fix)
    _distinct(instance, attribute, symbols)


# ---- the tables ------------------------------------------------------------------------------------------


@attrs.frozen
class Pin:
    """One plugin allowed to run.

    Attributes:
        name: Its entry point.
        version: The only version allowed, or None for any.

    >>> Pin.parse("ma-crossover==0.1.0"), str(Pin("ma-crossover"))
    (Pin(name='ma-crossover', version='0.1.0'), 'ma-crossover')
    """

    name: str
    version: str | None = None

    @classmethod
    def parse(cls, text: str) -> Pin:
        """Read `name` or `name==version`.

        Raises:
            OptionError: It is neither.
        """
        match = _PIN.fullmatch(text)
        if match is None:
            name = re.split(r"[<>=~!]", text)[0].strip().lower()
            meant = re.sub(r"[^a-z0-9]+", "-", name).strip("-") or "ma-crossover"
            fix = f'write "{meant}" or "{meant}==0.1.0"'
            raise OptionError(f"must be NAME or NAME==VERSION, was {show(text)}", fix)
        return cls(match[1], match[2])

    def __str__(self) -> str:
        """Write it as plugins.toml does."""
        return self.name if self.version is None else f"{self.name}=={self.version}"


def _pin(value: Any, _: object) -> Pin:
    if not isinstance(value, str):
        raise OptionError(f"must be text in quotes, was {show(value)}", 'write "NAME" or "NAME==VERSION"')
    return Pin.parse(value)


CONVERTER.register_structure_hook(Pin, _pin)


def _day(value: Any, _: object) -> date:
    """Take TOML's date, or the text that `Settings.as_table` made of one."""
    try:
        if type(value) in {date, str}:
            return date.fromisoformat(str(value))
    except ValueError:
        pass
    raise OptionError(f"must be a date, was {show(value)}", "write a date such as 2024-01-31, without quotes")


CONVERTER.register_structure_hook(date, _day)


@attrs.frozen(kw_only=True)
class PluginSettings:
    """The allow-list: nothing else is imported.

    Attributes:
        enabled: Plugins in the order of their hooks; an empty list leaves the built-in components.
    """

    enabled: tuple[Pin, ...] = attrs.field(
        validator=_distinct,
        metadata={
            "doc": 'plugins that may be imported, "NAME" or "NAME==VERSION"',
            "missing": "no plugins enabled",
            "example": '[plugins] with enabled = ["sample-data"]',
        },
    )


def _within_total(instance: CapitalSettings, _: attrs.Attribute[float], start: float) -> None:
    if not start <= instance.total:
        raise OptionError(
            f"must be at most capital.total = {instance.total:.10g}, was {start:.10g}",
            "lower start or raise total",
        )


@attrs.frozen(kw_only=True)
class CapitalSettings:
    """How much money trades, and when more does; in the account's currency.

    Attributes:
        total: All that may ever be deployed.
        start: Deployed at first.
        step: Added at each step.
        step_return: Growth of NAV per unit since the last step that earns the next.
    """

    total: float = positive(200_000.0, doc="all that may ever be deployed", unit="currency", at_most=MONEY_MAX)
    start: float = option(
        50_000.0,
        doc="deployed at first",
        unit="currency",
        validator=[Range(above=0.0, at_most=MONEY_MAX), _within_total],
    )
    step: float = positive(50_000.0, doc="added at each step", unit="currency", at_most=MONEY_MAX)
    step_return: float = fraction(0.15, doc="growth of NAV since the last step that earns the next")


@attrs.frozen(kw_only=True)
class FeedSettings:
    """One named set of prices; keys not listed here belong to the source.

    Attributes:
        source: Name of a data source.
        symbols: Columns, in this order.
        bar: Length of a bar: `1d`, `1h`, `5m`.
        calendar: Exchange calendar of the sessions.
        adjustment: What must be folded into the prices: `none`, `splits`, `all`.
        gaps: `mark` missing sessions and go on, or `refuse` them.
        bad_bars: `refuse` prices with a bar that cannot be true, or `mark` it as not traded.
        cache: Whether prices are read from what `tradewright data fetch` kept, and the source is not asked.
        deadline: Longest wait for one answer of the source, in seconds.
        options: The source's own keys, not yet validated.
    """

    source: str = option(doc='a plugin\'s source, or "files" for your own CSV and Parquet', validator=_word)
    symbols: tuple[str, ...] = option(
        doc="what is asked of it; also the order of every table of assets", validator=_some_symbols
    )
    bar: str = option(
        "1d",
        doc='length of a bar: seconds, minutes, hours or days, such as "5m"',
        validator=a_word(r"[1-9][0-9]{0,4}[smhd]", "seconds, minutes, hours or days", '"30s", "5m", "1h" or "1d"'),
    )
    calendar: str = option("XNYS", doc="exchange whose sessions the bars belong to", validator=_word)
    adjustment: Literal["none", "splits", "all"] = option("none", doc="what is folded into the prices")
    gaps: Literal["mark", "refuse"] = option("mark", doc='missing sessions: "mark" them and go on, or "refuse" them')
    bad_bars: Literal["refuse", "mark"] = late(
        option("refuse", doc='bars that cannot be true: "refuse" them, or "mark" them as not traded')
    )
    cache: bool = option(False, doc="true reads what `tradewright data fetch` kept, and asks no source")  # noqa: FBT003  # a default
    # Ten minutes: a vendor that allows 200 questions a minute brings 500 symbols of four pages each in that time.
    deadline: float = late(positive(600.0, doc="longest wait for one answer of the source", unit="seconds"))
    options: Mapping[str, Any] = attrs.field(factory=dict, metadata={"rest": True})


def _both(instance: InstrumentSettings, _: attrs.Attribute[Any], cash: float | None) -> None:
    day = instance.delisted_on
    if (day is None) != (cash is None):
        missing = "delisted_on" if day is None else "delisted_cash"
        raise OptionError(
            f"delisted_on and delisted_cash come together, {missing} is missing",
            "write both: the first day without trading, and the cash that each unit became (0 for nothing)",
        )


@attrs.frozen(kw_only=True)
class InstrumentSettings:
    """What is said of one symbol, whatever its source says.

    Attributes:
        lot: Smallest quantity step, in units.
        tick: Smallest price step, in currency; 0 for none.
        delisted_on: First session on which it is no longer traded.
        delisted_cash: What each unit is exchanged for at the open of that session, in currency.
    """

    lot: float | None = lot_size(None, doc="smallest quantity step, instead of the source's")
    tick: float | None = tick_size(None, doc="smallest price step, instead of the source's; 0 for none")
    delisted_on: date | None = option(None, doc="first session on which it is no longer traded")
    delisted_cash: float | None = option(
        None,
        doc="what each unit is exchanged for at the open of that session, without a fee",
        unit="currency",
        validator=[Range(at_least=0.0, at_most=MONEY_MAX), _both],
    )


@attrs.frozen(kw_only=True)
class SignalSettings:
    """One signal of a strategy; keys not listed here belong to the signal.

    Attributes:
        weight: Its share of the combined forecast; the weights of a strategy sum to 1.
        options: The signal's own keys, not yet validated.
    """

    weight: float = fraction(doc="its share of the combined forecast", at_least=0.0)
    options: Mapping[str, Any] = attrs.field(factory=dict, metadata={"rest": True})


@attrs.frozen(kw_only=True)
class OptimizerSettings:
    """A strategy's optimizer; keys not listed here belong to it.  `optimizer = "NAME"` is short for a name alone.

    Attributes:
        name: Name of an optimizer.
        options: The optimizer's own keys, not yet validated.
    """

    name: str = option(doc="an optimizer", validator=_word)
    options: Mapping[str, Any] = attrs.field(factory=dict, metadata={"rest": True})


_EQUAL_WEIGHT = OptimizerSettings(name="equal-weight")
_optimizer_of_table = CONVERTER.get_structure_hook(OptimizerSettings)


def _optimizer(value: Any, target: Any) -> OptimizerSettings:
    if isinstance(value, str):
        return OptimizerSettings(name=value)
    if not isinstance(value, dict):
        raise OptionError(
            f"must be text in quotes or a table, was {show(value)}", 'write "NAME" or { name = "NAME" }'
        )
    found: OptimizerSettings = _optimizer_of_table(value, target)
    return found


CONVERTER.register_structure_hook(OptimizerSettings, _optimizer)


def _weights(_: object, __: attrs.Attribute[Any], signals: Mapping[str, SignalSettings]) -> None:
    total = math.fsum(signal.weight for signal in signals.values())
    if not abs(total - 1.0) <= _WEIGHT_TOLERANCE:
        names = " + ".join(signals)
        raise OptionError(
            f"weights must sum to 1, was {names} = {total:.10g}", "change the weights so that they sum to 1"
        )


def _some_feeds(instance: Any, attribute: attrs.Attribute[Any], names: tuple[str, ...]) -> None:
    if not names:
        raise OptionError("must not be empty", "name at least one table of [data]")
    _distinct(instance, attribute, names)


@attrs.frozen(kw_only=True)
class StrategySettings:
    """One book: what it looks at, how it decides, how much it may hold.

    Attributes:
        data: Names of feeds.
        signals: By name of the signal.
        capital_share: Fraction of the deployed capital granted to this book.
        optimizer: The optimizer, with its options.
        gross: Cap on the sum of absolute weights that the optimizer aims at.
        rebalance: When targets are computed: on every `bar`, every `session`, or the first of each `week` or `month`.
        no_trade_band: Change of a weight below which nothing is traded.
        isolation: Whether its signals and optimizer run in processes of their own; `auto` leaves it to each of them.
        deadline: Longest wait for one answer of a signal or the optimizer, in seconds.
    """

    data: tuple[str, ...] = option(doc="feeds that it trades", validator=_some_feeds)
    signals: Mapping[str, SignalSettings] = attrs.field(
        validator=[names, _weights],
        metadata={"example": "[strategies.NAME.signals.ma-crossover] with weight = 1.0"},
    )
    capital_share: float = fraction(1.0, doc="share of the deployed capital; all of them sum to at most 1")
    optimizer: OptimizerSettings = option(  # an attrs field, whose default is frozen
        _EQUAL_WEIGHT, doc="an optimizer, or a table with its `name` and its options"
    )
    gross: float = fraction(1.0, doc="the absolute weights that it aims at sum to at most this", at_most=10.0)
    rebalance: Literal["bar", "session", "week", "month"] = option(
        "session", doc='each "bar", each "session", or the first of each "week" or "month"'
    )
    no_trade_band: float = fraction(0.02, doc="a smaller change of a weight is not traded", at_least=0.0)
    isolation: Literal["auto", "none", "process"] = option(
        "auto", doc='"process": its plugins run in processes of their own; "auto": those that are native'
    )
    deadline: float = positive(60.0, doc="longest wait for one answer of a signal or the optimizer", unit="seconds")


@attrs.frozen(kw_only=True)
class ExecutionSettings:
    """How orders are sized, sent and, in simulation, filled.

    Attributes:
        fill: Price of a simulated fill: the next bar's open or close.
        units: Whole lots, or fractions of a unit.
        order: Whether increases go at the market or with a limit; reductions always go at the market.
        limit_offset: How far beyond the mark the limit lies, a fraction; negative waits for a better price.
        participation: Largest share of a bar's volume that one order may take.
        executor: Name of a venue, or of an executor.
    """

    fill: Literal["next-open", "next-close"] = option("next-open", doc="price of a simulated fill")
    units: Literal["whole", "fractional"] = option("whole", doc='"whole" lots or "fractional"')
    order: Literal["market", "limit"] = option("market", doc="how increases are sent")
    limit_offset: float = number(
        0.0,
        at_least=-0.2,
        at_most=0.2,
        unit="fraction",
        doc="limit beyond the mark, negative waits for a better price",
    )
    participation: float = fraction(0.05, doc="largest share of a bar's volume that one order may take")
    executor: str = option("simulated", doc="a venue, or an executor with its defaults", validator=_word)


@attrs.frozen(kw_only=True)
class VenueSettings:
    """An account at a broker or exchange; keys not listed here belong to the executor.

    Attributes:
        executor: Name of an executor.
        options: The executor's own keys, not yet validated.
    """

    executor: str = option(doc="an executor, which talks to the venue", validator=_word)
    options: Mapping[str, Any] = attrs.field(factory=dict, metadata={"rest": True})


@attrs.frozen(kw_only=True)
class CostSettings:
    """What trading costs.

    Attributes:
        commission_per_share: Currency per unit traded.
        commission_rate: Fraction of the value traded.
        commission_min: Currency per order, the least.
        spread_bps: Half is paid on each fill, basis points of the price.
        slippage_bps: Paid on each fill, basis points of the price.
        borrow_rate: Annual fraction of the value held short.
        cash_rate: Annual fraction earned on idle cash; it may be negative.
        risk_free: Annual fraction that could be earned without risk, subtracted in Sharpe; None for `cash_rate`.
    """

    commission_per_share: float = non_negative(
        0.005, doc="commission by quantity", unit="currency per unit", at_most=1_000.0
    )
    commission_rate: float = fraction(0.0, doc="commission by value", at_least=0.0)
    commission_min: float = non_negative(1.0, doc="least commission of an order", unit="currency", at_most=1e6)
    spread_bps: float = non_negative(
        2.0, doc="distance of bid and ask; each fill pays half", unit="basis points", at_most=10_000.0
    )
    slippage_bps: float = non_negative(3.0, doc="paid on each fill", unit="basis points", at_most=10_000.0)
    borrow_rate: float = fraction(0.01, doc="paid on what is held short", unit="fraction per year", at_least=0.0)
    cash_rate: float = fraction(0.0, doc="earned on idle cash", unit="fraction per year", at_least=-1.0)
    risk_free: float | None = late(
        fraction(
            None,
            doc="subtracted in Sharpe and the like, earned by the cash beside them; else it is `cash_rate`",
            unit="fraction per year",
            at_least=-1.0,
        )
    )

    @property
    def rate_without_risk(self) -> float:
        """Annual fraction that returns are measured against: `risk_free`, or `cash_rate` where that is not told."""
        return self.cash_rate if self.risk_free is None else self.risk_free
