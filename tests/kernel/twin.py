"""The slow, obvious twin of the engine, written from docs/reference/engine.md alone.

Numbers are Python floats, containers are lists.  Nothing of the engine or of its rules is imported, so that an
agreement of the two says something.  Section numbers are those of that page: here are 2 and 7 to 9, `twin_books`
has the others and `twin_rules` the rules.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from twin_books import HALTED, LIFTED, NAN, Books, Case, Event, Halt, Point
from twin_rules import (
    FLATTEN,
    FREEZE,
    FROZEN,
    HALT_REDUCE_ONLY,
    NO_HALT,
    NORMAL,
    REDUCE_ONLY,
    Answer,
    AssetRule,
    AssetView,
    BookRule,
    PastBar,
    RowView,
    TwoSidedRule,
    sign,
)

AVERAGE_VOLUME_BARS = 20
STILL_LOWERED = 1e-12


@dataclass
class Counter:
    """What one rule has cut."""

    cuts: int = 0
    bars: int = 0
    notional: float = 0.0
    first: int = -1
    last: int = -1


@dataclass
class Choice:
    """What is being decided for one asset of one book."""

    raw: float
    held: float
    target: float = 0.0
    stop: float = NAN
    mode: int = NORMAL
    quantity: float = NAN  # the strategy's own, NaN when it gave a weight

    def apply_mode(self) -> None:
        if self.mode == FROZEN:
            self.target = self.held
        elif self.mode == REDUCE_ONLY:
            self.target = min(max(self.target, min(0.0, self.held)), max(0.0, self.held))

    def shrink(self) -> None:
        """Take the smaller of |target| and |held|, with the sign of held."""
        self.target = sign(self.held) * min(abs(self.target), abs(self.held))


class Twin(Books):
    """Walk over the bars of a case; `rows`, `positions`, `fills`, `events`, `counters`, `tally` are the result."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.book_rules = [rule for rule in case.rules if isinstance(rule, BookRule)]
        self.asset_rules = [rule for rule in case.rules if isinstance(rule, AssetRule)]
        self.sided_rules = [rule for rule in case.rules if isinstance(rule, TwoSidedRule)]
        self.counters = [Counter() for _ in case.rules]
        self.memory: list[list[list[float]]] = [[[] for _ in self.book_rules] for _ in self.rows]
        self.past: list[list[PastBar]] = [[] for _ in case.assets]
        self.volumes: list[list[float]] = [[] for _ in case.assets]
        self.curve: list[list[Point]] = []
        self.session_number = -1

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
        at_close = self.case.at_close or self.case.open is None
        for book in range(self.n_books):
            if not at_close:
                self.fill_orders(book)
            self.fire_stops(book)
            if at_close:
                self.fill_orders(book)
            self.expire_orders(book)
        self.mark_books()
        if self.last_of_session():
            self.raise_capital()
        self.curve.append([self.point(number) for number in range(len(self.rows))])
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
        case, bar = self.case, self.bar
        for asset in range(self.n_assets):
            if not case.traded[bar][asset]:
                continue
            high = case.high[bar][asset] if case.high is not None else NAN
            low = case.low[bar][asset] if case.low is not None else NAN
            self.past[asset].append(PastBar(self.session_number, high, low, case.close[bar][asset]))
            if case.volume is not None:
                self.volumes[asset].append(case.volume[bar][asset])

    # ---- sections 7 and 8: decide --------------------------------------------------------------------------

    def ask_book_rules(self) -> list[list[Answer]]:
        """Ask every book rule for every row, raise the stored levels, and return the answers by row and rule."""
        answers: list[list[Answer]] = []
        for number, row in enumerate(self.rows):
            view = RowView(row.nav, row.peak, row.day_base, self.session_number)
            answers.append([])
            for index, rule in enumerate(self.book_rules):
                answer = rule.ask(view, self.memory[number][index], self.watch)
                answers[-1].append(answer)
                halt = self.halts[number][index]
                if answer.level > halt.level:
                    since = self.session_number if halt.level == NO_HALT else halt.session
                    self.halts[number][index] = Halt(answer.level, since)
                    level, observed, limit = answer.level, answer.observed, answer.limit
                    self.events.append(Event(self.bar, number, HALTED, index, level, observed, limit))
        return answers

    def decide(self, book: int, answers: list[list[Answer]]) -> list[Choice]:
        """Return what remains of each target of a book after all rules, and store the stops."""
        choices = [self.wanted(book, asset) for asset in range(self.n_assets)]
        self.act_on_halts(book, choices, answers)
        lowered = self.ask_asset_rules(book, choices)
        lowered = self.ask_sided_rules(book, choices) or lowered
        if lowered and self.still_lowers(book, choices):
            self.tally.verify_failures += 1
            for choice in choices:
                if choice.mode != FROZEN:
                    choice.shrink()
        for choice, position in zip(choices, self.positions[book], strict=True):
            position.stop = choice.stop if choice.target != 0 or position.quantity != 0 else NAN
        return choices

    def held_weight(self, book: int, asset: int) -> float:
        return self.weight_of(self.positions[book][asset].quantity, book, asset)

    def weight_of(self, quantity: float, book: int, asset: int) -> float:
        if quantity == 0:
            return 0.0
        if not self.rows[book].equity > 0:
            return float(sign(quantity))
        return quantity * self.mark[asset] * self.case.assets[asset].multiplier / self.rows[book].equity

    def wanted(self, book: int, asset: int) -> Choice:
        """Return what the strategy wants (section 7)."""
        held, position = self.held_weight(book, asset), self.positions[book][asset]
        choice = Choice(held, held, stop=position.stop if position.quantity != 0 else NAN)
        if math.isnan(self.mark[asset]):
            choice.raw = 0.0
        elif self.case.made[self.bar][book]:
            given = self.case.target[self.bar][book][asset]
            if not math.isfinite(given):
                choice.mode = FROZEN
                self.tally.strikes += 1
            elif self.case.in_units:
                choice.raw, choice.quantity = self.weight_of(given, book, asset), given
            else:
                choice.raw = given
        if choice.raw * held < 0:
            choice.raw = 0.0
        if not self.rows[book].equity > 0:
            choice.raw, choice.mode = 0.0, REDUCE_ONLY
        choice.target = choice.raw
        choice.apply_mode()
        return choice

    def act_on_halts(self, book: int, choices: list[Choice], answers: list[list[Answer]]) -> None:
        """Let the largest halt level of the book and of the account act once (section 8, step 1)."""
        both = [book] if self.n_books == 1 else [book, self.n_books]
        stored = [max(self.halts[row][index].level for row in both) for index in range(len(self.book_rules))]
        level = max(stored, default=NO_HALT)
        if level == NO_HALT:
            return
        keep = min(answers[row][index].keep for row in both for index, own in enumerate(stored) if own != NO_HALT)
        rule = self.book_rules[stored.index(level)]
        for choice in choices:
            before = abs(choice.target)
            if level == HALT_REDUCE_ONLY:
                choice.mode = max(choice.mode, REDUCE_ONLY)
                if keep < 1:
                    size = min(abs(choice.target), keep * abs(choice.held))
                    self.watch.limit("keep", abs(choice.target), keep * abs(choice.held))
                    choice.target = sign(choice.held) * size
                choice.apply_mode()
            elif level == FLATTEN:
                choice.target, choice.mode = 0.0, REDUCE_ONLY
            elif level == FREEZE:
                choice.target, choice.mode = choice.held, FROZEN
            self.count(rule, book, before, choice)

    def asset_view(self, book: int, asset: int, choice: Choice) -> AssetView:
        case, mark = self.case, self.mark[asset]
        cost = case.cost_fraction + case.commission_rate
        cost += case.commission_per_share / (mark * case.assets[asset].multiplier)
        return AssetView(
            mark=mark,
            held=choice.held,
            cost=cost,
            equity=self.rows[book].equity,
            commission_min=case.commission_min,
            past=self.past[asset],
            session=self.session_number,
            session_closed=self.last_of_session(),
        )

    def ask_asset_rules(self, book: int, choices: list[Choice]) -> bool:
        """Let the asset rules act (section 8, step 2); say whether one lowered a |target|."""
        lowered = False
        for asset, choice in enumerate(choices):
            if math.isnan(self.mark[asset]):
                continue
            view = self.asset_view(book, asset, choice)
            for rule in self.asset_rules:
                before = abs(choice.target)
                self.ask_asset_rule(rule, view, choice)
                lowered = self.count(rule, book, before, choice) or lowered
        return lowered

    def ask_asset_rule(self, rule: AssetRule, view: AssetView, choice: Choice) -> None:
        """Take from a rule's answer what the page allows."""
        target, stop, mode = rule.ask(view, choice.target, choice.stop, choice.mode, self.watch)
        side = sign(choice.target) or sign(choice.held)
        self.take_stop(choice, stop, side)
        if not math.isfinite(target):
            self.tally.strikes += 1
            choice.mode, choice.target = FROZEN, choice.held
        elif abs(target) > abs(choice.target) or target * choice.target < 0:
            self.tally.strikes += 1
        else:
            choice.target = target
        choice.mode = max(choice.mode, mode)
        choice.apply_mode()

    def take_stop(self, choice: Choice, stop: float, side: int) -> None:
        old = choice.stop
        looser = not math.isnan(old) and (math.isnan(stop) or (stop < old if side > 0 else stop > old))
        if looser:
            self.tally.strikes += 1
        else:
            choice.stop = stop

    def ask_sided_rules(self, book: int, choices: list[Choice]) -> bool:
        """Let the two-sided rules act (section 8, step 3); say whether one lowered a |target|."""
        lowered = False
        for rule in self.sided_rules:
            before = [abs(choice.target) for choice in choices]
            self.ask_sided_rule(rule, choices)
            for old, choice in zip(before, choices, strict=True):
                lowered = self.count(rule, book, old, choice) or lowered
        return lowered

    def ask_sided_rule(self, rule: TwoSidedRule, choices: list[Choice]) -> None:
        factors = rule.ask([c.target for c in choices], [c.held for c in choices], self.watch)
        for side, factor in zip((1, -1), factors, strict=True):
            self.tally.strikes += not math.isfinite(factor)
            for choice in choices:
                if choice.mode == FROZEN or sign(choice.target) != side:
                    continue
                if math.isfinite(factor):
                    choice.target *= min(max(factor, 0.0), 1.0)
                else:
                    choice.shrink()

    def still_lowers(self, book: int, choices: list[Choice]) -> bool:
        """Ask the rules once more, changing and counting nothing but strikes (section 8, step 4)."""
        copies = [Choice(c.raw, c.held, c.target, c.stop, c.mode, c.quantity) for c in choices]
        for asset, copy in enumerate(copies):
            if not math.isnan(self.mark[asset]):
                view = self.asset_view(book, asset, copy)
                for rule in self.asset_rules:
                    self.ask_asset_rule(rule, view, copy)
        for sided in self.sided_rules:
            self.ask_sided_rule(sided, copies)
        for choice, copy in zip(choices, copies, strict=True):
            lowered_by = abs(choice.target) - abs(copy.target)
            if lowered_by > 0:
                self.watch.limit("verify", lowered_by, STILL_LOWERED)
            if lowered_by > STILL_LOWERED:
                return True
        return False

    def count(self, rule: BookRule | AssetRule | TwoSidedRule, book: int, before: float, choice: Choice) -> bool:
        """Count a cut, if |target| is below `before`, and say whether it is."""
        self.watch.limit("cut", abs(choice.target), before)
        if not abs(choice.target) < before:
            return False
        ordered = [*self.book_rules, *self.asset_rules, *self.sided_rules]
        counter = self.counters[next(number for number, other in enumerate(ordered) if other is rule)]
        counter.cuts += 1
        counter.notional += (before - abs(choice.target)) * self.rows[book].equity
        counter.bars += counter.last != self.bar
        counter.first = self.bar if counter.first < 0 else counter.first
        counter.last = self.bar
        return True

    # ---- section 9: plan -----------------------------------------------------------------------------------

    def plan(self, book: int, choices: list[Choice]) -> None:
        for asset, choice in enumerate(choices):
            position = self.positions[book][asset]
            self.watch.limit("no order", choice.target, choice.held)
            if choice.mode == FROZEN or choice.target == choice.held or self.within_band(book, choice):
                continue
            order = self.wanted_quantity(book, asset, choice) - position.quantity
            volumes = self.volumes[asset][-AVERAGE_VOLUME_BARS:]
            if len(volumes) == AVERAGE_VOLUME_BARS:
                average = sum(volumes) / AVERAGE_VOLUME_BARS
                most = self.floor_lot("average volume", self.case.participation * average, asset)
                order = math.copysign(min(abs(order), most), order)
            position.order = self.without_dust(order)

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
        lots = math.floor(self.watch.step("lots", abs(quantity) / constants.lot + 1e-9))
        return math.copysign(lots * constants.lot, quantity)
