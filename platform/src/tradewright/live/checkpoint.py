"""What an agent has to know to go on as if it had never stopped, written at the end of each session.

It is taken with the last decision of a session, before anything follows from that decision: nothing is planned,
awaited or half written then.  Only what the ledger leads to is in it, so that a replay from the first entry writes
the same letters.  What grows without end stands in other entries, and is read from there (`live.resume`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from tradewright.engine import columns
from tradewright.errors import LedgerError
from tradewright.execute.positions import Money  # noqa: TC001  # fields are read by their types
from tradewright.execute.receivables import Receivable  # noqa: TC001  # likewise
from tradewright.execute.working import Orders
from tradewright.ledger.entry import Draft, Kind
from tradewright.live.watch import Watched
from tradewright.values import records

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from tradewright.engine.state import State
    from tradewright.engine.walk import Walk
    from tradewright.execute.budget import Budget
    from tradewright.ledger.entry import Entry
    from tradewright.live.account import Account
    from tradewright.live.watch import Watch

_BROKEN = ("closed_until", "limited", "failures", "open_until", "probes")
_FIX = "start with the version that wrote it, or live the ledger again from its first entry"


@attrs.frozen(kw_only=True)
class Breaker:
    """What a venue's answers have left of a budget: how long it is to be left alone, and for what.

    Attributes:
        closed_until: This and all others: as `execute.budget.Budget` has them.
        limited: How often in a row the venue asked to be left alone.
        failures: Calls that failed in a row.
        open_until: No new risk before.
        probes: How often in a row the breaker has opened.
        tokens: Calls that orders had left at `counted_at`; None where the venue has no limit.
        counted_at: See `tokens`.
    """

    closed_until: datetime | None = None
    limited: int = 0
    failures: int = 0
    open_until: datetime | None = None
    probes: int = 0
    tokens: float | None = None
    counted_at: datetime | None = None

    @classmethod
    def of(cls, budget: Budget) -> Breaker:
        """Return what a budget has of it; calls beside orders are no entries, and are not counted."""
        return cls(
            **{name: getattr(budget, name) for name in _BROKEN},
            tokens=budget.orders.tokens if math.isfinite(budget.orders.size) else None,
            counted_at=budget.orders.at,
        )

    def restore(self, budget: Budget) -> Budget:
        """Return a full budget as it was left."""
        broken = attrs.evolve(budget, **{name: getattr(self, name) for name in _BROKEN})
        if self.tokens is None:
            return broken
        return attrs.evolve(broken, orders=attrs.evolve(broken.orders, tokens=self.tokens, at=self.counted_at))


@attrs.frozen(kw_only=True)
class Kept:
    """A checkpoint, beside the state.

    Attributes:
        decided_at: Close of the row that was decided on, aware UTC.
        money: By (strategy, currency).
        quantities: Signed units by (strategy, symbol).
        owed: Dividends that the venue has not paid yet, oldest first.
        orders: Those whose end is not certain.
        watch: What is not certain, and holds back.
        breaker: What the venue's answers hold back.
        strikes: How many answers of an optimizer that is asked in turn were replaced, by strategy.
    """

    decided_at: datetime
    money: dict[tuple[str, str], Money] = attrs.field(factory=dict)
    quantities: dict[tuple[str, str], Decimal] = attrs.field(factory=dict)
    owed: tuple[Receivable, ...] = ()
    orders: Orders = attrs.field(factory=Orders)
    watch: Watched = attrs.field(factory=Watched)
    breaker: Breaker = attrs.field(factory=Breaker)
    strikes: dict[str, int] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Checkpoint:
    """A checkpoint as it was read.

    Attributes:
        entry: Where it stands.
        bar: The row that was decided on, counted in rows that prices are computed from.
        kept: All but the state.
    """

    entry: Entry
    bar: int
    kept: Kept

    def state(self, like: State) -> State:
        """Return the state; `like` has the shapes that it must have.

        Raises:
            LedgerError: It is of other strategies, symbols or rules, or not what was hashed.
        """
        body = self.entry.body
        state = columns.read(body["state"], like)
        if columns.fingerprint(state, body["layout"]) != body["hash"]:
            raise _refused(self.entry, "altered: its state and the hash of it do not belong together")
        return state


def write(
    walk: Walk, account: Account, watch: Watch, decided_at: datetime, strikes: Mapping[str, int], now: datetime
) -> Draft:
    """Return the checkpoint of an agent that has just decided."""
    kept = Kept(
        decided_at=decided_at,
        money=account.holdings.money,
        quantities=account.holdings.quantities,
        owed=account.holdings.owed,
        orders=watch.working.kept(),
        watch=watch.kept(),
        breaker=Breaker.of(watch.budget),
        strikes=dict(strikes),
    )
    told = {name: one for name, one in records.spell(kept).items() if one}
    state = {"state": columns.tell(walk.state), "hash": columns.fingerprint(walk.state)}
    return Draft(now, Kind.CHECKPOINT, {"layout": columns.LAYOUT, "bar": walk.bar, **state, **told})


def read(entry: Entry) -> Checkpoint:
    """Return what a checkpoint holds.

    Raises:
        LedgerError: Its layout is newer than this version, or it holds what none does.
    """
    layout = entry.body.get("layout")
    if not isinstance(layout, int) or layout not in columns.LAYOUTS:
        wrong = f"its layout is {layout}, and this version reads {columns.LAYOUTS[0]} to {columns.LAYOUT}"
        raise _refused(entry, wrong)
    told = {name: one for name, one in entry.body.items() if name not in {"layout", "bar", "state", "hash"}}
    try:
        return Checkpoint(entry=entry, bar=int(entry.body["bar"]), kept=records.read(Kept, told))
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise _refused(entry, f"it holds what this version cannot read: {error}") from error


def is_foreign(entry: Entry) -> bool:
    """Say whether a checkpoint is of another layout, which cannot be compared letter by letter."""
    return entry.kind is Kind.CHECKPOINT and entry.body.get("layout") != columns.LAYOUT


def _refused(entry: Entry, wrong: str) -> LedgerError:
    return LedgerError(f"a checkpoint must be one that can be begun at; {wrong}", key=f"entry {entry.seq}", fix=_FIX)
