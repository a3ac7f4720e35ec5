"""The slow, obvious twin of the engine, written from docs/reference/ alone.

Numbers are Python floats, containers are lists.  Nothing of the engine or of its rules is imported, so that an
agreement of the two says something.  Section numbers are those of engine.md: here are 2 and 9, `twin_books` has
1 and 6, `twin_fills` 3 to 5, `twin_actions` 10, `twin_decide` 7 and 8.  The rules are in `twin_rules` and
`twin_optional`, the checks in `twin_checks`, and what both know of the past in `twin_features`.
"""

from __future__ import annotations

import math

from twin_case import FLATTEN, FROZEN, LIFTED, NO_HALT, Case, Counter, Event, Halt, Point, sign
from twin_decide import Choice, Decisions


class Twin(Decisions):
    """Walk over the bars of a case; `rows`, `positions`, `fills`, `events`, `counters`, `tally` are the result."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.equity: list[list[float]] = []
        self.curve: dict[int, list[Point]] = {}

    @property
    def counters(self) -> list[Counter]:
        """Counters of the book rules, asset rules, two-sided rules and checks."""
        return [*self.rule_counters, *self.check_counters]

    def run(self) -> Twin:
        for _ in range(self.n_bars):
            self.step()
        return self

    # ---- section 2: the order of a bar ---------------------------------------------------------------------

    def step(self) -> None:
        """Advance by one bar."""
        self.bar += 1
        self.watch.bar = self.bar
        self.used = [0.0] * self.n_assets
        if self.first_of_session():
            self.begin_session()
        self.apply_actions()
        at_close = self.case.at_close or self.case.open is None
        for book in range(self.n_books):
            if not at_close:
                self.fill_orders(book)
                self.fill_limits(book)
            self.fire_stops(book)
            if at_close:
                self.fill_orders(book)
            self.expire_orders(book)
        self.mark_books()
        if self.last_of_session():
            self.raise_capital()
            self.curve[self.bar] = [self.point(number) for number in range(len(self.rows))]
        self.equity.append([row.equity for row in self.rows])
        self.remember_bar()
        answers = self.ask_book_rules()
        for book in range(self.n_books):
            self.plan(book, self.decide(book, answers))

    def begin_session(self) -> None:
        self.session_number += 1
        for number, row in enumerate(self.rows):
            for index, rule in enumerate(self.book_rules):
                halt = self.halts[number][index]
                if halt.level == NO_HALT:
                    continue
                if not rule.latched:
                    self.halts[number][index] = Halt()
                elif 0 < self.case.resume_after <= self.session_number - halt.session:
                    self.halts[number][index] = Halt()
                    self.events.append(Event(self.bar, number, LIFTED, index, halt.level, row.nav, row.peak))
                    if halt.level >= FLATTEN:
                        row.peak = row.nav
            row.day_base = row.nav

    def remember_bar(self) -> None:
        self.history.remember(self.bar, self.session_number, self.last_of_session(), self.mark)
        self.average_volume = [self.history.average_volume(asset) for asset in range(self.n_assets)]

    # ---- section 9: plan -----------------------------------------------------------------------------------

    def plan(self, book: int, choices: list[Choice]) -> None:
        for asset, choice in enumerate(choices):
            position = self.positions[book][asset]
            self.watch.limit("no order", choice.target, choice.held)
            if choice.mode == FROZEN or choice.target == choice.held or self.within_band(book, choice):
                continue
            order = self.wanted_quantity(book, asset, choice) - position.quantity
            if not math.isnan(self.average_volume[asset]):
                most = self.floor_lot("average volume", self.case.participation * self.average_volume[asset], asset)
                order = math.copysign(min(abs(order), most), order)
            position.order = self.without_dust(order)
            if position.order * position.quantity >= 0 and position.order != 0:
                position.limit = self.mark[asset] * (1 + sign(order) * self.case.limit_offset)

    def within_band(self, book: int, choice: Choice) -> bool:
        change, band = abs(choice.target - choice.held), self.case.no_trade_band[book]
        self.watch.limit("band", change, band)
        asked_for_less = abs(choice.target) < abs(choice.held) and choice.target != choice.raw
        return choice.target != 0 and choice.held != 0 and change < band and not asked_for_less

    def wanted_quantity(self, book: int, asset: int, choice: Choice) -> float:
        constants = self.case.assets[asset]
        if choice.target == choice.raw and choice.raw != 0 and not math.isnan(choice.quantity):
            return choice.quantity
        if not self.rows[book].equity > 0:
            return 0.0
        quantity = choice.target * self.rows[book].equity / (self.mark[asset] * constants.multiplier)
        if not self.case.whole:
            return quantity
        return math.copysign(self.whole("lots", abs(quantity) / constants.lot, 1e-9) * constants.lot, quantity)
