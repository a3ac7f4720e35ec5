"""Nothing is added while the market as a whole moves too much; docs/reference/rules/circuit-breaker.md."""

from __future__ import annotations

from typing import Literal, NamedTuple

import attrs

from tradewright.config.fields import count, fraction, one_of, option
from tradewright.config.ranges import Range
from tradewright.risk.contract import REDUCING, RUNNING, BookView, Feature, Halt, TargetRule
from tradewright.risk.market import SPIKE_USUAL, market_move, volatility_spike


@attrs.frozen(kw_only=True)
class CircuitBreaker:
    """Options of `circuit-breaker`."""

    move: float = fraction(default=0.07, doc="absolute move of the market that fires")
    bars: int = count(default=1, unit="bars", doc="over how many bars the move is measured")
    spike: float = option(
        default=3.0,
        validator=Range(above=1.0),
        unit="ratio",
        doc="recent volatility over usual volatility that fires",
    )
    until: Literal["session", "latched"] = one_of(
        "session",
        "latched",
        default="session",
        doc="whether it ends by itself at the next session, or only by a person",
    )


class Parameters(NamedTuple):
    """The options as numbers."""

    move: float
    spike: float


def break_circuit(book: BookView, p: Parameters, move: float, spike: float) -> Halt:  # noqa: ARG001  # every book rule sees the book
    """Return REDUCING when the market's move or its volatility has reached the limit.

    >>> book = BookView(1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0)
    >>> break_circuit(book, Parameters(0.07, 3.0), -0.07, 1.0)
    Halt(level=1, keep=1.0, observed=0.07, limit=0.07)
    """
    calm = abs(move) < p.move
    if calm and spike < p.spike:
        return Halt(RUNNING, 1.0, abs(move), p.move)
    if calm:
        return Halt(REDUCING, 1.0, spike, p.spike)
    return Halt(REDUCING, 1.0, abs(move), p.move)


def make(config: CircuitBreaker) -> TargetRule:
    """Return the rule for these options."""
    return TargetRule(
        phase="book",
        function=break_circuit,
        parameters=Parameters(config.move, config.spike),
        features=(
            Feature("market-move", config.bars, market_move),
            Feature("volatility-spike", SPIKE_USUAL, volatility_spike),
        ),
        latched=config.until == "latched",
    )
