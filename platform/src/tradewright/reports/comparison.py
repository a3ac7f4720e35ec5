"""What a play came to over all its days, so that it can stand beside one that a halt did not end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradewright.metrics.drawdowns import max_drawdown
from tradewright.metrics.performance import returns, total_return
from tradewright.reports import events
from tradewright.reports.accounts import curve_of, session_closes
from tradewright.reports.tree.comparison import Outcome

if TYPE_CHECKING:
    from tradewright.sentence.record import Record


def outcome(ran: Record) -> Outcome:
    """Return what the account came to by the end of the prices."""
    nav = np.append(1.0, curve_of(ran, ran.bars.n_bars).nav)
    changes = returns(nav)
    worst = int(changes.argmin())
    return Outcome(
        total_return=total_return(nav),
        max_drawdown=max_drawdown(nav).depth,
        worst_day=float(changes[worst]),
        worst_on=events.session_of(ran, int(session_closes(ran, ran.bars.n_bars)[worst])),
        largest_weight=float(ran.trace.state.positions.largest.max()),
    )
