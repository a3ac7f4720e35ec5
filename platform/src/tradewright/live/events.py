"""What an agent is told, and what it wants done: plain values, so that a whole day is a list of them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import attrs

from tradewright.execute.budget import Contact
from tradewright.execute.news import Report
from tradewright.values.exact import check_text
from tradewright.values.order import Activity, Fill

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from uuid import UUID

    from tradewright.engine.known import News, Opening, Plan, Prepared
    from tradewright.ledger.entry import Draft
    from tradewright.values.arrays import FloatArray
    from tradewright.values.bars import Bars
    from tradewright.values.order import Order
    from tradewright.values.snapshot import Quote, Snapshot

# ---- what comes in ---------------------------------------------------------------------------------------


@attrs.frozen
class BarOpened:
    """A bar begins; nothing of its prices is known.

    Attributes:
        opening: What is known of it.
    """

    opening: Opening


@attrs.frozen
class Quoted:
    """First prices since the last decision.

    Attributes:
        quotes: By symbol; what has none is not named.
    """

    quotes: Mapping[str, Quote]


@attrs.frozen
class RowArrived:
    """A bar is complete.

    Attributes:
        row: Its prices, one row.
        dropped: Why a price of it is not there any more, by symbol; the agent finds it itself, and a replay tells it.
    """

    row: Bars
    dropped: Mapping[str, str] = attrs.field(factory=dict)


class Opinion(NamedTuple):
    """What a signal says of one row, `(n_assets,)` of its strategy each."""

    score: FloatArray
    """Direction and strength in [-1, 1]."""
    confidence: FloatArray
    """How sure, in [0, 1]."""


@attrs.frozen
class Lost:
    """What a row has lost, for a reason that may not come again: a deadline, an error, a bound that was broken.

    Attributes:
        votes: Why a signal that was asked had no vote, by name of strategy and signal.
        answers: Why the answer of an optimizer that is asked with the row was replaced, by name of the strategy.
    """

    votes: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    answers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class RowPrepared:
    """What prices say of the row that has arrived, and of those before it.

    Attributes:
        known: For the walk.
        dropped: Rows that were let go of since the last time; bars count from so many later.
        opinions: What each signal says of this row, by name of strategy and signal; none where nothing is decided.
        combined: Their weighted sum, `(n_assets,)` of the strategy in [-1, 1], by its name; likewise.
        missing: Why a signal had no vote, by name of strategy and signal.
        lost: What was lost while it was prepared; a replay is given it, and does not ask.
    """

    known: Prepared
    dropped: int = 0
    opinions: Mapping[str, Mapping[str, Opinion]] = attrs.field(factory=dict)
    combined: Mapping[str, FloatArray] = attrs.field(factory=dict)
    missing: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    lost: Lost = attrs.field(factory=Lost)


@attrs.frozen
class Answered:
    """An optimizer that was asked in turn has said what its book wants.

    Attributes:
        book: Number of the strategy.
        target: Weights of every asset, `(n_assets,)`.
        strikes: How many of its answers have been replaced so far.
        replaced: Why they are not the optimizer's own; empty where they are.
    """

    book: int
    target: FloatArray
    strikes: int = 0
    replaced: str = ""


@attrs.frozen
class Tick:
    """Time has passed: what is due may be asked, sent or given up."""


@attrs.frozen
class SnapshotTaken:
    """The venue has said how the account stands.

    Attributes:
        seen: What it says; None where it said nothing in time, which is no snapshot.
    """

    seen: Snapshot | None


@attrs.frozen
class Imposed:
    """What the account's differences from the venue's word impose; the agent tells it itself, and a replay it.

    Attributes:
        blocked: Why a symbol takes no new order, by symbol.
        freeze: Why there may be no new risk at all; empty for no reason.
        stops_increases: Whether nothing may be increased, since cash differs; None for as before.
        cash: By how much, the venue's less the ledger's.
        compared: Whether it is the first comparison since a restart, which orders have waited for.
    """

    blocked: Mapping[str, str]
    freeze: str = ""
    stops_increases: bool | None = None
    cash: Decimal = Decimal(0)
    compared: bool = False


@attrs.frozen
class Restarted:
    """The agent has been started again: no order leaves before the account is compared with the venue's word."""


