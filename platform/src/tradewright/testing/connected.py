"""How an executor is put in talk with its venue: what an author says so that the contract can do it."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from tradewright.testing.contract import ComponentContract
from tradewright.testing.planned_venue import PlannedVenue
from tradewright.testing.talk import Talk, shown
from tradewright.testing.wording import broken
from tradewright.values.venue import Capabilities

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

T = TypeVar("T")
FEE = Decimal("1.234567890123456789")
"""With more digits than a float holds."""


class ConnectedExecutor(ComponentContract):
    """What an author says of an executor so that it can be asked.

    Attributes:
        symbols: Two that the double trades.
        currency: Of the account.
        units: A quantity with as many digits as the venue takes; whole ones are sent where it takes no others.
        price: A price with as many digits as the venue takes.
        fills_have_fees: Whether an execution comes with its fee; False where fees are activities of a later day.
        streams_activities: Whether the stream tells them; False where only a snapshot does.
        streams_busts: Whether the stream tells what the venue takes back.
        seconds_max: How long an answer may take.
    """

    symbols: ClassVar[tuple[str, str]] = ("SPY", "QQQ")
    currency: ClassVar[str] = "USD"
    units: ClassVar[Decimal] = Decimal("10.123456789012345678")
    price: ClassVar[Decimal] = Decimal("98.76543210987654321")
    fills_have_fees: ClassVar[bool] = True
    streams_activities: ClassVar[bool] = True
    streams_busts: ClassVar[bool] = True
    seconds_max: ClassVar[float] = 5.0

    def double(self, venue: PlannedVenue, /) -> AbstractAsyncContextManager[Mapping[str, Any]]:
        """Return a context in which a double of the venue serves, and which yields the options that lead to it.

        Args:
            venue: What it stands on.
        """
        fix = "write it in the contract class, as docs/how-to/your-own-executor.md shows"
        wanted = f"double(venue), a server that speaks as your venue does and asks a {type(venue).__name__}"
        raise broken(expected=wanted, found="none", fix=fix)

    def answer(self) -> bytes:
        """Return what is said of an order that has filled, and of the account."""

        async def trade(talk: Talk) -> bytes:
            talk.venue.price()
            order = talk.order(Decimal(10))
            said = [shown(await talk.submit(order)), shown(await talk.query(order))]
            seen = await talk.snapshot()
            return repr((said, sorted(seen.cash.items()), sorted(seen.positions.items()), seen.fills)).encode()

        return self._play(trade)

    # ---- for the tests --------------------------------------------------------------------------------------

    def _play(self, scene: Callable[[Talk], Awaitable[T]]) -> T:
        """Return what comes of a scene between an executor and a double, both of them fresh."""

        async def main() -> T:
            venue = PlannedVenue(self.symbols, self.currency)
            async with self.double(venue) as options:
                executor = self.configured(**options)
                try:
                    return await scene(Talk(executor, venue, self.symbols, self.seconds_max))
                finally:
                    if callable(close := getattr(executor, "close", None)):
                        await close()

        return asyncio.run(main())

    def _able(self) -> Capabilities:
        """Return what the executor says that its venue can do."""
        found = self.component().capabilities
        if isinstance(found, Capabilities):
            return found
        fix = "give it a tradewright.Capabilities, as an attribute or a property"
        raise broken(expected="capabilities that say what the venue can do", found=f"{found!r}"[:100], fix=fix)

    @property
    def _fee(self) -> Decimal:
        """Fee of an execution."""
        return FEE if self.fills_have_fees else Decimal(0)

    @property
    def _quantity(self) -> Decimal:
        """Signed units that the venue takes, with all their digits."""
        return self.units if self._able().fractional else self.units.to_integral_value()
