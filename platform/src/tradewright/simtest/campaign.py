"""Many seeds one after the other: what they met, and for one that fails the fewest faults that make it fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tradewright.simtest.invariants import BrokenError
from tradewright.simtest.world import Case, World, case_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tradewright.sessions import Sessions

Make = type[World]
"""What plays a case; tests play worlds with a planted bug."""


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of one seed.

    Attributes:
        case: What was played.
        sessions: Those played.
        traded: Those of them in which something filled.
        orders: That reached the venue.
        starts: How often the agent was started again.
        person: How often a person has ended or taken over something.
        struck: How often each fault did, by name.
        checked: How often each invariant was looked at, by number.
        invariant: Number of the one that does not hold, 0 for none.
        what: What is wrong, and when; empty for nothing.
    """

    case: Case
    sessions: int
    traded: int
    orders: int
    starts: int
    person: int
    struck: Counter[str]
    checked: Counter[int]
    invariant: int = 0
    what: str = ""

    @property
    def command(self) -> str:
        """What plays exactly this again."""
        faults = ",".join(self.case.rates) or "none"
        per_row = "" if self.case.ahead else " --per-row"
        one = f"--first {self.case.seed} --seeds 1 --days {self.case.days} --faults {faults}"
        return f"tradewright simtest {one}{per_row}"


def play(case: Case, calendar: Sessions, folder: Path | None, make: Make = World) -> Outcome:
    """Play one case to its end, or to what must not happen: an error that nobody expects is invariant 13."""
    world = make(case, calendar, folder)
    number, what = 0, ""
    try:
        world.run()
    except BrokenError as broken:
        number, what = broken.number, f"{world.now:%Y-%m-%d %H:%M:%S} {broken}"
    except Exception as error:  # noqa: BLE001  # whatever an agent raises is what is looked for
        number, what = 13, f"{world.now:%Y-%m-%d %H:%M:%S} invariant 13: {type(error).__name__}: {error}"
    return Outcome(
        case=case,
        sessions=world.sessions[0],
        traded=world.sessions[1],
        orders=world.orders,
        starts=world.starts,
        person=world.person,
        struck=world.dice.struck,
        checked=world.invariants.checked,
        invariant=number,
        what=what,
    )


def shrink(failed: Outcome, calendar: Sessions, folder: Path | None, make: Make = World) -> Outcome:
    """Return the failure with as few faults as still break the same invariant: each is left out in turn."""
    smallest = failed
    for name in [*failed.case.rates]:
        rates = {other: rate for other, rate in smallest.case.rates.items() if other != name}
        tried = play(attrs.evolve(smallest.case, rates=rates), calendar, folder, make)
        if tried.invariant == failed.invariant:
            smallest = tried
    return smallest


def campaign(
    seeds: Iterable[int],
    days: int,
    faults: tuple[str, ...] | None,
    calendar: Sessions,
    folder: Path | None,
    tell: Callable[[int], None] | None = None,
    *,
    ahead: bool = True,
) -> list[Outcome]:
    """Play seeds up to the first that fails, which is shrunk and stands last.

    Args:
        seeds: In order.
        days: Sessions of each.
        faults: Those that are on; None lets each seed choose.
        calendar: Of the exchange.
        folder: Where compiled rules are kept.
        tell: Hears how many seeds are done.
        ahead: As a `Case` has it.
    """
    outcomes = []
    for done, seed in enumerate(seeds, 1):
        outcomes.append(play(case_of(seed, days, faults, ahead=ahead), calendar, folder))
        if outcomes[-1].invariant:
            outcomes[-1] = shrink(outcomes[-1], calendar, folder)
            break
        if tell is not None:
            tell(done)
    return outcomes
