"""Which sessions the bars of an instrument lie in, and which of them have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.data.findings import FINDINGS_MAX, FIX_SESSION, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.sessions import Sessions
    from tradewright.values.bars import Bars


def outside(bars: Bars, asset: int, sessions: Sessions) -> Iterator[Finding]:
    """Find bars that lie in no session, or reach beyond theirs."""
    place = np.minimum(np.searchsorted(sessions.date, bars.session), len(sessions) - 1)
    inside = (
        (sessions.date[place] == bars.session)
        & (bars.opened_at >= sessions.opened_at[place])
        & (bars.closed_at <= sessions.closed_at[place])
    )
    for row in np.flatnonzero(bars.traded[:, asset] & ~inside)[:FINDINGS_MAX].tolist():
        message = f"not a session time of {sessions.calendar}: {bars.session[row]}"
        symbol = bars.symbols[asset]
        yield Finding(kind="session", message=message, fix=FIX_SESSION, symbol=symbol, column="date", row=row)


def after_exit(bars: Bars, asset: int) -> Iterator[Finding]:
    """Find the first bar on or after the day of the delisting."""
    one, first = bars.instruments[asset], int(bars.exit_bar[asset])
    for row in np.flatnonzero(bars.traded[first:, asset])[:1] + first:
        message = f"a bar of {bars.session[row]}, though delisted on {one.delisted_on}"
        fix = f"correct delisted_on of [instruments.{_quoted(one.symbol)}], or remove the bars from that day on"
        yield Finding(kind="delisted", message=message, fix=fix, symbol=one.symbol, column="date", row=int(row))


def gaps(bars: Bars, asset: int, sessions: Sessions) -> Iterator[Finding]:
    """Find sessions without a bar between the first and the last one; a finding's row is the bar after the hole."""
    rows = np.flatnonzero(bars.traded[:, asset])
    if rows.size == 0:
        return
    held = bars.session[rows]
    expected = sessions.date[(sessions.date >= held[0]) & (sessions.date <= held[-1])]
    missing = np.flatnonzero(~np.isin(expected, held))
    holes = np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1) if missing.size else []
    for hole in holes[:FINDINGS_MAX]:
        first, last = expected[hole[0]], expected[hole[-1]]
        after = int(rows[np.searchsorted(held, last)])
        message = f"gap {_span(str(first), str(last))}: no bar in {len(hole)} of {sessions.calendar}'s sessions"
        fix = 'fill the hole from another source, or accept it with gaps = "mark"'
        symbol = bars.symbols[asset]
        yield Finding(kind="gap", message=message, fix=fix, symbol=symbol, column="date", row=after)


def ending(bars: Bars, asset: int, sessions: Sessions, until: np.datetime64) -> Iterator[Finding]:
    """Find sessions without a bar after the last one, up to an instant; the finding's row is that bar."""
    rows = np.flatnonzero(bars.traded[:, asset])
    if rows.size == 0:
        return
    row, symbol, delisted_on = int(rows[-1]), bars.symbols[asset], bars.instruments[asset].delisted_on
    over = (sessions.closed_at <= until) | (sessions.date <= bars.session[-1])
    if delisted_on is not None:
        over &= sessions.date < np.datetime64(delisted_on)
    after = sessions.date[over & (sessions.date > bars.session[row])]
    if after.size:
        gone = delisted_on is not None and np.datetime64(delisted_on) <= bars.session[-1]
        end = f"before {delisted_on}, when it is delisted" if gone else "before the others end"
        span = _span(str(after[0]), str(after[-1]))
        message = f"gap {span}: its last bar is of {bars.session[row]}, {after.size:,} sessions {end}"
        fix = f"bring the later bars, or tell its end: [instruments.{_quoted(symbol)}] delisted_on, delisted_cash"
        yield Finding(kind="gap", message=message, fix=fix, symbol=symbol, column="date", row=row)


def _quoted(symbol: str) -> str:
    """Write a symbol as a key of TOML.

    >>> _quoted("SPY"), _quoted("BRK.B")
    ('SPY', '"BRK.B"')
    """
    return symbol if symbol.replace("-", "").isalnum() else f'"{symbol}"'


def _span(first: str, last: str) -> str:
    """Write a range of days shortly.

    >>> _span("2026-03-02", "2026-03-06"), _span("2026-03-02", "2026-04-01")
    ('2026-03-02..06', '2026-03-02..2026-04-01')
    """
    if first == last:
        return first
    same_month = first[:8] == last[:8]
    return f"{first}..{last[8:] if same_month else last}"
