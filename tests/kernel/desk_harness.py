"""An agent that is told every event by hand, and what it wants done in short words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from engine_harness import Rules, mission, prices, settings
from tradewright.engine.fuse import fuse
from tradewright.engine.known import Prepared, nothing_known, opening_of
from tradewright.engine.run import lay_out
from tradewright.engine.tape import Decisions
from tradewright.engine.walk import Walk
from tradewright.execute.news import News, Report, Word
from tradewright.execute.state import OrderState
from tradewright.ledger.entry import Draft, Kind
from tradewright.live.account import Account
from tradewright.live.core import Agent
from tradewright.live.events import (
    Action,
    Ask,
    BarOpened,
    Cancel,
    Commit,
    Event,
    Fund,
    Query,
    Quoted,
    RowArrived,
    RowPrepared,
    Submit,
)
from tradewright.risk.checks import always
from tradewright.risk.contract import OrderCheck
from tradewright.values.bars import Bars, utc
from tradewright.values.exact import amount
from tradewright.values.order import Fill, Order, Purpose
from tradewright.values.snapshot import Quote
from tradewright.values.venue import Dividends
from venue_harness import AT

PHYSICS: list[tuple[str, OrderCheck]] = [
    ("finite", always.make_finite(always.NoOptions())),
    ("buying-power", always.make_buying_power(always.NoOptions())),
]
"""Checks without which an order could not be paid for."""


def quote(symbol: str, bid: Any, ask: Any = None, at: datetime = AT) -> Quote:
    """Return a quote; one price is both sides."""
    sides = [None if price is None else Decimal(str(price)) for price in (bid, bid if ask is None else ask)]
    return Quote(venue="simulated", symbol=symbol, event_at=at, available_at=at, bid=sides[0], ask=sides[1])


def walk_of(
    bars: Bars,
    folder: Path,
    capital: Sequence[float] = (10_000.0,),
    rules: Rules = (),
    checks: Any = PHYSICS,
    **costs: Any,
) -> Walk:
    """Return a walk over bars of which nothing is known yet."""
    fused = fuse(rules, folder, checks)
    shares = [part / sum(capital) for part in capital]
    costs = {"at_close": bars.open is None, "has_volume": bars.volume is not None, **costs}
    known = nothing_known(bars, fused, len(capital))
    return Walk(fused, settings(fused.rules, shares, **costs), known, np.array(capital))


class Desk:
    """An agent of one strategy or several, its bars, and everything that it has wanted done."""

    def __init__(self, bars: Bars, folder: Path, capital: Sequence[float] = (10_000.0,), **more: Any) -> None:
        self.bars, self.now, self.rules = bars, AT, more.get("rules", ())
        pays = more.pop("dividends", Dividends.AT_ONCE)
        self.walk = walk_of(bars, folder, capital, **more)
        names = ("trend", "other", "third")[: len(capital)]
        self.account = Account("simulated", "USD", names, bars.symbols, self.walk.assets.multiplier, dividends=pays)
        self.agent = Agent("desk", "paper", self.walk, self.account, utc(bars.opened_at[0]) - timedelta(hours=1))
        self.fused = fuse(more.get("rules", ()), folder, more.get("checks", PHYSICS))
        self.target = np.zeros((bars.n_bars, len(capital), bars.n_assets))
        self.made = np.ones((bars.n_bars, len(capital)), bool)
        self.asked = np.zeros((bars.n_bars, len(capital)), bool)
        self.done: list[Action] = [*self.agent.start(self.now, {"mode": "paper"}, bars.until(0))]

    def tell(self, event: Event) -> list[Action]:
        """Tell it something a second later, and return what it wants done."""
        self.now += timedelta(seconds=1)
        actions = self.agent.handle(event, self.now)
        self.done += actions
        return actions

    # ---- a bar -----------------------------------------------------------------------------------------

    @property
    def bar(self) -> int:
        """The bar that has begun last."""
        return self.walk.bar

    def open(self) -> list[Action]:
        bar = self.bar + 1
        return self.tell(BarOpened(opening_of(self.bars, bar)))

    def quote(self, **prices: Any) -> list[Action]:
        """Quote prices, and return what it wants done once they are written."""
        actions = self.tell(Quoted({symbol: quote(symbol, price, at=self.now) for symbol, price in prices.items()}))
        assert ["commit quote"] * bool(actions) == words(actions[:1])
        return actions[1:]

    def arrive(self) -> list[Action]:
        return self.tell(RowArrived(self.bars.between(self.bar, self.bar + 1)))

    def prepare(self, dropped: int = 0, **more: Any) -> list[Action]:
        bar = self.bar
        bars = self.bars.until(bar + 1)
        wants = Decisions(*(array[: bar + 1].copy() for array in (self.target, self.made, self.asked)))
        return self.tell(RowPrepared(Prepared(lay_out(bars, self.fused, bar)[0], wants, bar), dropped, **more))

    def play(self, *weights: float) -> list[Action]:
        """Play a bar in which every order fills whole at its open, and decide these weights of the first book."""
        if weights:
            self.target[self.bar + 1, 0] = weights
        self.open()
        opens = self.bars.close if self.bars.open is None else self.bars.open
        prices = {
            symbol: float(opens[self.bar, column])
            for column, symbol in enumerate(self.bars.symbols)
            if not math.isnan(opens[self.bar, column])
        }
        self._answer(self.quote(**prices), prices)
        actions = [*self.arrive(), *self.prepare()]
        self._answer(actions, prices)
        return actions

    def _answer(self, actions: Sequence[Action], prices: Mapping[str, float]) -> None:
        """Fill orders whole, take stops and cancels, and so on with what comes of it."""
        todo = [*actions]
        while todo:
            action = todo.pop(0)
            if isinstance(action, Cancel):
                todo += self.tell(Report(action.id, News(word=Word.CANCELLED)))
            elif isinstance(action, Submit) and action.order.purpose is Purpose.STOP:
                todo += self.say(action.order, "accepted")
            elif isinstance(action, Submit):
                todo += self.fill(action.order, prices[action.order.symbol])

    # ---- the venue -------------------------------------------------------------------------------------

    def say(self, one: Order, word: Word | str, **more: Any) -> list[Action]:
        return self.tell(Report(one.id, News(word=word, **more)))  # type: ignore[arg-type]  # it converts

    def fill(self, one: Order, price: Any, quantity: Any = None, name: str = "") -> list[Action]:
        """Report a fill of an order, of all of it unless told otherwise."""
        return self.tell(Report(one.id, News(word=Word.FILL, fill=fill_of(one, price, quantity, name, self.now))))

    # ---- what there is ---------------------------------------------------------------------------------

    def state(self, one: Order) -> OrderState:
        return self.agent.working.states[one.id]

    def held(self, symbol: str = "A0", strategy: str = "trend") -> float:
        """Return the units of the state, after a look that the account has the same."""
        held = float(self.walk.state.positions[self.account.book(strategy), self.account.asset(symbol)].quantity)
        assert held == float(self.account.holdings.quantity(strategy, symbol))
        return held

    def order(self, symbol: str = "A0", book: int = 0) -> float:
        return float(self.walk.plan().order[book, self.account.asset(symbol)])


def fill_of(one: Order, price: Any, quantity: Any = None, name: str = "", at: datetime = AT) -> Fill:
    units = one.quantity if quantity is None else Decimal(str(quantity))
    cost = amount(float(price))
    return Fill(
        venue="simulated",
        execution_id=name or f"{one.id} {units} {price}",
        order_id=one.id,
        symbol=one.symbol,
        quantity=units,
        price=cost,
        currency="USD",
        at=at,
        reference=cost,
    )


def words(actions: Sequence[Action]) -> list[str]:
    """Return actions in short words: a commit with its kinds of entries, an order with its symbol.

    Every bar here is a session; the checkpoint that ends one has tests of its own.
    """
    return [_word(action) for action in actions]


def _word(action: Action) -> str:
    if isinstance(action, Commit):
        return " ".join(["commit", *(str(draft.kind) for draft in drafts([action]))])
    if isinstance(action, Submit):
        stop = "stop " if action.order.purpose is Purpose.STOP else ""
        return f"submit {stop}{action.order.symbol} {float(action.order.quantity):g}"
    if isinstance(action, Ask):
        return f"ask {action.book}"
    if isinstance(action, Fund):
        return f"fund {action.strategy} {action.cash:g}"
    if isinstance(action, Query | Cancel):
        return type(action).__name__.lower()
    return type(action).__name__.lower()


def orders(actions: Sequence[Action]) -> list[Order]:
    """Return the orders that are sent, stops aside."""
    return [one.order for one in actions if isinstance(one, Submit) and one.order.purpose is not Purpose.STOP]


def stops(actions: Sequence[Action]) -> list[Order]:
    """Return the stops that are sent."""
    return [one.order for one in actions if isinstance(one, Submit) and one.order.purpose is Purpose.STOP]


def drafts(actions: Sequence[Action]) -> list[Draft]:
    """Return all that is to be written, checkpoints aside."""
    written = [draft for action in actions if isinstance(action, Commit) for draft in action.drafts]
    return [draft for draft in written if draft.kind is not Kind.CHECKPOINT]


# ---- small desks --------------------------------------------------------------------------------------

FLAT = prices([100.0] * 8, open=[100.0] * 8)
TWO = prices([[100.0, 50.0]] * 8, open=[[100.0, 50.0]] * 8)
WILD = prices([[100.0, 51.0], [101.0, 50.0]] * 30, open=[[100.0, 50.0]] * 60)
STOPPED = mission()
"""With the rule that gives each position a stop."""


def desk(folder: Path, bars: Bars = FLAT, **more: Any) -> Desk:
    return Desk(bars, folder, **more)


def invested(folder: Path, *weights: float, bars: Bars = FLAT, **more: Any) -> Desk:
    """Return a desk that holds what these weights buy, and has decided nothing else."""
    one = desk(folder, bars, **more)
    one.play(*weights)
    one.play(*weights)
    return one


def switching(folder: Path) -> Desk:
    """Return a desk that holds 100 of A0 and is about to hold 200 of A1 instead."""
    one = invested(folder, 1.0, 0.0, bars=TWO)
    assert [100.0, 0.0] == [one.held("A0"), one.held("A1")]
    one.play(0.0, 1.0)
    assert [-100.0, 200.0] == [one.order("A0"), one.order("A1")]
    one.open()
    return one
