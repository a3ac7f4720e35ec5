"""Orders on their way: what a decision has planned is released at its quote, and stops guard what is held."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from tradewright.execute import gate
from tradewright.execute.budget import Use
from tradewright.execute.soundness import QUOTE_MAX_AGE
from tradewright.execute.working import Intent
from tradewright.live import checkpoint, entries, guards
from tradewright.live.events import Cancel, Commit, Submit
from tradewright.live.listener import KEPT_DAYS, Listener, Row
from tradewright.values.exact import amount
from tradewright.values.order import Purpose, Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tradewright.engine.known import Verdict
    from tradewright.execute.gate import Wanted
    from tradewright.execute.state import OrderState
    from tradewright.ledger.entry import Draft
    from tradewright.live.checkpoint import Kept
    from tradewright.live.events import Action
    from tradewright.live.watch import Watch

_LAPSED = frozenset({Status.CANCELLED, Status.EXPIRED, Status.DEAD})


class Sender(Listener):
    """An account whose planned orders are sent.

    Args:
        watch: What is not certain, and holds back.
        decided_at: Close of the last row that is known, aware UTC.
        collar: Furthest from the mark at which anything is added, as a fraction of it.
    """

    def __init__(self, watch: Watch, decided_at: datetime, collar: float) -> None:
        super().__init__(watch)
        self._decided_at, self._collar = decided_at, collar

    @property
    def decided_at(self) -> datetime:
        """Close of the last row that was decided on, aware UTC."""
        return self._decided_at

    def _release(self, now: datetime) -> list[Action]:
        """Send what has a quote: reductions first, and increases once those of the book are settled."""
        if not self.watch.is_compared:
            return []
        drafts: list[Draft] = []
        submits: list[Action] = []
        for planned in self._row.planned:
            due = [wanted for wanted in planned if self._place(wanted)[1] in self._row.quotes]
            for wave in (True, False):
                for wanted in [one for one in due if gate.reduces(one, self.walk) is wave and one in planned]:
                    if not wave and self._awaits_reduction(wanted, planned):
                        break
                    if wave and self._is_guarded(wanted, submits):
                        continue  # The stop holds the same units: it has to be gone before they are sold.
                    if self._place(wanted) not in self._row.stopped and not self._send(wanted, now, drafts, submits):
                        break  # The next ones would take the cash that it waits for.
                    planned.remove(wanted)
        return [*([Commit(tuple(drafts))] if drafts else []), *submits]

    def _awaits_reduction(self, wanted: Wanted, planned: list[Wanted]) -> bool:
        """Say whether a reduction of the book is still to be sent, or heard of."""
        waits = any(gate.reduces(one, self.walk) and self._place(one)[1] in self._row.quotes for one in planned)
        return waits or self.working.is_reducing(self._place(wanted)[0])

    def _is_guarded(self, wanted: Wanted, submits: list[Action]) -> bool:
        """Say whether a stop stands for the position of an exit; if so, cancel it."""
        guard = self.working.guard(self._place(wanted))
        if guard is None or self._place(wanted) in self._row.stopped:
            return False
        submits.append(Cancel(guard.order.id))
        return True

    def _send(self, wanted: Wanted, now: datetime, drafts: list[Draft], submits: list[Action]) -> bool:
        """Let one order pass the gate, and say whether it is done with; what is refused tells the next decision."""
        strategy, symbol = self._place(wanted)
        quote, closes = self._row.quotes[symbol], gate.reduces(wanted, self.walk)
        use = Use.REDUCE if closes else Use.RISK
        if now - quote.available_at > QUOTE_MAX_AGE or not self.watch.budget.allows(use, now):
            return False  # Before any check is asked: what is asked counts.
        if self._is_held_back(wanted, closes=closes):
            return True  # What it would wait for may take long: it is planned anew at the next row.
        held = self.account.holdings.quantity(strategy, symbol)
        bound = self.working.bound(strategy) + self.watch.bound(strategy) + self.account.to_come(strategy)
        may_wait = self.working.is_on_its_way(strategy)
        permit = gate.release(wanted, quote, self.walk, bound, held, may_wait=may_wait, collar=self._collar)
        if isinstance(permit, gate.Wait):
            return False
        if isinstance(permit, gate.Refusal):
            self._refuse(wanted, permit.reason, permit.cuts, permit.far)
            return True
        self.watch.spend(use, now)
        order = self.working.intend(
            (strategy, symbol),
            permit.quantity,
            Purpose.TARGET,
            self._decided_at,
            now,
            limit=None if np.isnan(wanted.limit) else amount(wanted.limit),
            intent=Intent(waits=permit.waits, reduces=permit.reduces, binds=permit.binds),
        )
        self.watch.sent(order.id, now)
        drafts.append(entries.intent(order, now, permit.cuts, self.working.intent(order.id)))
        submits.append(Submit(order))
        return True

    def _is_held_back(self, wanted: Wanted, *, closes: bool) -> bool:
        """Say whether an order may not go in this row, whatever its size; the next decision is told."""
        strategy, symbol = self._place(wanted)
        if self.walk.settings.at_close and gate.is_beyond(wanted, self._row.quotes[symbol], self.walk):
            return True  # There is no later price in this bar: it expires.
        reason = self.watch.holds(symbol, reduces=closes, strategy=strategy)
        if reason:
            self._refuse(wanted, reason)
        return bool(reason)

    def _refuse(self, wanted: Wanted, reason: str, cuts: Sequence[Verdict] = (), far: float = 0.0) -> None:
        strategy, symbol = self._place(wanted)
        by = ", ".join(one.by for one in cuts)
        refusal: dict[str, object] = {"strategy": strategy, "symbol": symbol, "reason": reason, "by": by}
        more = {"cuts": [entries.cut(one) for one in cuts], "far": far}
        self._row.refused.append(refusal | {name: value for name, value in more.items() if value})

    def _go_on(self, ended: OrderState, now: datetime) -> list[Action]:
        """Send what waited for an order's end; one that guarded is placed again, unless it fired or was refused."""
        released = self._release(now)
        if ended.order.purpose is not Purpose.STOP:
            return [*released, *self._guard_again(ended, now)]
        return [*released, *self._keep_guards(now, restore=True)] if ended.status in _LAPSED else released

    def _guard_again(self, ended: OrderState, now: datetime) -> list[Action]:
        """Have the stop again that an exit has had cancelled, when the exit itself was refused."""
        if ended.status is not Status.REJECTED or not self.working.intent(ended.order.id).reduces:
            return []
        rest = self.working.guard((ended.order.strategy, ended.order.symbol))
        # What stands guards the rest alone: once it is gone a stop for all of it is placed.
        return [Cancel(rest.order.id)] if rest is not None else self._keep_guards(now, restore=True)

    def _void_planned(self) -> None:
        """Drop what another order has held back for so long that the bar is over: its quote is of the past."""
        for planned in self._row.planned:
            for wanted in planned:
                if self._place(wanted)[1] in self._row.quotes:
                    self._refuse(wanted, "late")
            planned.clear()

    def _keep_guards(self, now: datetime, *, restore: bool = False) -> list[Action]:
        """Have the venue hold the stops that the state has; or only those that are gone."""
        if not self.watch.is_compared or not self.watch.budget.allows(Use.REDUCE, now):
            return []  # The comparison, or the next tick, places what is missing.
        on_its_way = self.watch.on_its_way() if restore else {}
        actions = guards.keep(
            *(self.walk, self.account, self.working, self._decided_at, now),
            on_its_way=on_its_way,
            restore=restore,
            blocked=self.watch.blocked,
        )
        for action in actions:
            if isinstance(action, Submit):
                self.watch.sent(action.order.id, now)
                self.watch.spend(Use.REDUCE, now)
        return actions

    def _resume(self, now: datetime) -> list[Action]:
        """Send what has waited since the restart, and have the stops as they should be."""
        if self._row.is_settled and not self._row.is_decided:
            return []  # The decision does both.
        return [*self._release(now), *self._keep_guards(now)]

    def _place(self, wanted: Wanted) -> tuple[str, str]:
        return self.account.place(wanted.book, wanted.asset)

    # ---- from session to session ---------------------------------------------------------------------------

    def _checkpoint(self, now: datetime) -> Draft:
        """Return what the next start has to know; it stands before what follows from the decision."""
        self.know(self._booked, now - timedelta(days=KEPT_DAYS))
        return checkpoint.write(self.walk, self.account, self.watch, self._decided_at, self._strikes, now)

    def resume(self, kept: Kept, now: datetime) -> list[Action]:
        """Go on from a checkpoint, and return what follows from its decision.

        Args:
            kept: What it holds; the walk, the account and the orders are as they were.
            now: When it was written, aware UTC.
        """
        self.know(self._booked, now - timedelta(days=KEPT_DAYS))
        self._decided_at, self._strikes = kept.decided_at, dict(kept.strikes)
        self.watch.restore(kept.watch, now)
        self.watch.budget = kept.breaker.restore(self.watch.budget)
        self._row = Row([], closed_at=kept.decided_at, is_settled=True, is_decided=True)
        return self.watch.admit(self._keep_guards(now), now)