@attrs.frozen(kw_only=True)
class Lifted:
    """A person ends what nothing else ends.

    Attributes:
        by: Who.
        reason: Why.
        what: `freeze`, or the name of the rule whose latched halt is to end.

    Raises:
        ValueError: Nobody is named, or no reason.
    """

    by: str = attrs.field(validator=check_text)
    reason: str = attrs.field(validator=check_text)
    what: str = attrs.field(validator=check_text)


@attrs.frozen(kw_only=True)
class Adopted:
    """A person takes over what the venue holds and nobody here has booked; it belongs to no strategy.

    Attributes:
        by: Who.
        reason: Why.
        symbol: Whose units, and it is traded again; None for cash.
        difference: Units or cash, the venue's less the ledger's; None for what the last snapshot has shown.

    Raises:
        ValueError: Nobody is named, or no reason.
    """

    by: str = attrs.field(validator=check_text)
    reason: str = attrs.field(validator=check_text)
    symbol: str | None = None
    difference: Decimal | None = None


@attrs.frozen
class Clocked:
    """The venue's clock was measured against ours; the agent measures it itself, and a replay tells it.

    Attributes:
        offset: The venue's time less ours.
        where: What said so.
    """

    offset: timedelta
    where: str


@attrs.frozen
class Doubted:
    """Something was told that cannot be, and was not believed; the agent says so itself, and a replay tells it.

    Attributes:
        name: Of the matter.
        why: What was told, and what it was not believed for.
    """

    name: str
    why: str


Event = (
    BarOpened
    | Quoted
    | RowArrived
    | RowPrepared
    | Answered
    | Report
    | Activity
    | Fill
    | Tick
    | SnapshotTaken
    | Imposed
    | Restarted
    | Lifted
    | Adopted
    | Contact
    | Clocked
    | Doubted
)


# ---- what goes out ---------------------------------------------------------------------------------------


@attrs.frozen
class Commit:
    """Write these, durably, before anything that follows; when that fails, nothing follows."""

    drafts: tuple[Draft, ...]


@attrs.frozen
class Prepare:
    """Ask the signals: the answer is `RowPrepared`."""

    row: Bars


@attrs.frozen
class Ask:
    """Ask the optimizer of a book: the answer is `Answered`.

    Attributes:
        book: Number of the strategy.
        held: Weights that it holds, `(n_assets,)`.
    """

    book: int
    held: FloatArray


@attrs.frozen
class Submit:
    """Send an order, once."""

    order: Order


@attrs.frozen
class Cancel:
    """Cancel an order by its client id."""

    id: UUID


@attrs.frozen
class Query:
    """Ask the venue where an order stands."""

    id: UUID


@attrs.frozen
class Look:
    """Ask the venue how the account stands: the answer is `SnapshotTaken`.

    Attributes:
        since: From when on executions and activities are to be told, aware UTC.
    """

    since: datetime


@attrs.frozen
class Fund:
    """Let a strategy have more of the account's money.

    Attributes:
        strategy: Whose it will be.
        cash: In currency.
        name: Of the grant; whoever is told twice does it once.
    """

    strategy: str
    cash: float
    name: str


@attrs.frozen
class Decided:
    """A bar is over and its decision committed.

    Attributes:
        news: What the bar has written down, in order.
        plan: Orders and stops for the next bar.
        equity: Of each book and the account at the close, in currency, `(n_rows,)`.
    """

    news: tuple[News, ...]
    plan: Plan
    equity: FloatArray


Action = Commit | Prepare | Ask | Submit | Cancel | Query | Look | Fund | Decided
