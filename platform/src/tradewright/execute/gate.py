"""The one door to a venue: every order meets its quote here, and the checks that a backtest asks.

An order that passes has a size at which its money is there, whatever else is on its way.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from tradewright.engine.plain import interpreted
from tradewright.values.exact import amount, to_float

if TYPE_CHECKING:
    from decimal import Decimal

    from tradewright.engine.known import Verdict
    from tradewright.engine.walk import Walk
    from tradewright.values.snapshot import Quote


BUYING_POWER = "buying-power"
"""The check that cuts an order to the cash there is."""
COLLAR = 0.2
"""With real money nothing is added further from the mark than this fraction of it, whatever checks a file names."""


@attrs.frozen(kw_only=True)
class Wanted:
    """What a decision has planned for one asset of one book.

    Attributes:
        book: Whose.
        asset: Column.
        quantity: Signed units, not 0.
        limit: Worst price, NaN for at the market.
    """

    book: int
    asset: int
    quantity: float
    limit: float


@attrs.frozen(kw_only=True)
class Permit:
    """An order may go.

    Attributes:
        quantity: Signed units, at most what was wanted.
        waits: Whether it rests at its limit, since the quote is beyond it.
        reduces: Whether it brings its position nearer to zero.
        binds: Free cash that it takes if it fills whole, in currency; it may be negative.
        cuts: What checks have cut of it, in units.
    """

    quantity: Decimal
    waits: bool
    reduces: bool
    binds: float
    cuts: tuple[Verdict, ...]


@attrs.frozen(kw_only=True)
class Refusal:
    """An order may not go.

    Attributes:
        reason: `quote` for one that nobody can trade on, `collar` for one too far from the mark, else `checks`.
        cuts: What checks have cut of it, in units, until nothing was left.
        far: For `collar`, how far its price is from the mark, as a fraction of it.
    """

    reason: str
    cuts: tuple[Verdict, ...] = ()
    far: float = 0.0


@attrs.frozen
class Wait:
    """Cash would cut the order, and orders on their way bind some of it: ask again when they are there."""


def release(
    wanted: Wanted,
    quote: Quote,
    walk: Walk,
    bound: float,
    held: Decimal,
    *,
    may_wait: bool = False,
    collar: float = math.inf,
) -> Permit | Refusal | Wait:
    """Let an order meet its first price; one that has not to wait is asked about once, and planned anew next row.

    Args:
        wanted: What was planned.
        quote: First price since then.
        walk: The state, and the checks.
        bound: Free cash of the book that its other orders bind, in currency.
        held: Signed units of the position, exact: what closes all of it leaves nothing behind.
        may_wait: Whether orders on their way will soon tell what they bind.
        collar: Furthest from the mark at which anything is added, as a fraction of it.
    """
    if not quote.is_sound:
        return Refusal(reason="quote")
    fills, costs, one = interpreted("fills"), walk.settings, walk.assets[wanted.asset]
    quantity, waits = _within_position(wanted, walk), is_beyond(wanted, quote, walk)
    base = wanted.limit if waits else to_float(quote.mid)
    price = base if waits else fills.price_with_limit(quantity, base, wanted.limit, one.tick, costs)
    if is_far(wanted, price, walk, collar):
        mark = walk.mark(wanted.asset)
        return Refusal(reason="collar", far=abs(price - mark) / mark)
    before = walk.state.counters.copy()
    size = walk.check(wanted.book, wanted.asset, quantity, base, price, walk.free(wanted.book) - bound)
    cuts = tuple(walk.verdicts())
    if may_wait and any(one.by == BUYING_POWER for one in cuts):
        walk.state.counters[:] = before
        walk.state.positions[wanted.book, wanted.asset].order = wanted.quantity
        return Wait()
    if not size > 0.0:
        return Refusal(reason="checks", cuts=cuts)
    unit = fills.unit_cost(quantity, price, walk.mark(wanted.asset), one.multiplier)
    fee = fills.fee_of(size, size * price * one.multiplier, costs)
    closes = reduces(wanted, walk)
    whole = closes and size == abs(to_float(held))
    return Permit(
        quantity=held.copy_negate() if whole else amount(math.copysign(size, quantity)),
        waits=waits,
        reduces=closes,
        binds=float(size * unit + fee),
        cuts=cuts,
    )


def reduces(wanted: Wanted, walk: Walk) -> bool:
    """Say whether an order brings its position nearer to zero."""
    return bool(wanted.quantity * walk.positions["quantity"][wanted.book, wanted.asset] < 0.0)


def is_far(wanted: Wanted, price: float, walk: Walk, collar: float) -> bool:
    """Say whether an increase would be made far from the last close; who holds is let out, a gap may be real."""
    mark = walk.mark(wanted.asset)
    # Where nothing is known of a price, the checks that are always on refuse.
    return not reduces(wanted, walk) and abs(price - mark) > collar * mark


def is_beyond(wanted: Wanted, quote: Quote, walk: Walk) -> bool:
    """Say whether a sound quote is worse than the limit of an increase."""
    within = interpreted("fills").within_limit(wanted.quantity, to_float(quote.mid), wanted.limit)
    return not reduces(wanted, walk) and not within


def _within_position(wanted: Wanted, walk: Walk) -> float:
    """Return the quantity, never more than brings the position to zero."""
    held = float(walk.positions["quantity"][wanted.book, wanted.asset])
    return -held if reduces(wanted, walk) and abs(wanted.quantity) > abs(held) else wanted.quantity
