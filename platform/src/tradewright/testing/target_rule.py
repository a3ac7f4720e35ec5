"""What every target rule must do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tradewright.risk.contract import ANSWERS, FREEZE, FROZEN, NORMAL, REDUCE_ONLY, RUNNING, TargetRule
from tradewright.testing.rules import RuleContract
from tradewright.testing.situations import N_ASSETS, NAN, drawn_book, own
from tradewright.testing.wording import broken

if TYPE_CHECKING:
    from tradewright.risk.contract import OrderCheck

SLACK = 1e-12
"""Rounding of a factor times a weight."""


class TargetRuleContract(RuleContract):
    """Tests of a target rule of any phase."""

    kind = "target-rule"
    protocol = TargetRule

    def acts(self, answer: Any, arguments: tuple[Any, ...]) -> bool:
        """Say whether a target, a mode, a book or a side is held back."""
        match self.component().phase:
            case "book":
                return bool(answer.level != RUNNING)
            case "sides":
                return not (answer.long >= 1.0 and answer.short >= 1.0)
            case _:
                before = arguments[0]
                return bool(not abs(answer.target) >= abs(before.target) or answer.mode > before.mode)

    def drawn(self, random: np.random.Generator, rule: TargetRule | OrderCheck) -> dict[str, Any]:
        """Return a random book, and a random asset or random weights where the rule looks at them."""
        given = {**super().drawn(random, rule), **drawn_book(random)}
        if rule.phase == "sides":
            target, held = random.normal(0.0, 0.5, (2, N_ASSETS))
            return {**given, "target": target, "held": held}
        if rule.phase == "book":
            return given
        target, mark = float(random.normal(0.0, 0.4)), float(random.lognormal(4.0, 1.0))
        stop = mark * float(1.0 - np.sign(target) * 0.1 * random.random())
        return {
            **given,
            "target": target * float(random.integers(0, 5) > 0),
            "stop": stop if random.integers(0, 2) else NAN,
            "mode": int(random.choice([NORMAL, REDUCE_ONLY, FROZEN])),
            "mark": mark,
            "held": float(random.choice([0.0, target, target / 2.0])),
            "quantity": float(random.integers(0, 100)),
            "cost": float(0.001 * random.random()),
        }

    # ---- what it may do ---------------------------------------------------------------------------------------

    def test_it_only_ever_cuts(self) -> None:
        """|target| never grows, no stop is loosened, no mode is lifted, and factors lie in [0, 1]."""
        rule = self.component()
        for given in self._draws(rule):
            answer = self.asked(rule, given)
            if not isinstance(answer, ANSWERS[rule.phase]):
                continue  # What it returns is the matter of a test of its own.
            flaw = _flaw(rule.phase, answer, given)
            if flaw is not None:
                fix = "limit targets with min(), leave stops and modes alone unless they tighten"
                raise broken(expected=f"nothing but cuts of {given}", found=f"{flaw}: {answer}", fix=fix)

    def test_it_returns_the_verdict_of_its_phase(self) -> None:
        """Every path returns a Proposal, a Halt or Sides."""
        rule, wanted = self.component(), ANSWERS[self.component().phase]
        for given in self._draws(rule):
            answer = self.asked(rule, given)
            if not isinstance(answer, wanted):
                fix = f"return tradewright.risk.contract.{wanted.__name__}(...) on every path"
                raise broken(expected=f"{wanted.__name__} for {given}", found=repr(answer), fix=fix)

    def test_input_stays_as_it_was(self) -> None:
        """A rule returns its verdict; it writes to nothing but its own memory."""
        rule = self.component()
        for given in self._draws(rule):
            seen = [one for one in given if isinstance(one, np.ndarray)]
            kept = [one.copy() for one in seen]
            self.asked(rule, given)
            own = len(seen) - (1 if rule.memory else 0)
            if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(kept[:own], seen[:own], strict=True)):
                raise broken(
                    expected="arrays as they were before",
                    found=f"other numbers in {seen[:own]}",
                    fix="return the verdict",
                )

    def test_its_memory_survives_a_copy(self) -> None:
        """A state that is stored and read again latches as the one that went on."""
        rule = self.component()
        if not rule.memory:
            self._remembers_nothing(rule)
            return
        draws = list(self._draws(rule))
        half = len(draws) // 2
        memory = np.full(rule.memory, NAN)
        for given in draws[:half]:
            self.asked(rule, (*given[:-1], memory))
        copied = memory.copy()
        for given in draws[half:]:
            went_on = self._plain(self.asked(rule, (*given[:-1], memory)))
            restored = self._plain(self.asked(rule, (*given[:-1], copied)))
            if not np.array_equal(went_on, restored, equal_nan=True):
                fix = "keep all that must last in `memory`, which the kernel stores; no globals, no ids"
                raise broken(
                    expected=f"{went_on} for {given[:-1]} from a copy of the memory", found=str(restored), fix=fix
                )

    def _remembers_nothing(self, rule: TargetRule) -> None:
        for given in self._draws(rule):
            first, second = (self._plain(self.asked(rule, own(given))) for _ in range(2))
            if not np.array_equal(first, second, equal_nan=True):
                fix = "ask for `memory` on the rule: the kernel stores it, and a restart keeps it"
                raise broken(expected=f"{first} for {given} when asked again", found=str(second), fix=fix)


def _flaw(phase: str, answer: Any, arguments: tuple[Any, ...]) -> str | None:
    """Name what a verdict may not do, None when it keeps to cutting."""
    flaws = {"book": _halt_flaws, "sides": _sides_flaws, "asset": _proposal_flaws}[phase](answer, arguments)
    return next((words for words, broken in flaws if broken), None)


def _halt_flaws(answer: Any, _: tuple[Any, ...]) -> list[tuple[str, bool]]:
    return [
        ("a level that does not exist", answer.level not in range(RUNNING, FREEZE + 1)),
        ("a part to keep outside [0, 1]", not 0.0 <= answer.keep <= 1.0),
    ]


def _sides_flaws(answer: Any, _: tuple[Any, ...]) -> list[tuple[str, bool]]:
    return [("a factor outside [0, 1]", not all(0.0 <= factor <= 1.0 + SLACK for factor in answer))]


def _proposal_flaws(answer: Any, arguments: tuple[Any, ...]) -> list[tuple[str, bool]]:
    before, asset = arguments[:2]
    side = before.target if before.target != 0.0 else asset.held
    tighter = answer.stop >= before.stop if side > 0.0 else answer.stop <= before.stop
    return [
        ("a larger target", not abs(answer.target) <= abs(before.target)),
        ("a target of the other sign", answer.target * before.target < 0.0),
        ("a lower mode", answer.mode < before.mode),
        ("a looser stop", not (math.isnan(before.stop) or tighter)),
    ]
