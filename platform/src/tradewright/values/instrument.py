"""What is traded: one symbol and the grid on which its venue accepts prices and quantities."""

from __future__ import annotations

import re
from datetime import date  # noqa: TC003  # cattrs reads the annotations at run time

import attrs

SYMBOL_LENGTH_MAX = 32
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


@attrs.frozen(kw_only=True)
class Instrument:
    """One tradable symbol.

    Attributes:
        symbol: Name at the venue, upper case.
        lot: Smallest quantity step in units, > 0; orders are whole multiples of it when units are whole.
        tick: Smallest price step in `currency`, 0 for none.
        multiplier: Notional of one unit is price x multiplier.
        currency: ISO code of prices.
        note: What a reader of a report must know, such as "index level, not tradable".
        delisted_on: First session on which it is no longer traded, None while it is.
        delisted_cash: What each unit is exchanged for at the open of that session, in `currency`, >= 0.

    >>> Instrument(symbol="SPY").lot
    1.0
    """

    symbol: str = attrs.field(validator=_symbol)
    lot: float = attrs.field(default=1.0, converter=float, validator=attrs.validators.gt(0.0))
    tick: float = attrs.field(default=0.0, converter=float, validator=attrs.validators.ge(0.0))
    multiplier: float = attrs.field(default=1.0, converter=float, validator=attrs.validators.gt(0.0))
    currency: str = "USD"
    note: str = ""
    # Out of the text, and of what is made from it, where there is no such day: `data.fingerprint` adds the two.
    delisted_on: date | None = attrs.field(default=None, repr=False)
    delisted_cash: float = attrs.field(default=0.0, converter=float, validator=attrs.validators.ge(0.0), repr=False)
