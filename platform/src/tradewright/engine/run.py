"""Run the compiled loop over a history, segment by segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.engine import state as states
from tradewright.engine.blame import call
from tradewright.engine.decide import WORK
from tradewright.engine.log import make_log
from tradewright.engine.matrices import Matrices
from tradewright.engine.tape import make_tape
from tradewright.risk.computed import numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradewright.engine.fuse import FusedRules
    from tradewright.engine.state import State, Table
    from tradewright.engine.tape import Decisions, Settings, Tape
    from tradewright.risk.contract import Feature
    from tradewright.values.arrays import FloatArray, IntArray
    from tradewright.values.bars import Bars

    Answer = Callable[[int, int, FloatArray], FloatArray]

BUFFER_ROWS = 4096  # Fills, and events, between two drains.
TOLD_MIN = 50  # Segments when somebody watches the progress.


@attrs.frozen(kw_only=True)
class Trace:
    """What a run leaves behind.

    Attributes:
        equity: At each close, in currency, `(n_bars, n_rows)`.
        curve: Equity, nav, exposures and costs at each session's close, `(n_sessions, n_rows)` of `engine.log.CURVE`.
        fills: `engine.log.FILL`, in the order they happened.
        actions: Splits and dividends that acted on a position, `engine.log.ACTION`, in the order they did.
        events: Halts, lifts and capital steps, `engine.log.EVENT`.
        state: The state after the last bar.
        counted: Bar that ends each segment that was played, rising, `(n_segments,)`.
        counters: What each rule had cut by then, `(n_segments, n_rules)` of `engine.state.COUNTER`.
    """

    equity: FloatArray
    curve: Table
    fills: Table
    actions: Table
    events: Table
    state: State
    counted: IntArray
    counters: Table


class Simulation:
    """A run that can stop and go on at any bar; any split of the bars gives the same bytes.

    Args:
        bars: Prices.
        decisions: What each book wants on each bar.
        settings: Costs, execution and capital policy.
        fused: The loop with its rules.
        capital: Money granted to each book at the start, `(n_books,)`.
        start: First bar to play; earlier bars only feed the rules' windows.
        answer: Called where a book is to be asked, at a bar's close with `(bar, book, held)`; returns what the book
            wants, `(n_assets,)`.  `held` are its weights at this close.
        state: What the bar before `start` has left, None for a run that begins there; it is played on, not copied.
    """

    def __init__(
        self,
        bars: Bars,
        decisions: Decisions,
        settings: Settings,
        fused: FusedRules,
        capital: FloatArray,
        start: int = 0,
        answer: Answer | None = None,
        state: State | None = None,
    ) -> None:
        self._fused = fused
        self._tape, self._matrices = lay_out(bars, fused, start)
        self._decisions, self._settings, self._answer = decisions, settings, answer
        self.state = first_state(fused, capital, bars.n_assets) if state is None else state
        n_rows, n_book_rules = self.state.halts.shape
        room = max(BUFFER_ROWS, 4 * len(capital) * bars.n_assets, 4 * n_rows * (n_book_rules + 1))
        n_sessions, n_actions = int(bars.session_ends[start:].sum()), len(capital) * actions_of(bars)
        self._log = make_log(bars.n_bars, n_sessions, n_rows, room, n_actions, room)
        self._advance = fused.loop(len(capital), bars.n_assets)
        self._work = states.table((len(capital) + 1, bars.n_assets), WORK)
        self._fills: list[Table] = []
        self._events: list[Table] = []
        self._counted: list[int] = []
        self._counters: list[Table] = []
        self.bar = start

    def advance(self, stop: int) -> None:
        """Play up to, and not including, bar `stop`.

        Raises:
            PluginError: A plugin's rule or check raised.
        """
        if self.bar >= stop:
            return
        while self.bar < stop:
            self.bar = self._play(stop)
            self._drain()
            if self.bar < stop and self.state.run[0].closed == self.bar:
                self._ask()
        # The counters are sums: a look at them now and then says when a rule has cut, and costs the loop nothing.
        self._counted.append(stop - 1)
        self._counters.append(self.state.counters[None].copy().view(np.recarray))

    def trace(self) -> Trace:
        """Return what has happened so far."""
        return Trace(
            equity=self._log.equity,
            curve=self._log.curve[: self._log.counts[2]].view(np.recarray),
            fills=np.concatenate([self._log.fills[:0], *self._fills]).view(np.recarray),
            actions=drained(self._log.actions, self._log.counts[3]),
            events=np.concatenate([self._log.events[:0], *self._events]).view(np.recarray),
            state=self.state,
            counted=np.array(self._counted, np.int64),
            counters=np.concatenate([self.state.counters[None][:0], *self._counters]).view(np.recarray),
        )

    def _play(self, stop: int) -> int:
        """Return the bar that comes next, after as many as the loop can play without a stop."""
        played = (self.state, self._tape, self._decisions, self._settings, self._fused.parameters, self._work)
        reach = self._matrices.reach(self.bar, stop)
        return call(self._fused, self._advance, *played, self._log, self.bar, reach)

    def _ask(self) -> None:
        """Ask every book that has waited for this close what it wants."""
        assert self._answer is not None  # noqa: S101  # whoever lets a book wait brings an answer
        for book in np.flatnonzero(self._decisions.asked[self.bar]):
            held = states.held_weights(self.state, self._tape.assets.multiplier, int(book))
            self._decisions.target[self.bar, book] = self._answer(self.bar, int(book), held)

    def _drain(self) -> None:
        log = self._log
        fills, events = log.counts[:2].tolist()
        if fills:
            self._fills.append(drained(log.fills, fills))
        if events:
            self._events.append(drained(log.events, events))
        log.counts[:2] = 0


def first_state(fused: FusedRules, capital: FloatArray, n_assets: int) -> State:
    """Return the state before the first bar of a run with these rules; `capital` is `(n_books,)`."""
    rules = [rule for _, rule in fused.rules]
    memory = {phase: sum(r.memory for r in rules if r.phase == phase) for phase in ("asset", "book")}
    n_book_rules = sum(r.phase == "book" for r in rules)
    n_counters = len(rules) + len(fused.checks)
    return states.initial(capital, n_assets, n_book_rules, n_counters, memory["asset"], memory["book"])


def drained(buffer: Table, count: int) -> Table:
    """Return a copy of the first `count` entries."""
    return states.bare(buffer)[:count].copy().view(np.recarray)


def actions_of(bars: Bars) -> int:
    """Return how many splits and dividends the prices tell of."""
    if bars.split is None or bars.dividend is None:
        return 0
    return int(np.count_nonzero(bars.split != 1.0) + np.count_nonzero(bars.dividend))


def lay_out(bars: Bars, fused: FusedRules, start: int = 0) -> tuple[Tape, Matrices]:
    """Return what the loop reads of these prices, and the matrices of its rules, which are made for bars on demand.

    Args:
        bars: Prices.
        fused: Whose features and matrices.
        start: First bar that will be played.
    """
    matrices = Matrices(bars, [(name, one) for name, rule in fused.rules for one in rule.matrices], start)
    return make_tape(bars, features_of(bars, fused), matrices.buffer, matrices.at), matrices


def features_of(bars: Bars, fused: FusedRules) -> FloatArray:
    """Return every feature that rules and checks ask for, `(n_features, n_bars, n_assets)`; none twice."""
    asked = [(name, feature) for name, part in fused.named for feature in part.features]
    known: dict[Feature, FloatArray] = {}
    result = np.empty((len(asked), bars.n_bars, bars.n_assets))
    for i, (name, feature) in enumerate(asked):
        if feature not in known:
            known[feature] = numbers(name, feature, bars)
        result[i] = known[feature]
    return result


def simulate(
    bars: Bars,
    decisions: Decisions,
    settings: Settings,
    fused: FusedRules,
    capital: FloatArray,
    start: int = 0,
    answer: Answer | None = None,
    progress: Callable[[int], None] | None = None,
    segments: int = 1,
) -> Trace:
    """Play the history from bar `start`, in segments, and return its trace.

    Args:
        bars: This and the next five: as `Simulation` takes them.
        decisions: What each book wants.
        settings: Costs, execution and capital policy.
        fused: The loop with its rules.
        capital: Of each book.
        start: First bar to play.
        answer: Whom to ask.
        progress: Told how many bars have been played, after each segment.
        segments: Parts to play it in, so that it is known when the rules cut; each takes 0.4 ms more.
    """
    simulation = Simulation(bars, decisions, settings, fused, capital, start, answer)
    step = max(1, -(-bars.n_bars // max(segments, 1 if progress is None else TOLD_MIN)))
    while simulation.bar < bars.n_bars:
        simulation.advance(min(simulation.bar + step, bars.n_bars))
        if progress is not None:
            progress(simulation.bar)
    return simulation.trace()
