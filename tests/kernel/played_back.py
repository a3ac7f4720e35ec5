"""A case of the engine's draws as a sentence and a market, for a playback: what strategies want is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from tradewright.data.market import Market
from tradewright.engine.fuse import FusedRules
from tradewright.engine.known import Plan
from tradewright.engine.run import Simulation
from tradewright.engine.tape import Decisions, Settings
from tradewright.live.playback import Playback
from tradewright.sentence.parts import Wanted
from tradewright.values.bars import Bars
from twin_case import Case
from twin_comparison import bars_of, fused, settings_of


@dataclass
class Told:
    """Stands in for `Sentence`."""

    case: Case
    currency: str = "USD"

    @property
    def settings(self) -> Any:
        return SimpleNamespace(currency=self.currency, as_table=dict)

    @property
    def books(self) -> list[Any]:
        symbols = [f"A{number}" for number in range(len(self.case.assets))]
        return [SimpleNamespace(name=f"book{number}", symbols=symbols) for number in range(len(self.case.capital))]

    @property
    def capital(self) -> Any:
        return np.array(self.case.capital, dtype="float64")

    def engine_settings(self, bars: Bars, rules: FusedRules, sessions_per_year: int) -> Settings:
        return settings_of(self.case)

    def warmups(self) -> list[int]:
        return []

    def want(self, bars: Bars, *, keep_said: bool = False) -> Wanted:
        made = np.array(self.case.made, dtype=bool)[: bars.n_bars]
        target = np.array(self.case.target, dtype="float64")[: bars.n_bars]
        return Wanted(
            bars=bars,
            targets={},
            decisions=Decisions(target.copy(), made.copy(), np.zeros_like(made)),
            answer=lambda bar, book, held: held,
        )


class Pair:
    """A backtest and a playback of one case, side by side."""

    def __init__(self, case: Case, folder: Path, *, ahead: bool = False) -> None:
        owned = np.arange(len(case.assets)) % len(case.capital)
        for bar in case.target:  # A symbol is one book's: live, another's is refused.
            for book, wanted in enumerate(bar):
                wanted[:] = [one if owner == book else 0.0 for one, owner in zip(wanted, owned, strict=True)]
        self.bars, self.rules = bars_of(case), fused(case, folder)
        told = Told(case)
        decisions = told.want(self.bars).decisions
        self.backtest = Simulation(self.bars, decisions, settings_of(case), self.rules, told.capital)
        self.market = Market(feeds=(), beside=(), bars=self.bars, sessions_per_year=252)
        self.paper = Playback(told, self.market, self.rules, 0, ahead=ahead)  # type: ignore[arg-type]  # it stands in

    def step(self) -> tuple[Plan, Plan]:
        """Play a bar in both, and return the orders and stops of both."""
        self.backtest.advance(self.paper.bar + 1)
        self.paper.step()
        positions = self.backtest.state.positions
        return Plan(positions.order, positions.limit, positions.stop), self.paper.chronicle.plans[-1]
