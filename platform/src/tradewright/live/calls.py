"""An executor's calls with their deadlines: what the agent wants done of a venue, and what it is told of it.

Each call is made once.  Whatever an executor does, short of stopping the loop, ends as events: it may raise anything,
return anything, hang, and swallow its own cancellation.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from tradewright.errors import PluginError
from tradewright.execute.budget import RESERVE_MIN, Budget
from tradewright.host.awaiting import Raised, outcome
from tradewright.host.fence import fence
from tradewright.live.answers import Call, of_call, of_look, of_order, whole
from tradewright.values.venue import Capabilities

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from uuid import UUID

    from tradewright.execute.news import Report
    from tradewright.host.components import Executor
    from tradewright.live.events import Event
    from tradewright.values.order import Order
    from tradewright.values.snapshot import Snapshot

T = TypeVar("T")

_ABANDONED: set[asyncio.Task[Any]] = set()
"""Calls that have not ended when they were told to; kept, so that they end where they are, and nobody hears of it."""


class Calls:
    """One executor, called with deadlines.

    Args:
        executor: The plugin's.
        venue: What plugins.toml calls the venue.
        deadline: Seconds that each call may take; None for as long as the venue's calls may be on their way.

    Raises:
        PluginError: It does not say what can be asked of it.
    """

    def __init__(self, executor: Executor, venue: str, deadline: float | None = None) -> None:
        self.executor, self.venue = executor, venue
        self.deadline = capabilities_of(executor).latency_seconds_max if deadline is None else deadline

    async def submit(self, order: Order) -> list[Event]:
        """Send an order, and return what is heard of it."""
        return await self._order(Call.SUBMIT, order.id, lambda: self.executor.submit(order))

    async def cancel(self, order_id: UUID) -> list[Event]:
        """Cancel an order, and return what is heard of it."""
        return await self._order(Call.CANCEL, order_id, lambda: self.executor.cancel(order_id))

    async def query(self, order_id: UUID) -> list[Event]:
        """Ask where an order stands."""
        return await self._order(Call.QUERY, order_id, lambda: self.executor.query(order_id))

    async def look(self, since: datetime, now: datetime) -> list[Event]:
        """Ask how the account stands: executions and activities from `since` on, aware UTC as is `now`."""

        async def look() -> Snapshot:
            return whole(await self.executor.snapshot(since), self.venue, now)

        return of_look(await asked(look, self.deadline))

    async def close(self) -> None:
        """Let the executor let go of its connections, where it has any; what it raises is of no use any more."""
        if callable(close := getattr(self.executor, "close", None)):
            await asked(close, self.deadline)

    async def _order(self, call: Call, order_id: UUID, ask: Callable[[], Awaitable[object]]) -> list[Event]:
        async def answer() -> Report:
            return of_order(call, order_id, await ask())

        return of_call(call, order_id, await asked(answer, self.deadline))


async def asked(call: Callable[[], Awaitable[T]], deadline: float) -> T | Raised:
    """Return what a call returns, or `Raised`; after `deadline` seconds it is cancelled and not waited for.

    Raises:
        KeyboardInterrupt: Somebody has pressed Ctrl-C.
        CancelledError: Whoever waits for it was cancelled.
    """
    # A task of its own, whose end need not be waited for: a call may go on although it was cancelled.
    task = asyncio.create_task(outcome(call))
    _ABANDONED.add(task)
    task.add_done_callback(_ABANDONED.discard)
    try:
        await asyncio.wait({task}, timeout=deadline)
    finally:
        task.cancel()
    return task.result() if task.done() else Raised(TimeoutError(f"no answer within {deadline:g} s"))


def capabilities_of(executor: Executor) -> Capabilities:
    """Return what can be asked of an executor's venue.

    Raises:
        PluginError: It does not say so.
    """
    key = f"{type(executor).__name__}.capabilities"
    with fence(key, executor):
        found: Any = executor.capabilities
    if not isinstance(found, Capabilities):
        raise PluginError(f"is {type(found).__name__}; Capabilities wanted", key=key)
    return found


def budget_of(capabilities: Capabilities) -> Budget:
    """Return a full bucket that never lets more than `calls` through within any `per_seconds`.

    Half of them may come at once, and the other half comes back meanwhile; where there are few, the bucket holds the
    reserve and one more.

    >>> from tradewright.values.venue import Capabilities
    >>> known = Capabilities(paper=True, order_types=["market"], fractional=False, shorting=False,
    ...                      client_ids="native", stops_rest="none", calls=200, per_seconds=50.0)
    >>> budget = budget_of(known)
    >>> budget.size, budget.per_second
    (100.0, 2.0)
    """
    calls = capabilities.calls
    if calls == float("inf"):
        return Budget()
    size = max(calls / 2.0, RESERVE_MIN + 1.0)
    return Budget(size=size, per_second=(calls - size) / capabilities.per_seconds)
