"""What the strategies of a simulated world want, told beforehand, and the rules that bind them."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.engine.fuse import FusedRules, fuse
from tradewright.engine.state import table
from tradewright.engine.tape import BOOK, Decisions, Settings
from tradewright.risk import daily_loss, drawdown_halt, exposure, position_limit, requested_halt, risk_per_trade
from tradewright.risk.checks import always, price_collar
from tradewright.sentence.parts import Wanted

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tradewright.values.arrays import BoolArray, FloatArray
    from tradewright.values.bars import Bars

CAPITAL = 100_000.0
RULE_SETS = ("checks", "mission", "shorts")
"""Names of the fixed rule sets: order checks alone; the mission's limits; the same with shorts and limit orders."""
BOOKS = {"checks": 1, "mission": 1, "shorts": 2}
_ALWAYS: tuple[tuple[str, Any], ...] = (
    ("finite", always.make_finite),
    ("session", always.make_session),
    ("halt", always.make_halt),
    ("buying-power", always.make_buying_power),
)


@cache
def fused(rule_set: str, folder: Path | None) -> FusedRules:
    """Return the loop of a rule set, from `folder` where it was compiled before."""
    rules: list[tuple[str, Any]] = []
    if rule_set != "checks":
        stop = risk_per_trade.RiskPerTrade(limit=0.02, stop="atr", multiple=3.0, lookback=5)
        rules = [
            ("risk-per-trade", risk_per_trade.make(stop)),
            ("position-limit", position_limit.make(position_limit.PositionLimit())),
            ("exposure", exposure.make(exposure.Exposure())),
            ("drawdown-halt", drawdown_halt.make(drawdown_halt.DrawdownHalt())),
            ("daily-loss", daily_loss.make(daily_loss.DailyLoss())),
        ]
    checks = [(name, make(always.NoOptions())) for name, make in _ALWAYS]
    if rule_set != "checks":
        checks.append(("price-collar", price_collar.make(price_collar.PriceCollar())))
    return fuse([*rules, (requested_halt.NAME, requested_halt.RULE)], folder, checks)


@attrs.define
class Wishes:
    """Stands in for a sentence whose signals are known; each symbol is one strategy's.

    Attributes:
        rule_set: One of `RULE_SETS`.
        target: Weights, `(n_bars, n_books, n_assets)`.
        made: Where a book decides, `(n_bars, n_books)`.
        asked: Where it is asked between close and decision, likewise.
    """

    rule_set: str
    target: FloatArray
    made: BoolArray
    asked: BoolArray

    @property
    def settings(self) -> Any:
        """Currency alone."""
        return SimpleNamespace(currency="USD", as_table=dict)

    @property
    def books(self) -> list[Any]:
        """Names of the strategies."""
        return [SimpleNamespace(name=f"book{number}") for number in range(BOOKS[self.rule_set])]

    @property
    def capital(self) -> FloatArray:
        """Money of each at the start."""
        return np.full(BOOKS[self.rule_set], CAPITAL / BOOKS[self.rule_set])

    def warmups(self) -> list[int]:
        """Nothing looks back."""
        return []

    def engine_settings(self, bars: Bars, rules: FusedRules, sessions_per_year: int) -> Settings:
        """Return costs and execution; limit orders are the third rule set's."""
        n_books, n_rules = BOOKS[self.rule_set], sum(rule.phase == "book" for _, rule in rules.rules)
        books = table((n_books,), BOOK, share=np.full(n_books, 1.0 / n_books), no_trade_band=np.full(n_books, 0.01))
        return Settings(
            at_close=False,
            has_volume=True,
            whole=True,
            in_units=False,
            participation=0.05,
            half_spread_and_slippage=0.0004,
            commission_per_share=0.005,
            commission_rate=0.0,
            commission_min=1.0,
            cash_rate=0.02,
            borrow_rate=0.01,
            capital_total=CAPITAL,
            capital_step=0.0,
            capital_step_return=0.15,
            evidence_ok=False,
            resume_after=0,
            latched=np.array([rule.latched for _, rule in rules.rules if rule.phase == "book"], bool)[:n_rules],
            books=books,
            has_actions=bars.split is not None,
            sessions_per_year=float(sessions_per_year),
            limit_offset=-0.0005 if self.rule_set == "shorts" else float("nan"),
        )

    def want(self, bars: Bars, *, keep_said: bool = False) -> Wanted:  # noqa: ARG002  # there are no signals
        """Return what is wanted on the first rows."""
        n_bars = bars.n_bars
        decisions = Decisions(self.target[:n_bars].copy(), self.made[:n_bars], self.asked[:n_bars])
        return Wanted(bars=bars, targets={}, decisions=decisions, answer=self._answer)

    def _answer(self, bar: int, book: int, _: FloatArray) -> FloatArray:
        answer: FloatArray = self.target[bar, book]
        return answer


def wishes(rule_set: str, bars: Bars, random: Random) -> Wishes:
    """Return what strategies want that change their minds about a symbol every ten rows or so."""
    n_books, chance = BOOKS[rule_set], np.random.default_rng(random.getrandbits(64))
    shape = (bars.n_bars, n_books, bars.n_assets)
    levels = np.array([0.0, 0.1, 0.15, 0.2, 0.25] + ([-0.1, -0.2] if rule_set == "shorts" else []))
    drawn, changes = levels[chance.integers(0, len(levels), shape)], chance.random(shape) < 0.1
    changes[0] = True
    last = np.maximum.accumulate(np.where(changes, np.arange(bars.n_bars)[:, None, None], 0), axis=0)
    target = np.take_along_axis(drawn, last, axis=0)
    owner = np.arange(bars.n_assets) % n_books
    target[:, np.arange(n_books)[:, None] != owner[None, :]] = 0.0
    made = np.ones(shape[:2], bool)
    return Wishes(rule_set, target, made, chance.random(shape[:2]) < 0.3)
