"""The data source's contract: a sound one passes it, and for each of its tests a broken one fails that test alone."""

from __future__ import annotations

from contextlib import contextmanager

import attrs
import numpy as np
import pytest
import tradewright as tw
from contract_harness import Uninstalled, assert_only, contract_tests, failures
from tradewright.data.align import select
from tradewright.sessions import all_sessions, cache_folder
from tradewright.testing import ComponentContract, DataSourceContract

FIRST, LAST = np.datetime64("2024-02-05"), np.datetime64("2024-03-28")
HOURS = np.timedelta64(1, "h")


class Origin:
    """Where the prices are: it can be cut off, and can lose a session."""

    cut = False
    lost: np.datetime64 | None = None


@attrs.frozen(kw_only=True)
class Sound:
    """Prices of AAA and BBB; BBB has no bar on every tenth session."""

    def history(self, request: tw.DataRequest) -> tw.Bars:
        for symbol in request.symbols:
            if symbol not in self.known(request):
                raise tw.DataError(f"unknown symbol {symbol}", key="symbols", fix="choose AAA or BBB")
        if request.bar not in self.lengths():
            raise tw.DataError(f"has daily bars, was asked for {request.bar}", key="bar", fix='set bar = "1d"')
        if Origin.cut:
            raise self.cut_off()
        return self.selected(self.bars(self.ordered(request.symbols), request), request)

    def known(self, request):
        return ("AAA", "BBB")

    def lengths(self):
        return ("1d",)

    def cut_off(self) -> Exception:
        return tw.DataError("cannot be reached", fix="try again later")

    def ordered(self, symbols):
        return symbols

    def selected(self, bars, request):
        return select(bars, request.first_on, request.last_on)

    def bars(self, symbols, request) -> tw.Bars:
        days = all_sessions(request.calendar, cache=cache_folder(request.workspace)).between(FIRST, LAST)
        close = np.array([[100.0 + bar + len(symbol) for symbol in symbols] for bar in range(len(days))])
        lost = (days.date == Origin.lost)[:, None] if Origin.lost is not None else np.zeros((len(days), 1), bool)
        missing = np.array([[symbol == "BBB" and bar % 10 == 5 for symbol in symbols] for bar in range(len(days))])
        traded = ~(missing | lost)
        return tw.Bars(
            instruments=tuple(tw.Instrument(symbol=symbol) for symbol in symbols),
            opened_at=days.opened_at,
            closed_at=days.closed_at,
            session=days.date,
            close=np.where(traded, close, np.nan),
            traded=traded,
            adjustment=request.adjustment,
        )


class Contract(Uninstalled, DataSourceContract):
    spec_type = tw.DataSourceSpec
    made_of = Sound
    symbols = ("AAA", "BBB")

    @property
    def workspace(self):
        return WORKSPACE[0]

    @contextmanager
    def interrupted(self):
        Origin.cut = True
        try:
            yield
        finally:
            Origin.cut = False

    @contextmanager
    def with_gap(self):
        Origin.lost = np.datetime64("2024-02-14")
        try:
            yield Origin.lost.item()
        finally:
            Origin.lost = None


WORKSPACE: list = []
"""One folder for all classes: its calendar takes seconds to compute."""


@pytest.fixture(autouse=True)
def one_workspace(calendars, tmp_path_factory):
    if not WORKSPACE:
        folder = tmp_path_factory.mktemp("workspace")
        cache = cache_folder(folder)
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.symlink_to(calendars)
        WORKSPACE.append(folder)
    return WORKSPACE[0]


def of(component: type, **more: object) -> type[DataSourceContract]:
    return type(f"{component.__name__}Contract", (Contract,), {"made_of": component, **more})


# ---- broken sources ------------------------------------------------------------------------------------------


class Alphabetical(Sound):
    def ordered(self, symbols):
        return tuple(sorted(symbols))


class ExclusiveEnd(Sound):
    def selected(self, bars, request):
        whole = super().selected(bars, request)
        return whole if request.last_on is None else whole.until(whole.n_bars - 1)


class MakesUpSymbols(Sound):
    def known(self, request):
        return request.symbols


class MakesUpBars(Sound):
    def lengths(self):
        return ("1d", "13m")


class Pointlike(Sound):
    def bars(self, symbols, request):
        bars = super().bars(symbols, request)
        return attrs.evolve(bars, opened_at=bars.closed_at)


class LocalTime(Sound):
    def bars(self, symbols, request):
        bars = super().bars(symbols, request)
        return attrs.evolve(bars, opened_at=bars.opened_at - 5 * HOURS, closed_at=bars.closed_at - 5 * HOURS)


class FilledForward(Sound):
    def bars(self, symbols, request):
        bars = super().bars(symbols, request)
        close = bars.close.copy()
        for bar in range(1, len(close)):
            close[bar] = np.where(np.isnan(close[bar]), close[bar - 1], close[bar])
        return attrs.evolve(bars, close=close)


class Negative(Sound):
    def bars(self, symbols, request):
        bars = super().bars(symbols, request)
        close = bars.close.copy()
        close[2] = -1.0
        return attrs.evolve(bars, close=close)


