"""What every source of prices must do."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from tradewright.errors import ConfigError, DataError, PluginError, UsageError
from tradewright.host.components import DataSource
from tradewright.testing.asked_source import ERRORS, AskedSource
from tradewright.testing.wording import broken, refused
from tradewright.values.bars import GRIDS, Bars

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import date


class DataSourceContract(AskedSource):
    """Tests of a data source.

    Attributes:
        other_bar: A length of bars that it does not have, None when it has all.
        unknown: A symbol that it does not have.
        fails_over: Whether it has a second line that brings the same bars while the first one is cut.
    """

    kind = "data-source"
    protocol = DataSource

    other_bar: ClassVar[str | None] = "13m"
    unknown: ClassVar[str] = "NO.SUCH"
    fails_over: ClassVar[bool] = False

    def interrupted(self) -> AbstractContextManager[object] | None:
        """Return a context in which the prices cannot be reached, None for a source that cannot be cut off."""

    def with_gap(self) -> AbstractContextManager[date] | None:
        """Return a context in which the first symbol lacks the session that it yields; None when there is no way."""

    def answer(self) -> bytes:
        """Return every number of the bars."""
        bars = self._bars()
        grids = [getattr(bars, name) for name in ("opened_at", "closed_at", "session", *GRIDS)]
        return b"".join(grid.tobytes() for grid in grids if grid is not None)

    # ---- what was asked for -----------------------------------------------------------------------------------

    def test_bars_are_those_asked_for(self) -> None:
        """Columns stand in the order of the request, and prices are adjusted as it says."""
        for symbols in (self.symbols, self.symbols[::-1], self.symbols[:1]):
            bars = self._bars(symbols=symbols)
            if bars.symbols != symbols or bars.adjustment != self.adjustment or not bars.n_bars:
                found = f"{bars.n_bars} bars of {', '.join(bars.symbols)}, adjusted for {bars.adjustment}"
                wanted = f"bars of {', '.join(symbols)}, adjusted for {self.adjustment}"
                raise broken(expected=wanted, found=found, fix="build columns in the order of request.symbols")

    def test_range_is_kept(self) -> None:
        """`first_on` and `last_on` are sessions, both included, and a shorter range has the same bars."""
        whole = self._bars()
        first, last = whole.session[whole.n_bars // 3], whole.session[whole.n_bars // 2]
        part = self._bars(first_on=first.item(), last_on=last.item())
        inside = np.flatnonzero((whole.session >= first) & (whole.session <= last))
        wanted = whole.between(int(inside[0]), int(inside[-1]) + 1)
        if part != wanted:
            found = f"{part.n_bars} bars from {part.session[:1]} to {part.session[-1:]}"
            fix = "cut with tradewright.data.align.select, and compute nothing from the range"
            raise broken(expected=f"the {wanted.n_bars} bars from {first} to {last}", found=found, fix=fix)

    def test_unknown_symbol_is_refused_by_name(self) -> None:
        """One that does not exist is an error that names it."""
        self._refused("symbols", self.unknown, symbols=(self.unknown,))

    def test_bar_it_does_not_have_is_refused(self) -> None:
        """Daily bars are never passed off as others."""
        if self.other_bar is None:
            pytest.skip("other_bar = None: it has bars of every length")
        self._refused("bar", self.other_bar, bar=self.other_bar)

    def _refused(self, key: str, value: str, **asked: Any) -> None:
        wanted = f"a DataError that names {value}"
        try:
            bars = self._asked(self.component(), **asked)
        except (DataError, ConfigError) as error:
            if value in str(error) and error.fix:
                return
            fix = f'raise DataError("... {value} ...", key="{key}", fix="what to do")'
            raise broken(expected=f"{wanted}, and a fix", found=f"{error}; fix: {error.fix}", fix=fix) from error
        except (PluginError, UsageError) as error:
            raise refused(
                error, expected=wanted, fix=f'raise tradewright.DataError(..., key="{key}", fix="...")'
            ) from error
        raise broken(expected=wanted, found=f"{bars.n_bars} bars", fix="look the request up before building bars")

    # ---- time -------------------------------------------------------------------------------------------------

    def test_bars_are_ordered_by_when_they_are_known(self) -> None:
        """A bar is known at `closed_at`, which rises; it opens before, and sessions never go back."""
        bars = self._bars()
        flawed = bars.opened_at >= bars.closed_at
        for stamps in (bars.session, bars.opened_at):
            flawed[1:] |= stamps[1:] < stamps[:-1]
        if flawed.any():
            fix = "sort by time, and give each bar its own start and end"
            wanted = "bars in order, each opening before it closes"
            raise broken(expected=wanted, found=_shown(bars, int(np.argmax(flawed))), fix=fix)

    def test_times_are_utc_and_within_the_sessions(self) -> None:
        """Each bar lies in its exchange session in UTC; the close of a daily bar is that of the session."""
        bars, sessions = self._bars(), self._sessions()
        at = np.minimum(np.searchsorted(sessions.date, bars.session), len(sessions) - 1)
        inside = (bars.opened_at >= sessions.opened_at[at]) & (bars.closed_at <= sessions.closed_at[at])
        inside &= sessions.date[at] == bars.session
        if self.bar == "1d":
            inside &= bars.closed_at == sessions.closed_at[at]
        if not inside.all():
            row = int(np.argmin(inside))
            hours = f"{sessions.opened_at[at[row]]} to {sessions.closed_at[at[row]]} on {sessions.date[at[row]]}"
            fix = "place days with tradewright.data.stamps.place_days, and convert local times to UTC"
            wanted = f"bars within the sessions of {self.calendar}: {hours}"
            raise broken(expected=wanted, found=_shown(bars, row), fix=fix)

    def test_no_bar_is_invented(self) -> None:
        """Where an asset did not trade every price is NaN, and where it did every price is a number."""
        bars = self._bars()
        for name in ("close", "open", "high", "low", "volume"):
            grid = getattr(bars, name)
            if grid is not None and (wrong := np.argwhere(np.isfinite(grid) != bars.traded)).size:
                row, asset = wrong[0]
                found = f"{name} {grid[row, asset]} on {bars.session[row]}, traded={bars.traded[row, asset]}"
                fix = "leave missing bars NaN with traded False: no filling, no bar from a quote alone"
                raise broken(expected="prices exactly where the asset traded", found=found, fix=fix)

    def test_prices_can_be_true(self) -> None:
        """The kernel's own check of prices, which runs before every backtest, finds nothing that stops it."""
        for finding in self._findings(self._bars()):
            if finding.fatal and finding.kind != "session":
                raise refused(finding.error(), expected="prices that can be true", fix="mend or refuse them")

    def test_gap_is_reported_and_not_filled(self) -> None:
        """A session that the origin lacks is missing here, too, so that the kernel can say so."""
        gap = self.with_gap()
        if gap is None:
            pytest.skip("with_gap() gives no way to take a session away")
        with gap as missing:
            bars = self._bars(symbols=self.symbols[:1])
            gaps = [finding for finding in self._findings(bars) if finding.kind == "gap"]
        filled = bool(bars.traded[bars.session == np.datetime64(missing)].any())
        if filled or not gaps:
            fix = "leave the session out, or mark it traded=False with NaN prices"
            wanted = f"no bar on {missing}, and a gap that the kernel's check finds"
            raise broken(expected=wanted, found="a bar" if filled else "no gap", fix=fix)

    # ---- a line that is cut -----------------------------------------------------------------------------------

    def test_cut_is_an_error_or_failed_over(self) -> None:
        """While prices cannot be reached it raises a DataError, or brings the same bars on a second line."""
        source, cut = self.component(), self._cut()
        before, said = self._asked(source), None
        with cut:
            try:
                found: object = self._asked(source)
            except ERRORS as error:
                found, said = error, str(error)
        if self.fails_over and found != before:
            fix = "ask the second line for the very same request when the first one fails"
            raise broken(expected="the same bars on a second line", found=said or "other bars", fix=fix)
        if not self.fails_over and not isinstance(found, DataError):
            fix = "catch the client's errors and raise tradewright.DataError; answer from no cache unasked"
            raise broken(expected="a DataError while the prices cannot be reached", found=said or "bars", fix=fix)

    def test_same_source_goes_on_after_a_cut(self) -> None:
        """Once the prices can be reached again the same object answers as before."""
        source, cut = self.component(), self._cut()
        before = self._asked(source)
        with cut, suppress(*ERRORS):
            self._asked(source)
        try:
            after = self._asked(source)
        except ERRORS as error:
            fix = "open a new connection when one is dead"
            raise refused(error, expected="the same source to go on after the cut", fix=fix) from error
        if after != before:
            raise broken(expected="the same bars as before the cut", found="others", fix="keep no half answer")

    def _cut(self) -> AbstractContextManager[object]:
        cut = self.interrupted()
        if cut is None:
            pytest.skip("interrupted() gives no way to cut it off")
        return cut

    def test_input_stays_as_it_was(self) -> None:
        """Asked twice, the same object gives the same bars."""
        source = self.component()
        one, two = self._asked(source), self._asked(source)
        if one != two:
            fix = "give each request arrays of its own, and keep nothing that one request changes"
            raise broken(expected="the same bars when asked again", found="others", fix=fix)


def _shown(bars: Bars, row: int) -> str:
    return f"bar {row} of session {bars.session[row]} from {bars.opened_at[row]} to {bars.closed_at[row]}"
