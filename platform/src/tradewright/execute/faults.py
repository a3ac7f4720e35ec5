"""What can go wrong between an agent and its venue, by name: how often, and which of it a seed plays.

Messages are delayed, lost, repeated, reordered and split; what a venue fills at is never touched.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from random import Random


@attrs.frozen
class Fault:
    """One kind of fault.

    Attributes:
        name: `F` and its number in the specification.
        what: What happens.
        rate: How often, as a part of its occasions.
        when: The occasion.
    """

    name: str
    what: str
    rate: float
    when: str


CALL, REPORT, ROW, QUOTE, ACTION, MARKET = (
    "each call",
    "each report",
    "each row",
    "each quote",
    "each action",
    "prices",
)

FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("F5", "the answer to a call is lost, though it has arrived", 0.05, CALL),
        Fault("F6", "an order arrives up to 50 s after its submit has timed out", 0.03, CALL),
        Fault("F7", "a refusal comes after an answer that was lost, and the order stands", 0.02, CALL),
        Fault("F8", "a report comes twice, an execution now and then with other units", 0.08, REPORT),
        Fault("F9", "reports come up to 20 s late, and in another order", 0.10, REPORT),
        Fault("F10", "a report is lost", 0.05, REPORT),
        Fault("F11", "the venue cancels an order that rests, whatever has filled", 0.05, ROW),
        Fault("F12", "more fills than was ordered", 0.002, ROW),
        Fault("F13", "an execution is taken back", 0.005, ROW),
        Fault("F14", "the venue asks to be called less often, with or without a time", 0.02, CALL),
        Fault("F15", "the venue does not let us in", 0.0001, CALL),
        Fault("F17", "the answer to a call cannot be read", 0.02, CALL),
        Fault("F18", "the stream stands and is silent for up to 3 minutes", 0.02, ROW),
        Fault("F19", "the stream is cut several times in a row", 0.03, ROW),
        Fault("F20", "the venue's clock is up to 2 s off, now and then 10 minutes or a thousandfold", 1.0, ROW),
        Fault("F22", "the venue is away for up to 5 minutes, and its resting orders vanish", 0.01, ROW),
        Fault("F23", "an order is refused for a reason", 0.03, CALL),
        Fault("F24", "a quote is older than it may be", 0.02, QUOTE),
        Fault("F25", "a quote is crossed, or has one side", 0.02, QUOTE),
        Fault("F28", "a symbol has no bar; a row comes again", 0.01, MARKET),
        Fault("F29", "shares are split overnight", 0.02, MARKET),
        Fault(
            "F30",
            "cash moves an hour before it is told, fees come at night, dividends 1 to 20 sessions late",
            0.02,
            ROW,
        ),
        Fault("F31", "a symbol is halted for some rows", 0.01, MARKET),
        Fault("F50", "somebody deposits, withdraws, or trades by hand", 0.002, ROW),
        Fault("F26", "a price or a volume of a row cannot be", 0.005, MARKET),
        Fault("F27", "a quote is 25 to 300 % off, and seldom a price of a row", 0.02, QUOTE),
        Fault("F1", "the agent dies before what it has decided is written", 0.0015, ACTION),
        Fault("F2", "the agent dies between what is written and what follows from it", 0.0015, ACTION),
        Fault("F3", "the agent dies between a submit and its answer", 0.01, ACTION),
        Fault("F4", "the agent dies between a fill and its entry", 0.015, ACTION),
        Fault("F35", "the power fails: what was not synced is lost", 0.0005, ACTION),
        Fault("F44", "an old copy of the ledger is restored, and put right by a person", 0.0002, ACTION),
    )
}
"""Every fault that can be switched on, by name."""


class Dice:
    """Faults that are on, and whether one strikes: all of it from one stream of random numbers.

    Args:
        rates: By name of the fault; what is not named never strikes.
        random: The stream.

    Attributes:
        struck: How often each has, by name.
        random: The stream, for how long and how much.
        is_healed: Whether nothing strikes any more.
    """

    def __init__(self, rates: Mapping[str, float], random: Random) -> None:
        self.struck: Counter[str] = Counter()
        self.random, self.is_healed = random, False
        self._rates = dict(rates)

    def plays(self, name: str) -> bool:
        """Say whether a fault is on at all."""
        return self._rates.get(name, 0.0) > 0.0

    def strikes(self, name: str, part: float = 1.0) -> bool:
        """Say whether a fault strikes now, a part as often as it may; one that is off takes no random number."""
        rate = self._rates.get(name, 0.0) * part
        if self.is_healed or not rate or self.random.random() >= rate:
            return False
        self.struck[name] += 1
        return True


def named(text: str) -> tuple[str, ...] | None:
    """Return the faults of a list such as `F5,F8`, none of `none`, and None, each seed's own choice, of `all`.

    Raises:
        ValueError: It names one that does not exist.

    >>> named("f5, F8"), named("none"), named("all")
    (('F5', 'F8'), (), None)
    """
    if text.lower() in {"all", "none"}:
        return None if text.lower() == "all" else ()
    names = tuple(part.strip().upper() for part in text.split(",") if part.strip())
    for name in names:
        if name not in FAULTS:
            raise ValueError(f"a fault must be one of {', '.join(FAULTS)}, was {name}")
    return names


def swarm(random: Random, names: Iterable[str] | None = None) -> dict[str, float]:
    """Return the rates of a random subset: faults that hide each other are seldom on together.

    Args:
        random: Where chance comes from; each fault's rate depends on it alone, whichever are named.
        names: Faults that are on in place of the subset, at the same rates.
    """
    chosen, wanted = {}, None if names is None else set(names)
    for name, fault in FAULTS.items():
        is_on, scale = random.random() < 0.5, random.choice([0.5, 1.0, 2.0])
        if is_on if wanted is None else name in wanted:
            chosen[name] = min(1.0, fault.rate * scale)
    return chosen
