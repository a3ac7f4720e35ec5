"""The tables [data.NAME] and [instruments.SYMBOL]: where prices come from, and what is known of what they are of."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # cattrs reads the annotations at run time
from datetime import date
from typing import Any, Literal

import attrs

from tradewright.config.fields import late, lot_size, option, positive, tick_size
from tradewright.config.ranges import OptionError, Range
from tradewright.config.strict import CONVERTER
from tradewright.config.texts import a_word, some_symbols, word
from tradewright.config.trading_tables import MONEY_MAX
from tradewright.config.wording import show


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

    source: str = option(doc='a plugin\'s source, or "files" for your own CSV and Parquet', validator=word)
    symbols: tuple[str, ...] = option(
        doc="what is asked of it; also the order of every table of assets", validator=some_symbols
    )
    bar: str = option(
        "1d",
        doc='length of a bar: seconds, minutes, hours or days, such as "5m"',
        validator=a_word(r"[1-9][0-9]{0,4}[smhd]", "seconds, minutes, hours or days", '"30s", "5m", "1h" or "1d"'),
    )
    calendar: str = option("XNYS", doc="exchange whose sessions the bars belong to", validator=word)
    adjustment: Literal["none", "splits", "all"] = option("none", doc="what is folded into the prices")
    gaps: Literal["mark", "refuse"] = option("mark", doc='missing sessions: "mark" them and go on, or "refuse" them')
    bad_bars: Literal["refuse", "mark"] = late(
        option("refuse", doc='bars that cannot be true: "refuse" them, or "mark" them as not traded')
    )
    cache: bool = option(False, doc="true reads what `tradewright data fetch` kept, and asks no source")  # noqa: FBT003  # a default
    # Ten minutes: a vendor that allows 200 questions a minute brings 500 symbols of four pages each in that time.
    deadline: float = late(positive(600.0, doc="longest wait for one answer of the source", unit="seconds"))
    options: Mapping[str, Any] = attrs.field(factory=dict, metadata={"rest": True})


def _day(value: Any, _: object) -> date:
    """Take TOML's date, or the text that `Settings.as_table` made of one."""
    try:
        if type(value) in {date, str}:
            return date.fromisoformat(str(value))
    except ValueError:
        pass
    raise OptionError(f"must be a date, was {show(value)}", "write a date such as 2024-01-31, without quotes")


CONVERTER.register_structure_hook(date, _day)


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
