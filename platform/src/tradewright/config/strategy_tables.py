"""The tables [strategies.NAME] and those in it: what each looks at, how it decides, how much it may hold."""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003  # cattrs reads the annotations at run time
from typing import Any, Literal

import attrs

from tradewright.config.fields import fraction, option, positive
from tradewright.config.ranges import OptionError
from tradewright.config.strict import CONVERTER
from tradewright.config.texts import distinct, names, word
from tradewright.config.wording import show

_WEIGHT_TOLERANCE = 1e-9


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

    name: str = option(doc="an optimizer", validator=word)
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
    distinct(instance, attribute, names)


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
