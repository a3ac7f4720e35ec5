"""What a ledger says that stands until a person ends it: read from its entries alone, whatever an agent believes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradewright.execute.budget import Outcome
from tradewright.ledger.entry import Kind
from tradewright.live.entries import ADOPTED, CONTACT, IMPOSED, LIFTED
from tradewright.live.persons import FREEZE
from tradewright.risk.contract import Level
from tradewright.risk.requested_halt import NAME as REQUESTED_HALT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any

    from tradewright.ledger.entry import Entry

_LEVELS = {level.word: int(level) for level in Level}


class Standing:
    """What holds an account back.

    Args:
        latched: Rules whose halts only a person lifts.

    Attributes:
        freeze: Whether nothing may be ordered at all.
        blocked: Symbols that take no order.
        halts: The deepest level that stands, by rule.
        seq: Number of the last entry that was read.
        adopted: Symbols of which a person took over units.
        unasked: Rules whose latched halt ended though no person asked for it.
    """

    def __init__(self, latched: Collection[str]) -> None:
        self.freeze = False
        self.blocked: set[str] = set()
        self.halts: dict[str, int] = {}
        self.seq = 0
        self.adopted: set[str] = set()
        self.unasked: set[str] = set()
        self._latched, self._asked = frozenset(latched), set[str]()

    def read(self, entries: Iterable[Entry]) -> None:
        """Take in what follows."""
        for entry in entries:
            self.seq = entry.seq
            if entry.kind is Kind.REQUEST:
                self._request(entry.body)
            elif entry.kind is Kind.FILL and entry.body["client_id"] is None:
                self.blocked.add(entry.body["symbol"])
            elif entry.kind is Kind.HALT and entry.body["rule"] in self._latched:
                level = _LEVELS[entry.body["level"]]
                self.halts[entry.body["rule"]] = max(level, self.halts.get(entry.body["rule"], 0))
            elif entry.kind is Kind.LIFT and entry.body["rule"] in self._latched - self._asked:
                self.unasked.add(entry.body["rule"])

    def _request(self, body: dict[str, Any]) -> None:
        if body["what"] == IMPOSED:
            self.freeze = self.freeze or bool(body["freeze"])
            self.blocked |= set(body["blocked"])
        elif body["what"] == CONTACT:
            self.freeze = self.freeze or body["outcome"] == Outcome.FORBIDDEN
        elif body["what"] == ADOPTED:
            self.blocked.discard(body["symbol"])
            if body["symbol"] is not None and Decimal(body["difference"]) != 0:
                self.adopted.add(body["symbol"])
        elif body["what"] == LIFTED:
            rule = REQUESTED_HALT if body["lifts"] == FREEZE else body["lifts"]
            self.freeze = self.freeze and body["lifts"] != FREEZE
            self.halts.pop(rule, None)
            self._asked.add(rule)
