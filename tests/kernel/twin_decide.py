"""Sections 7 and 8 of the engine's twin: what the strategies want, and what the rules leave of it; see `twin`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from twin_actions import Actions
from twin_case import (
    FLATTEN,
    FREEZE,
    FROZEN,
    HALT_REDUCE_ONLY,
    HALTED,
    NAN,
    NO_HALT,
    NORMAL,
    REDUCE_ONLY,
    Case,
    Counter,
    Event,
    Halt,
    sign,
)
from twin_features import History
from twin_rules import Answer, AssetRule, AssetView, BookRule, BookView, RowView, TwoSidedRule

ROUNDING = 1e-12


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


class Decisions(Actions):
    """What each book aims at after all rules."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.book_rules = [rule for rule in case.rules if isinstance(rule, BookRule)]
        self.asset_rules = [rule for rule in case.rules if isinstance(rule, AssetRule)]
        self.sided_rules = [rule for rule in case.rules if isinstance(rule, TwoSidedRule)]
        self.rule_counters = [Counter() for _ in case.rules]
        self.memory: list[list[list[float]]] = [[[] for _ in self.book_rules] for _ in self.rows]
        self.session_number = -1
        self.history = History(case)

    def ask_book_rules(self) -> list[list[Answer]]:
        """Ask every book rule for every row, raise the stored levels, and return the answers by row and rule."""
        answers: list[list[Answer]] = []
        for number, row in enumerate(self.rows):
            view = RowView(row.nav, row.peak, row.day_base, self.session_number, self.history)
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
        return quantity * (self.mark[asset] * self.case.assets[asset].multiplier) / self.rows[book].equity

    def wanted(self, book: int, asset: int) -> Choice:
        """Return what the strategy wants (section 7)."""
        held, position = self.held_weight(book, asset), self.positions[book][asset]
        choice = Choice(held, held, stop=position.stop if position.quantity != 0 else NAN)
        decided = self.case.made[self.bar][book]
        given = self.case.target[self.bar][book][asset] if decided else position.wanted
        if not decided and self.case.traded[self.bar][asset]:
            given = NAN
        position.wanted = given if math.isfinite(given) else NAN
        if not self.rows[book].equity > 0:
            choice.raw, choice.mode = 0.0, REDUCE_ONLY
        elif math.isnan(self.mark[asset]):
            choice.raw = 0.0
        elif decided or not math.isnan(given):
            if not decided:
                self.met.add("decision stood")
            if not math.isfinite(given):
                choice.mode = FROZEN
                self.tally.breaches += 1
            elif self.case.in_units:
                choice.raw, choice.quantity = self.weight_of(given, book, asset), given
            else:
                choice.raw = given
        if choice.raw * held < 0:
            choice.raw = 0.0
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
            asset=asset,
            mark=mark,
            held=choice.held,
            cost=cost,
            equity=self.rows[book].equity,
            commission_min=case.commission_min,
            history=self.history,
        )

    def ask_asset_rules(self, book: int, choices: list[Choice]) -> bool:
        """Let the asset rules act (section 8, step 2); say whether one lowered a |target|."""
        lowered = False
        for asset, choice in enumerate(choices):
            if math.isnan(self.mark[asset]):
                continue
            view = self.asset_view(book, asset, choice)
            for rule in self.asset_rules:
                if self.nothing_left(choice):
                    break
                before = abs(choice.target)
                self.ask_asset_rule(rule, view, choice)
                lowered = self.count(rule, book, before, choice) or lowered
        return lowered

    def nothing_left(self, choice: Choice) -> bool:
        """Say whether no asset rule without memory, as all here are, is asked any more (section 8, step 2)."""
        return choice.target == 0.0 and choice.held == 0.0

    def ask_asset_rule(self, rule: AssetRule, view: AssetView, choice: Choice) -> None:
        """Take from a rule's answer what the page allows."""
        target, stop, mode = rule.ask(view, choice.target, choice.stop, choice.mode, self.watch)
        side = sign(choice.target) or sign(choice.held)
        self.take_stop(choice, stop, side)
        if not math.isfinite(target):
            self.tally.breaches += 1
            choice.mode, choice.target = FROZEN, choice.held
        elif abs(target) > abs(choice.target) or target * choice.target < 0:
            self.tally.breaches += 1
        else:
            choice.target = target
        choice.mode = max(choice.mode, mode)
        choice.apply_mode()

    def take_stop(self, choice: Choice, stop: float, side: int) -> None:
        old = choice.stop
        looser = not math.isnan(old) and (math.isnan(stop) or (stop < old if side > 0 else stop > old))
        if looser:
            self.tally.breaches += 1
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
        factors = rule.ask([c.target for c in choices], [c.held for c in choices], BookView(self.history), self.watch)
        for side, factor in zip((1, -1), factors, strict=True):
            self.tally.breaches += not math.isfinite(factor)
            for choice in choices:
                if choice.mode == FROZEN or sign(choice.target) != side:
                    continue
                if math.isfinite(factor):
                    choice.target *= min(max(factor, 0.0), 1.0)
                else:
                    choice.shrink()

    def still_lowers(self, book: int, choices: list[Choice]) -> bool:
        """Ask the rules once more, changing and counting nothing but breaches (section 8, step 4)."""
        copies = [replace(choice) for choice in choices]
        for asset, copy in enumerate(copies):
            if math.isnan(self.mark[asset]):
                continue
            view = self.asset_view(book, asset, copy)
            for rule in self.asset_rules:
                if not self.nothing_left(copy):
                    self.ask_asset_rule(rule, view, copy)
        for sided in self.sided_rules:
            self.ask_sided_rule(sided, copies)
        for choice, copy in zip(choices, copies, strict=True):
            lowered_by = abs(choice.target) - abs(copy.target)
            if lowered_by > ROUNDING:
                return True
        return False

    def count(self, rule: BookRule | AssetRule | TwoSidedRule, book: int, before: float, choice: Choice) -> bool:
        """Say whether |target| is below `before`; when it is so by more than rounding, count a cut."""
        lowered_by = before - abs(choice.target)
        if lowered_by <= ROUNDING:
            return lowered_by > 0
        ordered = [*self.book_rules, *self.asset_rules, *self.sided_rules]
        number = next(number for number, other in enumerate(ordered) if other is rule)
        self.rule_counters[number].add(self.bar, lowered_by * self.rows[book].equity)
        return True
