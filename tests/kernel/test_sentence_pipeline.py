"""From prices to one strategy's target weights, when its signals fail."""

from __future__ import annotations

import inspect
from datetime import date
from typing import Any

import attrs
import numpy as np
import pytest
from tradewright.errors import PluginError
from tradewright.optimize.simple import EqualWeight
from tradewright.sentence.pipeline import targets
from tradewright.sentence.strategies import Strategy
from tradewright.values.bars import Bars
from tradewright.values.forecast import Forecast
from tradewright.values.history import History
from tradewright.values.instrument import Instrument

DAYS = np.arange("2024-01-02", "2024-01-05", dtype="datetime64[D]")
BARS = Bars(
    instruments=(Instrument(symbol="SPY"),),
    opened_at=DAYS,
    closed_at=DAYS + np.timedelta64(1, "D"),
    session=DAYS,
    close=[[100.0], [101.0], [102.0]],
    traded=[[True]] * 3,
)


class Long:
    warmup_bars = 0

    def compute(self, view: History) -> Forecast:
        return Forecast(score=np.ones((3, 1)), confidence=np.ones((3, 1)))


class Misspelt:
    warmup_bars = 0

    def compute(self, view: History) -> Any:
        return view.bars.clos  # type: ignore[attr-defined]  # the mistake that the test is about


def strategy(**signals: Any) -> Strategy:
    return Strategy(
        name="trend",
        symbols=("SPY",),
        signals=signals,
        missing={},
        weights=dict.fromkeys(signals, 1.0 / len(signals)),
        optimizer=("equal-weight", EqualWeight()),
        gross=1.0,
        rebalance="session",
        deadline=60.0,
    )


def test_targets_when_one_signal_fails_go_on_with_half_the_weight_and_say_why() -> None:
    found = targets(strategy(good=Long(), bad=Misspelt()), BARS)

    assert ["bad"] == list(found.missing)
    assert "'Bars' object has no attribute 'clos'" in str(found.missing["bad"])
    assert [[1.0]] * 3 == found.weights.tolist()


def test_targets_when_every_signal_fails_raise_the_reason_and_its_line() -> None:
    with pytest.raises(PluginError, match="no active signal is left of trend: raised AttributeError") as caught:
        targets(strategy(bad=Misspelt()), BARS)

    assert "mend or update the plugin of bad, " in str(caught.value.fix)
    assert (__file__, "bad.compute") == (caught.value.file, caught.value.key)
    assert caught.value.line == inspect.getsourcelines(Misspelt.compute)[1] + 1


def test_votes_are_weight_times_opinion_on_the_bars_of_decision() -> None:
    weekly = attrs.evolve(strategy(good=Long(), bad=Misspelt()), rebalance="week")
    found = targets(weekly, BARS)

    assert {"good": [[0.5]] * int(found.decided.sum())} == {name: v.tolist() for name, v in found.votes.items()}
    assert int(found.decided.sum()) < BARS.n_bars


# ---- what a model has seen -------------------------------------------------------------------------------


def raising(error: type[Exception]) -> property:
    def until(_: object) -> None:
        raise error("lost")

    return property(until)


@pytest.mark.parametrize(
    ("until", "reason"),
    [
        (raising(ValueError), "raised ValueError: lost"),
        (raising(AttributeError), "raised AttributeError: lost"),
        (raising(SystemExit), "raised SystemExit: lost"),
        ("2024-01-02", "must be a datetime.date or None, was str"),
        (np.datetime64("2024-01-02"), "must be a datetime.date or None, was datetime64"),
    ],
)
def test_targets_when_fitted_until_is_no_date_cost_that_signal_its_vote(until: object, reason: str) -> None:
    bad = type("Fitted", (Long,), {"fitted_until": until})()

    found = targets(strategy(good=Long(), bad=bad), BARS)

    assert ["bad"] == list(found.missing)
    assert (reason, "bad.fitted_until") == (found.missing["bad"].message, found.missing["bad"].key)
    assert [["good"], {}] == [list(found.votes), found.fitted]
    assert [[1.0]] * 3 == found.weights.tolist()


@pytest.mark.parametrize("until", [None, date(2024, 1, 2)])
def test_targets_when_fitted_until_is_a_date_or_none_keep_it(until: date | None) -> None:
    found = targets(strategy(good=type("Fitted", (Long,), {"fitted_until": until})()), BARS)

    assert {} == found.missing
    assert ({} if until is None else {"good": until}) == found.fitted
