"""The sentence made once and said over any rows: its components, its rules, and what it wants."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from engine_harness import prices
from paper_file import HALF, OTHER, parts, write
from sentence_parts import Always, Broken, Keeps, Momentum, sentence, strategy
from tradewright.config import Settings
from tradewright.errors import ConfigError, PluginError
from tradewright.risk import requested_halt, rulebook
from tradewright.sentence.parts import Sentence
from tradewright.values.bars import Bars

PAIR = prices([[100.0, 50.0]] * 5)


@pytest.fixture
def folder(workspace: Path, share_cache: Callable[[Path], None]) -> Path:
    share_cache(workspace)
    return workspace


def built(folder: Path, **changes: Any) -> Sentence:
    return Sentence.build(write(folder, **changes), parts(), None)


def two(folder: Path) -> Settings:
    closes = {"A": [100.0] * 5, "B": [50.0] * 5}
    return write(folder, closes, more=OTHER.format(symbol="B"), overrides=HALF)


# ---- built -----------------------------------------------------------------------------------------------


def test_build_makes_every_strategy_in_the_order_of_the_file(folder: Path) -> None:
    made = Sentence.build(two(folder), parts(), None)

    assert [("hold", ("A",)), ("other", ("B",))] == [(book.name, book.symbols) for book in made.books]
    assert isinstance(made.books[0].signals["always"], Always)
    assert made.children is None


def test_build_has_the_rules_of_the_mission_and_the_checks_that_are_always_on(folder: Path) -> None:
    made = built(folder, more="[checks]\norder-quantity = { limit = 1 }")

    assert {"drawdown-halt", "daily-loss", "risk-per-trade", "position-limit", "exposure"} <= dict(made.rules).keys()
    assert [*rulebook.ALWAYS, "order-quantity"] == [name for name, _ in made.checks]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"signal": "nobodys"}, "nobodys"),
        ({"optimizer": "nobodys"}, "nobodys"),
        ({"more": "[risk]\nmine = {}"}, "mine"),
    ],
)
def test_build_when_a_component_is_unknown_says_which(changes: dict[str, str], message: str, folder: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        built(folder, **changes)


def test_without_limits_is_the_same_with_physics_alone(folder: Path) -> None:
    made = built(folder, more="[checks]\norder-quantity = { limit = 1 }")
    free = made.without_limits()

    assert ((), ["finite", "session", "buying-power"]) == (free.rules, [name for name, _ in free.checks])
    assert made.books is free.books
    assert made.rules, "the one that it was made from has them still"


def test_on_request_has_one_rule_more_and_the_same_checks(folder: Path) -> None:
    made = built(folder)
    asked = made.on_request()

    assert (*made.rules, (requested_halt.NAME, requested_halt.RULE)) == asked.rules
    assert made.checks == asked.checks
    assert requested_halt.NAME not in dict(made.rules)


def test_fuse_has_the_rules_and_checks_by_name(folder: Path, rule_cache: Path) -> None:
    made = built(folder).on_request()
    fused = made.fuse(rule_cache)

    assert {*dict(made.rules), *dict(made.checks)} == {name for name, _ in fused.named}
    assert requested_halt.NAME in dict(fused.rules)


def test_capital_is_what_each_strategy_is_granted_at_the_start(folder: Path) -> None:
    made = Sentence.build(two(folder), parts(), None)

    assert [25_000.0, 12_500.0] == made.capital.tolist()


@pytest.mark.parametrize("resume", [0, 3])
def test_engine_settings_are_the_files_numbers(resume: int, folder: Path, rule_cache: Path) -> None:
    made = built(folder, more="[costs]\ncommission_min = 2.5\n[execution]\nparticipation = 0.04")
    found = made.engine_settings(prices([100.0]), made.fuse(rule_cache), 365, resume)

    assert (2.5, 0.04, 365.0, resume, True) == (
        found.commission_min,
        found.participation,
        found.sessions_per_year,
        found.resume_after,
        found.at_close,
    )


# ---- what it wants ---------------------------------------------------------------------------------------


def test_want_lays_out_what_each_strategy_wants_of_its_own_symbols() -> None:
    always = {"signals": {"always": Always()}}
    wanted = sentence(strategy("one", ("A1",), **always), strategy("other", ("A0",), gross=0.5, **always)).want(PAIR)

    assert ["one", "other"] == list(wanted.targets)
    assert [[0.0, 1.0], [0.5, 0.0]] == wanted.decisions.target[0].tolist()
    assert ([[True, True]] * 5, False) == (wanted.decisions.made.tolist(), wanted.decisions.asked.any())
    assert PAIR is wanted.bars


def test_want_when_no_signal_is_left_says_of_whom() -> None:
    with pytest.raises(PluginError, match="no active signal is left of trend"):
        sentence(strategy(signals={"broken": Broken()})).want(PAIR)


def test_want_of_a_strategy_that_is_asked_in_turn_waits_for_its_answer() -> None:
    always = {"signals": {"always": Always()}}
    wanted = sentence(
        strategy("one", ("A1",), optimizer=("keeps", Keeps()), **always), strategy("other", ("A0",), **always)
    ).want(PAIR)

    assert [[True, False]] * 5 == wanted.decisions.asked.tolist()
    assert np.isnan(wanted.decisions.target[:, 0, 1]).all()
    assert [0.0, 0.75] == wanted.answer(2, 0, np.array([0.9, 0.5])).tolist()
    assert [0.0, 0.0] == wanted.answer(2, 1, np.array([0.9, 0.5])).tolist(), "it is not asked"


# ---- another play ----------------------------------------------------------------------------------------


class Counted:
    """Makes optimizers that are asked in turn, and counts them."""

    def __init__(self) -> None:
        self.made: list[Keeps] = []

    def __call__(self) -> Keeps:
        self.made.append(Keeps(patience=0))
        return self.made[-1]


def test_afresh_has_an_optimizer_that_nobody_has_asked(folder: Path) -> None:
    count = Counted()
    made = Sentence.build(write(folder, optimizer="keeps"), parts(count), None)
    bars = attrs.evolve(PAIR.only(["A0"]), instruments=[attrs.evolve(PAIR.instruments[0], symbol="A")])
    wanted = made.want(bars)
    wanted.answer(0, 0, np.array([0.5]))
    again = made.afresh(wanted)

    assert (2, [1, 0]) == (len(count.made), [one.asked for one in count.made])
    assert (1, 0) == tuple(len(one.targets["hold"].breaches) for one in (wanted, again))
    again.answer(0, 0, np.array([0.5]))
    assert (1, 1, 1) == (count.made[0].asked, count.made[1].asked, len(again.targets["hold"].breaches))
    assert wanted.bars is again.bars


def test_afresh_of_what_is_known_ahead_is_the_same_decisions(folder: Path) -> None:
    made = built(folder)
    bars = attrs.evolve(PAIR.only(["A0"]), instruments=[attrs.evolve(PAIR.instruments[0], symbol="A")])
    wanted = made.want(bars)
    again = made.afresh(wanted)

    assert wanted.targets == again.targets
    assert wanted.decisions.target.tolist() == again.decisions.target.tolist()
    assert wanted.decisions.target is not again.decisions.target


# ---- strikes and warm-ups --------------------------------------------------------------------------------


def asked_of(bars: Bars, one: Sentence, book: int = 0) -> Any:
    wanted = one.want(bars)
    wanted.answer(bars.n_bars - 1, book, np.full(bars.n_assets, 0.5))
    return wanted


def test_strikes_and_answers_go_on_from_rows_before_oldest_first() -> None:
    one = sentence(strategy(signals={"always": Always()}, optimizer=("keeps", Keeps(patience=1))))
    first = asked_of(PAIR.until(2), one)
    second = one.want(PAIR.until(3)).with_strikes_of(first)
    second.answer(2, 0, np.array([0.5, 0.0]))
    third = one.want(PAIR.until(4)).with_strikes_of(second)

    assert [1] == [answer.bar for answer in third.targets["trend"].answers]
    assert [2] == [breach.bar for breach in third.targets["trend"].breaches]
    third.answer(3, 0, np.array([0.5, 0.0]))
    assert [2, 3] == [breach.bar for breach in third.targets["trend"].breaches]
    assert 1 == len(second.targets["trend"].breaches), "what was told before stays as it was"


def test_strikes_of_what_is_known_ahead_change_nothing() -> None:
    one = sentence(strategy(signals={"always": Always()}))
    wanted = one.want(PAIR.until(3))

    assert wanted is wanted.with_strikes_of(one.want(PAIR.until(2)))
    assert () == wanted.targets["trend"].answers


def test_warmups_are_those_of_every_signal_that_says_so() -> None:
    one = strategy("one", signals={"three": Momentum(3), "broken": Broken(), "inactive": None})

    assert [3, 0, 7] == sentence(one, strategy("other", signals={"a": Always(), "b": Momentum(7)})).warmups()