class BridgesGaps(Sound):
    def bars(self, symbols, request):
        lost, Origin.lost = Origin.lost, None
        try:
            return super().bars(symbols, request)
        finally:
            Origin.lost = lost


class RawErrors(Sound):
    def cut_off(self):
        return ConnectionResetError(104, "Connection reset by peer")


class Restless(Sound):
    """It moves every price the second time that the same object is asked."""

    def __init__(self):
        object.__setattr__(self, "asked", [])

    def history(self, request):
        self.asked.append(1)
        bars = super().history(request)
        return attrs.evolve(bars, close=bars.close + (len(self.asked) == 2))


class DiesOnce(Sound):
    """Its connection is not opened again."""

    def __init__(self):
        object.__setattr__(self, "dead", [])

    def history(self, request):
        if Origin.cut:
            self.dead.append(1)
        if self.dead:
            raise tw.DataError("connection is closed", fix="start again")
        return super().history(request)


class SecondLine(Sound):
    def history(self, request):
        cut, Origin.cut = Origin.cut, False
        try:
            return self.second(super().history(request), cut)
        finally:
            Origin.cut = cut

    def second(self, bars, cut):
        return bars


class ShorterSecondLine(SecondLine):
    def second(self, bars, cut):
        return bars.until(bars.n_bars - 1) if cut else bars


BROKEN = {
    "test_bars_are_those_asked_for": (of(Alphabetical), "bars of AAA, BBB, adjusted"),
    "test_range_is_kept": (of(ExclusiveEnd), "bars from"),
    "test_unknown_symbol_is_refused_by_name": (of(MakesUpSymbols), "bars"),
    "test_bar_it_does_not_have_is_refused": (of(MakesUpBars), "bars"),
    "test_bars_are_ordered_by_when_they_are_known": (of(Pointlike), "bar 0 of session 2024-02-05"),
    "test_times_are_utc_and_within_the_sessions": (of(LocalTime), "2024-02-05T09:30"),
    "test_no_bar_is_invented": (of(FilledForward), "traded=False"),
    "test_prices_can_be_true": (of(Negative), "must be > 0, was -1"),
    "test_gap_is_reported_and_not_filled": (of(BridgesGaps), "found     a bar"),
    "test_cut_is_an_error_or_failed_over": (of(RawErrors), "ConnectionResetError"),
    "test_same_source_goes_on_after_a_cut": (of(DiesOnce), "connection is closed"),
    "test_input_stays_as_it_was": (of(Restless), "others"),
}


def test_contract_when_a_source_is_sound_passes_it():
    assert {} == failures(Contract)


@pytest.mark.parametrize("test", BROKEN)
def test_contract_when_a_source_is_broken_fails_that_test_alone(test):
    assert_only(BROKEN[test][0], test, BROKEN[test][1])


@pytest.mark.parametrize(
    ("component", "found"), [(SecondLine, None), (ShorterSecondLine, "other bars"), (Sound, "cannot be reached")]
)
def test_contract_when_a_source_fails_over_wants_the_same_bars(component, found):
    failed = failures(of(component, fails_over=True))

    assert ([] if found is None else ["test_cut_is_an_error_or_failed_over"]) == list(failed)
    assert found is None or f"found     {found}" in failed["test_cut_is_an_error_or_failed_over"]


def test_contract_when_a_source_answers_while_it_is_cut_off_asks_for_an_error():
    failed = failures(of(SecondLine))

    assert "found     bars" in failed["test_cut_is_an_error_or_failed_over"]


def test_contract_when_an_error_names_no_symbol_asks_for_it():
    class Vague(Sound):
        def history(self, request):
            if set(request.symbols) - {"AAA", "BBB"}:
                raise tw.DataError("no such thing")
            return super().history(request)

    failed = failures(of(Vague))

    assert ["test_unknown_symbol_is_refused_by_name"] == list(failed)
    assert "no such thing; fix: None" in failed["test_unknown_symbol_is_refused_by_name"]


def test_contract_when_no_symbols_are_named_asks_for_them():
    with pytest.raises(pytest.fail.Exception, match="symbols to ask for"):
        of(Sound, symbols=())().test_range_is_kept()


def test_contract_when_nothing_can_be_cut_off_leaves_those_tests_out():
    quiet = of(Sound, interrupted=lambda _: None, with_gap=lambda _: None, other_bar=None)

    for test in (
        "test_cut_is_an_error_or_failed_over",
        "test_same_source_goes_on_after_a_cut",
        "test_gap_is_reported_and_not_filled",
        "test_bar_it_does_not_have_is_refused",
    ):
        with pytest.raises(pytest.skip.Exception):
            getattr(quiet(), test)()


def test_workspace_of_a_class_is_prepared_once_and_is_its_own():
    prepared = []

    class Preparing(DataSourceContract):
        def prepare(self, workspace):
            prepared.append(workspace)

    one, again = Preparing().workspace, Preparing().workspace
    other = type("Other", (Preparing,), {})().workspace

    assert one == again != other
    assert [one, other] == prepared


def test_every_test_of_the_contract_has_a_broken_source():
    assert contract_tests(DataSourceContract) - contract_tests(ComponentContract) == set(BROKEN)
