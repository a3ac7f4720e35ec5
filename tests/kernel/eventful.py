"""A playback in whose pauses a venue says what it seldom says: busts, strangers, silence, contradictions."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from crashing import Crashing, crashing
from tradewright.execute.budget import Contact
from tradewright.execute.news import News, Report, Word
from tradewright.live import events
from tradewright.values.order import EXTERNAL, Fill, Status
from twin_draws import Draw, case_of


class Eventful:
    """Plays a draw, and lets things happen between its bars."""

    def __init__(self, draw: Draw, folder: Path, chance: float = 0.15) -> None:
        self.draw, self.chance = draw, chance
        self.paper: Crashing = crashing(case_of(draw), folder, [])
        self.paper._doers[events.Look] = lambda _: None  # Nobody answers.
        self.random = Random(draw.seed)
        self.happened: list[str] = []

    def play(self) -> Crashing:
        while self.paper.bar < self.draw.n_bars:
            self.paper.step()
            for name in ("bust", "stranger", "silence", "found", "contradiction", "contact", "difference", "tick"):
                if self.random.random() < self.chance:
                    event = getattr(self, f"_{name}")()
                    if event is not None:
                        self.happened.append(name)
                        self.paper._tell(event)
        return self.paper

    @property
    def agent(self) -> Any:
        return self.paper.agent

    def _of(self, *chosen: Status) -> list[Any]:
        return [state for state in self.agent.working.states.values() if state.status in chosen]

    def _bust(self) -> Any:
        booked = [*self.agent._booked.values()]
        if not booked:
            return None
        fill = self.random.choice(booked[-4:])
        return Report(fill.order_id, News(word=Word.BUST, fill=fill, reason="clearly erroneous"))

    def _stranger(self) -> Any:
        symbol, units = self.random.choice(self.agent.account.symbols), Decimal(self.random.choice([-3, 2]))
        return Fill(
            venue="simulated",
            execution_id=f"strange {len(self.happened)}",
            symbol=symbol,
            quantity=units,
            price=Decimal("10.50"),
            currency="USD",
            at=self.paper.now,
            shares=[(EXTERNAL, units)],
        )

    def _silence(self) -> Any:
        for state in self._of(Status.WORKING):
            return Report(state.order.id, News(word=Word.MISSING, reason="not in the list"))
        return None

    def _found(self) -> Any:
        for state in self._of(Status.UNKNOWN):
            return Report(state.order.id, News(word=Word.FOUND, status=Status.WORKING))
        return None

    def _contradiction(self) -> Any:
        ended = self._of(Status.CANCELLED, Status.EXPIRED)
        if not ended or self.random.random() < 0.7:
            return None
        one = self.random.choice(ended)
        return Report(one.order.id, News(word=Word.FOUND, status=Status.WORKING, filled=one.order.quantity))

    def _contact(self) -> Any:
        outcome = self.random.choice(["failed", "failed", "failed", "answered", "limited"])
        return Contact(outcome=outcome, retry_after=2000.0 if outcome == "limited" else None)

    def _difference(self) -> Any:
        symbol = self.random.choice(self.agent.account.symbols)
        blocked = {symbol: "the venue holds 3 more"} if self.random.random() < 0.2 else {}
        return events.Imposed(blocked, "", self.random.random() < 0.3, Decimal("12.50"))

    def _tick(self) -> Any:
        return events.Tick()
