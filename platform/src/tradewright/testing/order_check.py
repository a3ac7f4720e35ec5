"""What every order check must do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tradewright.risk.contract import FREEZE, RUNNING, OrderCheck
from tradewright.testing.rules import RuleContract
from tradewright.testing.wording import broken

if TYPE_CHECKING:
    from tradewright.risk.contract import TargetRule


class OrderCheckContract(RuleContract):
    """Tests of an order check."""

    kind = "order-check"
    protocol = OrderCheck

    def acts(self, answer: Any, arguments: tuple[Any, ...]) -> bool:
        """Say whether the order may not go in full; what is no number is no permission."""
        return not abs(arguments[0].quantity) <= answer

    def drawn(self, random: np.random.Generator, rule: TargetRule | OrderCheck) -> dict[str, Any]:
        """Return a random order: an entry, an addition or a reduction, which never crosses zero."""
        size, side = float(random.lognormal(3.0, 1.5)), float(random.choice([-1.0, 1.0]))
        price = float(random.lognormal(4.0, 1.0))
        return {
            **super().drawn(random, rule),
            "quantity": side * size,
            "held": float(random.choice([0.0, side * size, -side * size * 2.0])),
            "price": price,
            "mark": price * float(random.lognormal(0.0, 0.05)),
            "multiplier": float(random.choice([1.0, 100.0])),
            "level": int(random.integers(RUNNING, FREEZE + 1)),
            "free": float(random.lognormal(9.0, 2.0)),
            "unit": price,
            "variable_fee": 0.005,
            "smallest_fee": 1.0,
        }

    def test_it_answers_with_a_number_of_units(self) -> None:
        """The answer to an ordinary order is a float, 0 or more."""
        check = self.component()
        for given in self._draws(check):
            answer = self.asked(check, given)
            if not isinstance(answer, float) or not answer >= 0.0:
                fix = "return abs(order.quantity), a smaller size, or 0.0 to refuse"
                raise broken(expected=f"a float of units, 0 or more, for {given}", found=repr(answer), fix=fix)

    def test_input_stays_as_it_was(self) -> None:
        """Asked again, the same order gets the same answer: a check remembers nothing."""
        check = self.component()
        for given in self._draws(check):
            first, second, third = (self._plain(self.asked(check, given)) for _ in range(3))
            if not np.array_equal([first, first], [second, third], equal_nan=True):
                fix = "judge an order by its view alone; a check has no memory"
                raise broken(expected=f"{first} for {given} when asked again", found=f"{second} and {third}", fix=fix)
