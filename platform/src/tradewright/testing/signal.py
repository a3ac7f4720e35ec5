"""What every signal must do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
import pytest

from tradewright.errors import PluginError, TradewrightError
from tradewright.host.components import Signal
from tradewright.signals.causality import BARS_MIN, check
from tradewright.signals.evaluate import evaluate, opinion
from tradewright.testing import processes
from tradewright.testing.comparison import described, first_difference, row
from tradewright.testing.contract import SEEDS, ComponentContract
from tradewright.testing.markets import bars_of, extreme_closes, market
from tradewright.testing.wording import broken, refused
from tradewright.values.forecast import Forecast
from tradewright.values.history import History

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tradewright.values.bars import Bars

EXACT = 1024.0
"""Prices times a power of two have the same digits, so a signal without a scale says the very same."""

STOPS = 12
"""Lengths at which a growing history is asked."""

SPARE_BARS = 60
"""Bars beyond twice the warm-up that a market for a test has."""


class SignalContract(ComponentContract):
    """Tests of a signal.

    Attributes:
        scale_free: Whether prices in another unit give the same forecast; False for one that reads price levels.
        needs_all_history: True for a signal that never forgets, such as a mean since the first bar.
        cuts_each: Cuts of each kind that the causality gate makes; fewer for a signal that takes seconds.
    """

    kind = "signal"
    protocol = Signal

    scale_free: ClassVar[bool] = True
    needs_all_history: ClassVar[bool] = False
    cuts_each: ClassVar[int] = 6

    def view(self) -> History:
        """Return a history with gaps and a late start on which the signal has opinions."""
        return History(market(2 * self._warmup() + 240, gaps=True))

    def answer(self) -> bytes:
        """Return the forecast on `view()`."""
        return self._whole()

    # ---- what it says -----------------------------------------------------------------------------------------

    def test_forecast_is_sound_even_in_extreme_markets(self) -> None:
        """Scores lie in [-1, 1] and confidences in [0, 1], without NaN, and the warm-up has no opinion."""
        self._ask(bars_of(extreme_closes(2 * self._warmup() + SPARE_BARS)))

    def test_it_has_an_opinion(self) -> None:
        """A suite on a signal that says nothing would prove nothing."""
        if not opinion(self._ask(self.view().bars)).any():
            fix = "override `view()` with a history on which the signal speaks, or choose shorter options"
            raise broken(expected="an opinion somewhere on `view()`", found="none at all", fix=fix)

    def test_short_histories_are_no_error(self) -> None:
        """On the first days of a new asset there is little history, and that is no reason to fail."""
        warmup = self._warmup()
        for n_bars in sorted({0, 1, 2, warmup, warmup + 1}):
            self._ask(market(n_bars))

    def test_closes_alone_are_enough_or_refused_in_a_sentence(self) -> None:
        """Some sources have neither ranges nor volumes: `bars.open` and `bars.volume` are None then."""
        bars = attrs.evolve(self.view().bars, open=None, high=None, low=None, volume=None)
        try:
            evaluate(self._word(), self.component(), History(bars))
        except PluginError as error:
            if not isinstance(error.__cause__, TradewrightError):
                fix = 'raise tradewright.DataError("needs volumes, ...") where a column is None'
                raise broken(
                    expected="a forecast or a DataError on closes alone", found=str(error), fix=fix
                ) from error

    def test_scale_of_prices_does_not_matter(self) -> None:
        """Cents instead of dollars, or a split that is adjusted away, must not change an opinion."""
        if not self.scale_free:
            pytest.skip("scale_free = False: it reads the level of prices")
        bars = self.view().bars
        whole = self._ask(bars)
        for factor in (EXACT, 1.0 / EXACT):
            grids = {
                name: grid * factor
                for name in ("open", "high", "low", "close")
                if (grid := getattr(bars, name)) is not None
            }
            where = first_difference(whole, self._ask(attrs.evolve(bars, **grids)))
            if where is not None:
                fix = "use returns or ratios of prices; set scale_free = False where the level is meant"
                found = f"another score or confidence at (bar, asset) = {where}"
                raise broken(expected=f"the same forecast with every price times {factor:g}", found=found, fix=fix)

    # ---- gaps and a growing universe --------------------------------------------------------------------------

    def test_asset_that_starts_later_changes_nothing_before(self) -> None:
        """Until it has a bar, an asset must not show in what is said of the others."""
        closes = market(2 * self._warmup() + SPARE_BARS, 3).close.copy()
        start = len(closes) // 2 + self._warmup() // 2
        closes[:start, 2] = np.nan
        bars = bars_of(closes)
        where = first_difference(self._ask(bars.only(("A0", "A1"))), self._ask(bars), rows=start, assets=2)
        if where is not None:
            fix = "leave missing prices out of what is computed across assets: nanmean, nansum, or the traded mask"
            found = f"another score or confidence at (bar, asset) = {where}"
            raise broken(
                expected=f"rows before bar {start} as without the asset that starts there", found=found, fix=fix
            )

    def test_gaps_do_not_silence_it_for_ever(self) -> None:
        """After some missing bars, opinions come back within the warm-up."""
        bars = market(3 * self._warmup() + SPARE_BARS, 2)
        closes = bars.close.copy()
        gap = self._warmup() + 5
        closes[gap : gap + 5, 0] = np.nan
        later = gap + 5 + self._warmup() + 1
        before, after = (opinion(self._ask(one))[later:, 0] for one in (bars, bars_of(closes)))
        if before.any() and not after.any():
            fix = "compute on the bars that traded: `close[traded]`, or fill forward before cumulating"
            found = "none from there to the end; a NaN has spread"
            raise broken(
                expected=f"opinions on A0 again after the gap of bars {gap} to {gap + 4}", found=found, fix=fix
            )

    # ---- warm-up ----------------------------------------------------------------------------------------------

    def test_warm_up_ends_where_the_first_opinion_comes(self) -> None:
        """The first opinion, on rising, falling and random prices, comes at row `warmup_bars` and not later."""
        warmup, n_bars = self._warmup(), 2 * self._warmup() + SPARE_BARS
        markets = [market(n_bars, seed=seed, drift=drift) for seed, drift in enumerate((0.02, -0.02, 0.0, 0.0, 0.0))]
        firsts = [np.flatnonzero(opinion(self._ask(bars)).any(axis=1))[:1] for bars in markets]
        if not any(len(first) for first in firsts):
            fix = "give the suite options with a shorter warm-up"
            raise broken(expected=f"an opinion within {n_bars} bars", found="none", fix=fix)
        first = min(int(first[0]) for first in firsts if len(first))
        if first > warmup:
            fix = f"declare warmup_bars = {first}, so that live trading loads that much history"
            raise broken(
                expected=f"an opinion at row warmup_bars = {warmup}", found=f"the first one at row {first}", fix=fix
            )

    def test_warm_up_is_all_the_history_it_needs(self) -> None:
        """A forecast from the last `warmup_bars + 1` bars alone is that from all of the history."""
        if self.needs_all_history:
            pytest.skip("needs_all_history = True: live trading has to load everything")
        warmup = self._warmup()
        bars = market(2 * warmup + SPARE_BARS)
        whole = self._ask(bars)
        for stop in range(bars.n_bars - 40, bars.n_bars, 8):
            alone = self._ask(bars.between(stop - warmup - 1, stop))
            if first_difference(row(whole, stop - 1), row(alone, -1)) is not None:
                fix = "declare a longer warmup_bars, no opinion from half-filled windows; or needs_all_history = True"
                found = f"{alone.score[-1]} instead of {whole.score[stop - 1]} at bar {stop - 1}"
                raise broken(expected=f"the same scores from the last {warmup + 1} bars alone", found=found, fix=fix)

    # ---- causality --------------------------------------------------------------------------------------------

    def test_it_does_not_look_ahead(self) -> None:
        """No forecast changes when the bars after it do: the gate of `tradewright signals check`."""
        bars = self.view().bars
        if bars.n_bars < self._warmup() + BARS_MIN:
            fix = f"let `view()` have {self._warmup() + BARS_MIN} bars or more"
            raise broken(expected="a history long enough for a verdict", found=f"{bars.n_bars} bars", fix=fix)
        try:
            verdict = check(self._word(), self.component, History(bars), each=self.cuts_each)
        except PluginError as error:
            raise refused(
                error, expected="the signal to answer on every cut history", fix="mend what it raises"
            ) from error
        if verdict.cause is not None:
            wanted = "every forecast to stay as it was with other bars after it"
            raise broken(
                expected=wanted, found=f"{described(verdict.first)}; {verdict.cause.text}", fix=verdict.cause.fix
            )

    def test_nothing_is_remembered_from_a_longer_history(self) -> None:
        """A process that has seen only the beginning says of it what one says that was shown all of it at once."""
        bars = self.view().bars
        growing, first = processes.answers(type(self), [("_grown", SEEDS[0]), ("_whole", SEEDS[0])])
        for answer in (growing, first):
            if answer.error:
                fix = "let the test file import on its own: no relative imports, and what it needs installed"
                raise broken(expected="an answer in a fresh process", found=answer.error, fix=fix)
        stops = self._stops(bars)
        parts = _read(growing.text, stops, bars.n_assets)
        whole = next(_read(first.text, [bars.n_bars], bars.n_assets))
        for stop, part in zip(stops, parts, strict=True):
            where = first_difference(_beginning(whole, stop), part)
            if where is not None:
                raise broken(
                    expected=f"{stop} bars to give the first {stop} forecasts that {bars.n_bars} give elsewhere",
                    found=f"another score or confidence at (bar, asset) = {where}: it looks ahead, and remembers",
                    fix="keep nothing in the module, a class or functools.cache that answers another question later",
                )

    def test_input_stays_as_it_was(self) -> None:
        """The history is shared with every other signal."""
        given, untouched = self.view(), self.view()
        self.component().compute(given)
        if given != untouched:
            raise broken(
                expected="the history as it was before",
                found="other numbers in it",
                fix="copy an array before changing it",
            )

    # ---- asking -----------------------------------------------------------------------------------------------

    def _ask(self, bars: Bars) -> Forecast:
        """Return what a fresh component says, through the checks of the kernel."""
        try:
            return evaluate(self._word(), self.component(), History(bars))
        except PluginError as error:
            wanted = f"a sound forecast of {bars.n_bars} bars of {', '.join(bars.symbols)}"
            raise refused(
                error, expected=wanted, fix="see what the kernel checks in docs/reference/signals.md"
            ) from error

    def _whole(self) -> bytes:
        """Return the forecast on `view()`; what another process is asked."""
        return _written([self._ask(self.view().bars)])

    def _grown(self) -> bytes:
        """Return the forecasts on growing beginnings of `view()`, each longer than all that was asked before."""
        bars = self.view().bars
        return _written([self._ask(bars.until(stop)) for stop in self._stops(bars)])

    def _stops(self, bars: Bars) -> list[int]:
        """Return the lengths at which the growing history is asked, past the warm-up and below its own."""
        first = min(self._warmup() + 2, bars.n_bars)
        return sorted({int(stop) for stop in np.linspace(first, bars.n_bars, STOPS, endpoint=False)})

    def _word(self) -> str:
        return self.spec().name

    def _warmup(self) -> int:
        found: Any = self.component().warmup_bars
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise broken(
                expected="warmup_bars to be a count of bars, 0 or more", found=repr(found), fix="return an int"
            )
        return found


def _written(forecasts: Sequence[Forecast]) -> bytes:
    return b"".join(one.score.tobytes() + one.confidence.tobytes() for one in forecasts)


def _read(text: str, lengths: Sequence[int], n_assets: int) -> Iterator[Forecast]:
    """Yield the forecasts of these lengths that `_written` wrote, as hexadecimal digits."""
    numbers, at = np.frombuffer(bytes.fromhex(text)), 0
    for n_bars in lengths:
        size = n_bars * n_assets
        score, confidence = (part.reshape(n_bars, n_assets) for part in np.split(numbers[at : at + 2 * size], 2))
        yield Forecast(score, confidence)
        at += 2 * size


def _beginning(forecast: Forecast, stop: int) -> Forecast:
    return Forecast(forecast.score[:stop], forecast.confidence[:stop])
