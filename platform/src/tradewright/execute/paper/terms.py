"""What a paper venue is: all that one has to know to begin it, and to begin it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.errors import LedgerError, SafetyError
from tradewright.values.venue import Capabilities, Dividends, OrderType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tradewright.engine.state import Table
    from tradewright.engine.tape import Settings
    from tradewright.execute.venue import SimulatedVenue

FORMAT = 1
"""Of the journal and of what is said over the socket; another one is refused."""

_SWITCHES = ("at_close", "has_volume", "whole")
_RATES = (
    "participation",
    "half_spread_and_slippage",
    "commission_per_share",
    "commission_rate",
    "commission_min",
    "cash_rate",
    "borrow_rate",
    "sessions_per_year",
)
_LISTED = ("lot", "tick", "multiplier", "exit_cash")


@attrs.frozen
class Terms:
    """What a venue is.

    Attributes:
        name: Of the venue.
        currency: Of every amount.
        strategies: Whose orders come.
        costs: What it reads of a run's settings: switches and rates.
        listings: Lot, tick, multiplier and the cash of an exit, by symbol, in the order of the columns.
    """

    name: str
    currency: str
    strategies: tuple[str, ...]
    costs: Mapping[str, bool | float]
    listings: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(
        cls,
        name: str,
        currency: str,
        settings: Settings,
        assets: Table,
        symbols: Sequence[str],
        strategies: Sequence[str],
    ) -> Terms:
        """Return the terms of `SimulatedVenue(...)`, whose arguments these are."""
        costs: dict[str, bool | float] = {key: bool(getattr(settings, key)) for key in _SWITCHES}
        costs |= {key: float(getattr(settings, key)) for key in _RATES}
        listings = {
            symbol: {key: float(one[key]) for key in _LISTED} for symbol, one in zip(symbols, assets, strict=True)
        }
        return cls(name, currency, tuple(strategies), costs, listings)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbol of each column."""
        return tuple(self.listings)

    @property
    def capabilities(self) -> Capabilities:
        """What can be asked of the venue."""
        return Capabilities(
            paper=True,
            order_types=OrderType,
            fractional=not self.costs["whole"],
            shorting=True,
            client_ids="native",
            stops_rest="gtc",
            dividends=Dividends.AT_ONCE,
        )

    def plain(self) -> dict[str, Any]:
        """Return the terms as the first line of a journal tells them."""
        return {
            "format": FORMAT,
            "venue": self.name,
            "currency": self.currency,
            "strategies": list(self.strategies),
            "costs": dict(self.costs),
            "assets": [{"symbol": symbol, **listing} for symbol, listing in self.listings.items()],
        }

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Terms:
        """Return the terms that `plain` told, as they are read back.

        Raises:
            LedgerError: Another version has written them.
        """
        if body.get("format") != FORMAT:
            fix = "use the version of tradewright that has written it"
            raise LedgerError(f"the paper venue must be of format {FORMAT}, was {body.get('format')!r}", fix=fix)
        costs: dict[str, bool | float] = {key: bool(body["costs"][key]) for key in _SWITCHES}
        costs |= {key: float(body["costs"][key]) for key in _RATES}
        listings = {one["symbol"]: {key: float(one[key]) for key in _LISTED} for one in body["assets"]}
        return cls(body["venue"], body["currency"], tuple(body["strategies"]), costs, listings)

    def refuse_others(self, wanted: Terms, file: Path) -> None:
        """Refuse to go on with a venue that is another one than is wanted.

        Raises:
            SafetyError: It is; the first difference is named.
        """
        here, there = self.plain(), wanted.plain()
        for key, value in here.items():
            if value != there[key]:
                found, asked = _first_difference(value, there[key])
                raise SafetyError(
                    f"a paper venue keeps its terms for good: {key} is {found} there, and {asked} is wanted",
                    file=file,
                    fix="go back to the settings that it began with, or begin another account",
                )

    def open(self) -> SimulatedVenue:
        """Return the venue as it begins: without money, units or orders."""
        from tradewright.engine import state, tape  # noqa: PLC0415  # an agent's side needs no engine
        from tradewright.execute.venue import SimulatedVenue  # noqa: PLC0415  # likewise

        # What is left out below belongs to the agent: a venue never reads it.
        settings = tape.Settings(
            **self.costs,  # type: ignore[arg-type]  # switches and rates stand in one mapping
            in_units=False,
            capital_total=0.0,
            capital_step=0.0,
            capital_step_return=0.0,
            evidence_ok=False,
            resume_after=0,
            latched=np.zeros(0, bool),
            books=state.table((0,), tape.BOOK),
        )
        columns = {key: np.array([one[key] for one in self.listings.values()]) for key in _LISTED}
        assets = state.table((len(self.listings),), tape.LISTING, **columns)
        return SimulatedVenue(self.name, self.currency, settings, assets, self.symbols, self.strategies)


def _first_difference(found: Any, wanted: Any) -> tuple[str, str]:
    """Return what differs, as short as can be."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        names = [key for key in {**found, **wanted} if found.get(key) != wanted.get(key)]
        return tuple(f"{names[0]} {one.get(names[0])}" for one in (found, wanted))  # type: ignore[return-value]
    if isinstance(found, list) and isinstance(wanted, list):
        pairs = [*zip(found, wanted, strict=False)]
        different = [(str(one), str(other)) for one, other in pairs if one != other]
        return different[0] if different else (f"{len(found)} long", f"{len(wanted)}")
    return str(found), str(wanted)
