"""The story of an order: values alone, in the order in which they came to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from tradewright.ledger.entry import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tradewright.ledger.entry import Entry

BPS = 10_000.0


@attrs.frozen(kw_only=True)
class Opinion:
    """What a signal said of the symbol.

    Attributes:
        signal: Its name.
        weight: As configured, None where the ledger does not tell.
        score: In [-1, 1].
        confidence: In [0, 1].
    """

    signal: str
    weight: float | None
    score: float
    confidence: float


@attrs.frozen(kw_only=True)
class Cut:
    """What a rule made of a target, or a check of an order.

    Attributes:
        by: Name of the rule or check, or of what bound before any rule.
        before: Signed weight, or units; None for what was no number.
        after: Likewise.
        limit: Its configured limit, None for one that has none.
    """

    by: str
    before: float | None
    after: float
    limit: float | None


@attrs.frozen(kw_only=True)
class Story:
    """How an order came to be, or why there is none, and what became of it.

    Attributes:
        strategy: Whose.
        symbol: Of what.
        intent: The order as it was meant, None where none was sent.
        decision: What it was decided in; None for one that no decision holds.
        row: The prices that were decided on, of the symbol; None where it did not trade.
        opinions: What each signal said; none between rebalances.
        missing: Why a signal had no vote, by its name.
        combined: Sum of weight x confidence x score, None between rebalances.
        answer: Weight that the optimizer answered, None between rebalances.
        standing: Weight of an earlier answer that could not act yet, None for none.
        held: Weight held at the decision, None where nothing was to be decided.
        target: Weight that all rules have left, likewise.
        verdicts: What each rule that changed the target made of it, in order.
        planned: Signed units that were planned, None for no order.
        expected: What the order was expected to cost, in basis points of its value; None where it is not told.
        fewer: Why less is ordered than the target stands for: `band`, `lot` or `volume`.
        refusal: Why a planned order was not sent, as the next decision tells it.
        cuts: What checks cut of the order, in units.
        quote: Bid and ask that it was released at; None for a stop.
        words: What the venue has said, fills among it, in order.
    """

    strategy: str
    symbol: str
    intent: Entry | None
    decision: Entry | None
    row: dict[str, str] | None
    opinions: tuple[Opinion, ...]
    missing: Mapping[str, str]
    combined: float | None
    answer: float | None
    standing: float | None
    held: float | None
    target: float | None
    verdicts: tuple[Cut, ...]
    planned: str | None
    expected: float | None
    fewer: str | None
    refusal: dict[str, Any] | None
    cuts: tuple[Cut, ...]
    quote: tuple[str | None, str | None] | None
    words: tuple[Entry, ...]

    @property
    def filled(self) -> list[Entry]:
        """Its fills."""
        return [word for word in self.words if word.kind is Kind.FILL]

    @property
    def mid(self) -> float | None:
        """The middle of the quote, None where a side is missing."""
        if self.quote is None or None in self.quote:
            return None
        bid, ask = (float(side or 0.0) for side in self.quote)
        return (bid + ask) / 2.0

    def against_mid(self, fill: Entry) -> float | None:
        """Return by how much a fill was worse than the middle of the quote, in basis points; negative for better."""
        if not self.mid:
            return None
        side = -1.0 if float(fill.body["quantity"]) < 0.0 else 1.0
        return side * (float(fill.body["price"]) / self.mid - 1.0) * BPS

    @property
    def realised(self) -> float | None:
        """What its fills have cost against the middle of the quote, fees included, in basis points of their value."""
        value = sum(abs(float(fill.body["quantity"])) * float(fill.body["price"]) for fill in self.filled)
        if not self.mid or not value:
            return None
        slips = sum((self.against_mid(fill) or 0.0) * abs(float(fill.body["quantity"])) for fill in self.filled)
        fees = sum(float(fill.body["fee"]) for fill in self.filled)
        units = sum(abs(float(fill.body["quantity"])) for fill in self.filled)
        return slips / units + fees / (units * self.mid) * BPS

    @property
    def why_none(self) -> str:
        """Why no order was sent; empty where one was."""
        if self.intent is not None:
            return ""
        if self.refusal is not None:
            by = f" by {self.refusal['by']}" if self.refusal["by"] else ""
            far = f", {float(self.refusal['far']) * 100:,.0f} % from the last close" if "far" in self.refusal else ""
            return f"it was refused{by}: {self.refusal['reason']}{far}"
        if self.planned is not None:
            return f"{self.planned} units are planned, and have met no price yet"
        if self.fewer is not None:
            return _FEWER[self.fewer]
        if self.target is None:
            return "nothing was to be decided, and nothing changed"
        return "the target is what is held"


_FEWER = {
    "band": "the change is within the no-trade band of its strategy",
    "lot": "less than a lot is missing to the target",
    "volume": "the average volume leaves no room",
}
