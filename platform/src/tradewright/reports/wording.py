"""The words and numbers of a report on a screen: fractions as percents, money with separators, no value as `-`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from tradewright.reports.tree.curves import Interval

SYMBOLS_SHOWN_MAX = 8


def printable(text: str) -> str:
    r"""Write out whatever would move a terminal's cursor or change its colours.

    >>> print(printable("a\x1b[31mb"))
    a\x1b[31mb
    """
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def percent(value: float | None, digits: int = 1) -> str:
    """Write a fraction.

    >>> percent(0.1234), percent(None), percent(-1e-9)
    ('12.3 %', '-', '0.0 %')
    """
    return "-" if value is None else f"{round(100.0 * value, digits) + 0.0:,.{digits}f} %"


def rate(value: float) -> str:
    """Write a fraction per year to as many digits as somebody gave it.

    >>> rate(0.02), rate(0.0125)
    ('2 %', '1.25 %')
    """
    return f"{100.0 * value:.6g} %"


def ratio(value: float | None) -> str:
    """Write a plain number.

    >>> ratio(0.6479), ratio(None)
    ('0.65', '-')
    """
    return "-" if value is None else f"{round(value, 2) + 0.0:.2f}"


def span(interval: Interval) -> str:
    """Write an interval of plain numbers, to the digit that it can bear: `-0.1 to 0.8`."""
    low, high = (f"{round(end, 1) + 0.0:.1f}" for end in (interval.low, interval.high))
    return f"{low} to {high}"


def money(amount: Decimal) -> str:
    """Write an amount with separators.

    >>> from decimal import Decimal
    >>> money(Decimal("-1234567.50"))
    '-1,234,567.50'
    """
    return f"{amount:,}"


def compared(value: float | None, limit: float | None) -> str:
    """Write what a rule compared; beyond a limit of 1 it is a ratio to what is usual (`risk.contract.Halt`).

    >>> compared(3.0021, 3.0), compared(0.125, 0.12)
    ('3.0 times usual', '12.5 %')
    """
    if value is None or limit is None or limit <= 1.0:
        return percent(value)
    return f"{value:.1f} times usual"


def listed(names: Sequence[str]) -> str:
    """Name the first few.

    >>> listed(["SPX", "COMP"]), listed([f"A{i}" for i in range(30)])
    ('SPX, COMP', 'A0, A1, A2, A3, A4, A5, A6, A7 and 22 more')
    """
    more = len(names) - SYMBOLS_SHOWN_MAX
    return ", ".join(names[:SYMBOLS_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
