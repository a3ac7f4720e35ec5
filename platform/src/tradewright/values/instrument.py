"""What is traded: one symbol and the grid on which its venue accepts prices and quantities."""

from __future__ import annotations

import re
from datetime import date  # noqa: TC003  # cattrs reads the annotations at run time

import attrs

from tradewright.redaction import redact

SYMBOL_LENGTH_MAX = 32
# From the smallest to the largest step of any venue with room on both sides: coins have up to 12 decimals that trade,
# and beyond these bounds a step is a mistake in a unit, which would leave an order or a price rounded to nothing.
LOT_MIN, LOT_MAX = 1e-12, 1e9
TICK_MIN, TICK_MAX = 1e-12, 1e6
_SYMBOL = re.compile(rf"[A-Z0-9^][A-Z0-9._/:^=-]{{0,{SYMBOL_LENGTH_MAX - 1}}}")


def is_symbol(text: str) -> bool:
    """Say whether `text` is a symbol as venues write them: capitals, digits and `. _ / : ^ = -`.

    >>> is_symbol("BRK.B"), is_symbol("spy"), is_symbol("'; DROP TABLE orders;--")
    (True, False, False)
    """
    return _SYMBOL.fullmatch(text) is not None


def _symbol(_: Instrument, __: attrs.Attribute[str], text: str) -> None:
    if not is_symbol(text):
        raise ValueError(f"symbol must be capitals, digits or . _ / : ^ = -, was {text[:40]!r}")


def _lot(_: Instrument, __: attrs.Attribute[float], lot: float) -> None:
    if not LOT_MIN <= lot <= LOT_MAX:
        raise ValueError(f"lot must be {LOT_MIN:g} to {LOT_MAX:g} units, was {lot!r}")


def _tick(_: Instrument, __: attrs.Attribute[float], tick: float) -> None:
    if tick != 0.0 and not TICK_MIN <= tick <= TICK_MAX:
        raise ValueError(f"tick must be 0 or {TICK_MIN:g} to {TICK_MAX:g} in currency, was {tick!r}")


@attrs.frozen(kw_only=True)
class Instrument:
    """One tradable symbol.

    Attributes:
        symbol: Name at the venue, upper case.
        lot: Smallest quantity step in units, 1e-12 to 1e9; orders are whole multiples of it when units are whole.
        tick: Smallest price step in `currency`, 1e-12 to 1e6, or 0 for none.
        multiplier: Notional of one unit is price x multiplier.
        currency: ISO code of prices.
        note: What a reader of a report must know, such as "index level, not tradable".
        delisted_on: First session on which it is no longer traded, None while it is.
        delisted_cash: What each unit is exchanged for at the open of that session, in `currency`, >= 0.

    >>> Instrument(symbol="SPY").lot
    1.0
    """

    symbol: str = attrs.field(validator=_symbol)
    lot: float = attrs.field(default=1.0, converter=float, validator=_lot)
    tick: float = attrs.field(default=0.0, converter=float, validator=_tick)
    multiplier: float = attrs.field(default=1.0, converter=float, validator=attrs.validators.gt(0.0))
    currency: str = "USD"
    note: str = attrs.field(default="", converter=redact)
    # Out of the text, and of what is made from it, where there is no such day: `data.fingerprint` adds the two.
    delisted_on: date | None = attrs.field(default=None)
    delisted_cash: float = attrs.field(default=0.0, converter=float, validator=attrs.validators.ge(0.0))
