"""What prices say of each row as it comes: prepared from the rows since an anchor, or for a whole recording ahead.

Prices alone decide forecasts, features and average volumes, so the same rows say the same whoever asks, and when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import attrs
import numpy as np

from tradewright.engine.known import Prepared, nothing_known
from tradewright.engine.run import lay_out
from tradewright.live.events import Answered, Lost, Opinion, RowPrepared
from tradewright.values.bars import GRIDS, Bars

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tradewright.engine.fuse import FusedRules
    from tradewright.sentence.parts import Sentence, Wanted
    from tradewright.values.arrays import FloatArray

ROWS_MIN = 1_000
"""Rows that are kept at least: the anchor moves when there are twice as many."""
WINDOWS_KEPT = 4
"""Windows, of the longest that is looked back over, that are kept at least."""


class Outlook(Protocol):
    """Who asks signals and features."""

    def known(self) -> Prepared:
        """Return what the rows before the first say."""
        ...

    def prepare(self, row: Bars, lost: Lost | None = None) -> RowPrepared:
        """Return what the row says, the rows before it in mind.

        Args:
            row: The row.
            lost: What is known to have been lost when it was prepared before: it is not asked for again.

        Raises:
            PluginError: No signal of a strategy is left.
        """
        ...

    def ask(self, book: int, held: FloatArray, replaced: str = "") -> Answered:
        """Return what a book wants that holds these weights, `(n_assets,)`; asked after its row was prepared.

        Args:
            book: Number of the strategy.
            held: Its weights.
            replaced: Why the answer is known to have been replaced before: it is not asked for again.
        """
        ...


class RowByRow:
    """Ask at every row, of all rows since an anchor, as an agent does that cannot know the next one.

    The anchor moves between sessions only: when twice the rows are kept that are needed, to the newest of them.

    Args:
        sentence: The components.
        fused: The loop with their rules.
        before: Rows before the first that is decided on; they may be none.
        strikes: How many answers of an optimizer that is asked in turn were replaced before, by strategy.
    """

    def __init__(
        self, sentence: Sentence, fused: FusedRules, before: Bars, strikes: Mapping[str, int] | None = None
    ) -> None:
        self._sentence, self._fused, self._rows = sentence, fused, before
        self._wanted: Wanted | None = None
        self._strikes = strikes or {}

    def known(self) -> Prepared:
        """Return what the rows before the first say."""
        if self._rows.n_bars == 0:
            return nothing_known(self._rows, self._fused, len(self._sentence.books))
        return self._said().known

    def prepare(self, row: Bars, lost: Lost | None = None) -> RowPrepared:
        """Return what the row says: see `Outlook`."""
        dropped = self._move_anchor() if self._begins_session(row) else 0
        self._rows = extend(self._rows, row)
        return attrs.evolve(self._said(lost), dropped=dropped)

    def ask(self, book: int, held: FloatArray, replaced: str = "") -> Answered:
        """Return what a book wants: see `Outlook`."""
        if self._wanted is None:
            raise RuntimeError("no row has been prepared")
        return _answered(self._wanted, self._sentence, self._rows.n_bars - 1, book, held, replaced)

    def _said(self, lost: Lost | None = None) -> RowPrepared:
        last = self._rows.n_bars - 1
        sentence = self._sentence if lost is None else self._sentence.without(lost.votes, lost.answers)
        wanted = sentence.want(self._rows, keep_said=True)
        if self._wanted is None:
            self._wanted = wanted.with_strikes(self._strikes)
        else:
            self._wanted = wanted.with_strikes_of(self._wanted)
        tape, matrices = lay_out(self._rows, self._fused, last)
        matrices.reach(last, last + 1)
        return _said(Prepared(tape, self._wanted.decisions, last), self._wanted, last, lost)

    def _begins_session(self, row: Bars) -> bool:
        return self._rows.n_bars > 0 and bool(self._rows.session[-1] != row.session[0])

    def _move_anchor(self) -> int:
        """Let go of old rows, whole sessions of them; return how many."""
        rows = self._rows
        if rows.n_bars < 2 * ROWS_MIN:
            return 0  # Signals need not be asked how far they look back.
        keep = max(ROWS_MIN, WINDOWS_KEPT * self._longest())
        if rows.n_bars < 2 * keep:
            return 0
        begins = np.flatnonzero(np.append(True, rows.session[1:] != rows.session[:-1]))
        anchor = int(begins[np.searchsorted(begins, rows.n_bars - keep, side="right") - 1])
        self._rows = rows.between(anchor, rows.n_bars)
        return anchor

    def _longest(self) -> int:
        """Return the longest window that anything looks back over, in rows."""
        n_sessions = max(1, int(self._rows.session_number[-1]) + 1)
        per_session = -(-self._rows.n_bars // n_sessions)
        features = [feature.window for part in self._fused.parts for feature in part.features]
        matrices = [matrix.window for part in self._fused.parts for matrix in part.matrices]
        windows = [window * per_session for window in (*features, *matrices)]
        return max([*self._sentence.warmups(), *windows], default=0)


class Ahead:
    """Ask once, of a whole recording, and hand out row by row what was said: the same, and quicker.

    Args:
        sentence: The components.
        fused: The loop with their rules.
        bars: The recording.
        start: First row that is decided on.
        strikes: As `RowByRow` takes them.
        lost: Votes that are known to have been lost when the recording was asked before.
    """

    def __init__(
        self,
        sentence: Sentence,
        fused: FusedRules,
        bars: Bars,
        start: int,
        *,
        strikes: Mapping[str, int] | None = None,
        lost: Lost | None = None,
    ) -> None:
        self._sentence, self._lost = sentence, lost
        asked = sentence if lost is None else sentence.without(lost.votes)
        self._wanted = asked.want(bars, keep_said=True).with_strikes(strikes or {})
        self._tape, self._matrices = lay_out(bars, fused, start)
        self._bar = start - 1
        self._nothing = nothing_known(bars, fused, len(sentence.books))

    def known(self) -> Prepared:
        """Return what the rows before the first say."""
        return self._nothing if self._bar < 0 else Prepared(self._tape, self._wanted.decisions, self._bar)

    def prepare(self, row: Bars, lost: Lost | None = None) -> RowPrepared:  # noqa: ARG002  # it is known already
        """Return what the next row says: see `Outlook`."""
        self._bar += 1
        self._matrices.reach(self._bar, self._bar + 1)
        known = Prepared(self._tape, self._wanted.decisions, self._bar)
        return _said(known, self._wanted, self._bar, self._lost)

    def ask(self, book: int, held: FloatArray, replaced: str = "") -> Answered:
        """Return what a book wants: see `Outlook`."""
        return _answered(self._wanted, self._sentence, self._bar, book, held, replaced)


def _answered(wanted: Wanted, sentence: Sentence, bar: int, book: int, held: FloatArray, replaced: str) -> Answered:
    """Ask the optimizer of a book, and say whether the answer is its own."""
    targets = wanted.targets.get(sentence.books[book].name)
    if targets is None or targets.in_turn is None:
        return Answered(book, wanted.answer(bar, book, held))
    breaches, targets.in_turn.given = targets.in_turn.breaches, replaced
    before = len(breaches)
    target = wanted.answer(bar, book, held)
    replaced = "".join(one.reason for one in breaches[before:])
    return Answered(book, target, strikes=wanted.strikes(sentence.books[book].name), replaced=replaced)


def _said(known: Prepared, wanted: Wanted, bar: int, given: Lost | None) -> RowPrepared:
    """Add who said what of the row, and who could not."""
    opinions: dict[str, Mapping[str, Opinion]] = {}
    combined: dict[str, FloatArray] = {}
    for name, one in wanted.targets.items():
        if one.decided[bar] and one.said is not None:
            opinions[name] = {
                signal: Opinion(forecast.score[bar], forecast.confidence[bar])
                for signal, forecast in one.said.forecasts.items()
            }
            combined[name] = one.said.combined[bar]
    missing = {
        name: {signal: str(error) for signal, error in one.missing.items()}
        for name, one in wanted.targets.items()
        if one.missing
    }
    lost = _lost(wanted, bar, given or Lost())
    return RowPrepared(known, opinions=opinions, combined=combined, missing=missing, lost=lost)


def _lost(wanted: Wanted, bar: int, given: Lost) -> Lost:
    """Return what was lost on a row, and what is given to have been lost."""
    votes, answers = dict(given.votes), dict(given.answers)
    for name, one in wanted.targets.items():
        if one.lost:
            votes[name] = {**votes.get(name, {}), **{signal: str(one.missing[signal]) for signal in one.lost}}
        if why := one.replaced(bar):
            answers[name] = why
    return Lost(votes, answers)


def extend(rows: Bars, row: Bars) -> Bars:
    """Return the rows with one more, of the same instruments and columns.

    Args:
        rows: What is known.
        row: One row; where it does not end its session it says so.
    """
    fields: dict[str, Any] = attrs.asdict(rows, recurse=False)
    for name in ("opened_at", "closed_at", "session", *GRIDS):
        if fields[name] is not None:
            fields[name] = _joined(fields[name], getattr(row, name))
    fields["ends"] = _joined(rows.session_ends, row.session_ends)
    fields["closes_at"] = _joined(rows.session_closes_at, row.session_closes_at)
    return Bars(**fields)


def _joined(rows: NDArray[Any], row: NDArray[Any]) -> NDArray[Any]:
    """Return both as one array that refuses writes, so that `Bars` need not copy it once more."""
    joined = np.concatenate([rows, row])
    joined.setflags(write=False)
    return joined
