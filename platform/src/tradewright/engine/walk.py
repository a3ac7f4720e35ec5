"""One bar, call by call: the parts that a backtest plays inside its loop, with a venue's word in the place of prices.

    begin -> check, take, check, take ... -> settle -> close -> decide

Whoever walks hands over what is known when it is known: the opening before the first price, fills as they are
reported, the row when it is complete.  The functions are the backtest's, compiled with the same rules, so that the
same rows and fills leave the same bytes (`docs/explanation/one-bar.md`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tradewright.engine import state as states
from tradewright.engine.blame import call
from tradewright.engine.decide import WORK
from tradewright.engine.known import SECOND_ASKING, News, Opening, Plan, Prepared, Verdict
from tradewright.engine.log import SECOND_PASS, make_log
from tradewright.engine.plain import interpreted
from tradewright.engine.run import drained, first_state
from tradewright.engine.transitions import DUST
from tradewright.risk.requested_halt import NAME as REQUESTED_HALT

FILLS_MAX = 4096  # A bar's fills, partial ones one by one.
_VERDICTS = 4  # Where the log counts them; they stay to be asked for, while the rest is handed out.

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tradewright.engine.fuse import FusedRules
    from tradewright.engine.log import Log
    from tradewright.engine.state import State, Table
    from tradewright.engine.tape import Settings
    from tradewright.values.arrays import BoolArray, FloatArray, IntArray


class Walk:
    """The state of a run that goes on bar by bar.

    Args:
        fused: The entries with their rules.
        settings: Costs, execution and capital policy.
        known: What prices say of the rows before the first bar; of none, a tape without rows, at bar -1.
        capital: Money granted to each book at the start, `(n_books,)`.
        state: What an earlier walk has left, None to begin.

    Attributes:
        state: As it stands between two calls; only calls change it.
        bar: The bar that has begun last, counted in rows of the tape.
        positions: Those of the state as a plain array, `(n_books, n_assets)` of `engine.state.POSITION`.
    """

    def __init__(
        self,
        fused: FusedRules,
        settings: Settings,
        known: Prepared,
        capital: FloatArray,
        state: State | None = None,
    ) -> None:
        n_assets = len(known.tape.assets)
        self.state = first_state(fused, capital, n_assets) if state is None else state
        self.bar = known.bar
        self._fused, self._settings, self._known = fused, settings, known
        self._work = states.table((len(capital) + 1, n_assets), WORK)
        self._log = _log_of_one_bar(self.state, len(fused.named))
        self._nothing = News(*(drained(one, 0) for one in _told(self._log)))
        self._rows, self.positions = states.bare(self.state.rows), states.bare(self.state.positions)
        self._free_cash = interpreted("matcher").free_cash

    @property
    def assets(self) -> Table:
        """`(n_assets,)` of `engine.tape.LISTING`: lots, ticks and multipliers."""
        return self._known.tape.assets

    @property
    def settings(self) -> Settings:
        """Costs, execution and capital policy."""
        return self._settings

    @property
    def halting(self) -> list[str]:
        """Names of the rules of books, in the order of their numbers."""
        return [name for name, rule in self._fused.rules if rule.phase == "book"]

    def begin(self, opening: Opening) -> News:
        """Begin the next bar: its session, its corporate actions, its exchanges for cash."""
        self.bar += 1
        call(
            self._fused,
            self._fused.begin,
            *(self.state, self._known.tape, self._settings, self._log),
            *(opening.assets, self.bar, opening.opens),
        )
        return self._drain()

    def free(self, book: int) -> float:
        """Return the book's equity that neither longs nor shorts, at full margin, have bound, in currency."""
        return float(self._free_cash(self.state, self._known.tape, book))

    def check(self, book: int, asset: int, quantity: float, base: float, price: float, free: float) -> float:
        """Release the asset's order; return how many units every check lets go.

        Args:
            book: Whose order.
            asset: Column.
            quantity: Signed units, not 0; never more than brings the position to zero.
            base: The first price, before spread and slippage.
            price: What it would fill at.
            free: Free cash of the book, less what other orders bind.
        """
        self.positions["order"][book, asset] = 0.0
        self._log.counts[_VERDICTS] = 0
        return call(
            self._fused,
            self._fused.check,
            *(self.state, self._known.tape, self._settings, self._fused.parameters, self._log, self.bar),
            *(book, asset, quantity, base, price, free),
        )

    def verdicts(self) -> list[Verdict]:
        """Return what rules made of targets, or checks of an order, in the last `decide` or `check`; in order."""
        written, named = drained(self._log.verdicts, self._log.counts[_VERDICTS]).tolist(), self._fused.named
        return [
            Verdict(book, asset, SECOND_ASKING, before, after, None)
            if rule == SECOND_PASS
            else Verdict(
                book, asset, named[rule][0], before, after, getattr(named[rule][1].parameters, "limit", None)
            )
            for book, asset, rule, before, after in written
        ]

    def weighed(self) -> NDArray[Any]:
        """Return what the last `decide` has weighed, plain `(n_books, n_assets)` of `engine.decide.WORK`."""
        return states.bare(self._work)[:-1]

    def shortfalls(self) -> Iterator[tuple[int, int, str]]:
        """Yield book and asset where the last `decide` ordered less than its target stands for, and why.

        `band`: the change is within the strategy's no-trade band; `volume`: only so much of the average volume may be
        ordered; `lot`: less than a lot is missing.
        """
        plan, work = interpreted("plan"), self.weighed()
        weighed, positions = ([states.cells(row) for row in table] for table in (work, self.positions))
        for book, asset in zip(*(work["target"] != work["held"]).nonzero(), strict=True):
            row, position = weighed[book], positions[book][asset]
            if not plan.worth_an_order(self._settings, row, book, asset):
                yield int(book), int(asset), "band"
                continue
            wanted = plan.wanted_quantity(self.state, self._known.tape, self._settings, row, book, asset)
            if abs(wanted - position.quantity) > abs(position.order) + DUST:
                yield int(book), int(asset), "volume"
            elif position.order == 0.0:
                yield int(book), int(asset), "lot"

    def expected_cost(self, asset: int, quantity: float, limit: float) -> float:
        """Return what a signed order is expected to cost that meets the last close, as a fraction of its value."""
        fills, one, mark = interpreted("fills"), states.bare(self.assets)[asset], self.mark(asset)
        tick, multiplier = float(one["tick"]), float(one["multiplier"])
        worse = fills.price_with_limit(quantity, mark, limit, tick, self._settings) - mark
        fee = fills.fee_of(quantity, quantity * mark * multiplier, self._settings)
        return float(math.copysign(1.0, quantity) * worse / mark + fee / (abs(quantity) * mark * multiplier))

    def equity(self) -> float:
        """Return the equity of the account at the last marks, in currency."""
        return float(self._rows["equity"][-1])

    def mark(self, asset: int) -> float:
        """Return the close of the last bar in which an asset was traded, NaN before the first."""
        return float(states.bare(self.state.market)["mark"][asset])

    def take(self, fills: Table) -> None:
        """Book reported fills, of `engine.log.FILL`, in their order; `News` of the close tells them.

        Raises:
            OverflowError: A bar has more than `FILLS_MAX` of them: a venue that repeats itself, and no trading.
        """
        if self._log.counts[0] + len(fills) > len(self._log.fills):
            raise OverflowError(f"a bar must have at most {len(self._log.fills):,} fills, and has more")
        call(self._fused, self._fused.take, self.state, self._known.tape, self._log, fills, self.bar)

    def count(self, *, participation_cuts: int = 0, expired: int = 0) -> None:
        """Count orders that the venue cut to its volume, and those that never reached their limit."""
        self.state.run[0].participation_cuts += participation_cuts
        self.state.run[0].expired += expired

    def impose(self, level: int, blocked: BoolArray, row: int | None = None) -> None:
        """Ask for a halt of at least this level from the next decision on, and say which positions are not known.

        Args:
            level: `tradewright.risk.contract.Level`; 0 asks for nothing, but does not lift what stands.
            blocked: Assets for which nothing may be ordered, `(n_books, n_assets)`.
            row: The book, None for the account.
        """
        self.state.positions.blocked = blocked
        if level or REQUESTED_HALT in self.halting:
            self.state.book_memory[-1 if row is None else row, self._request_at()] = float(level)

    def lift(self, rule: str, row: int | None = None) -> News:
        """End a latched halt in the name of a person, of a book or of the account; a flattened one counts from here.

        What was asked for from outside says nothing of a loss: drawdown is measured from the same peak as before.

        Raises:
            LookupError: There is no such rule of books.
        """
        names = self.halting
        if rule not in names:
            raise LookupError(f"{rule} halts no book; these do: {', '.join(names)}")
        at = len(self.state.rows) - 1 if row is None else row
        peak = float(self.state.rows[at].peak)
        interpreted("transitions").lift(self.state, self._log, self.bar, at, names.index(rule))
        if rule == REQUESTED_HALT:
            self.state.book_memory[at, self._request_at()] = 0.0
            self.state.rows[at].peak = peak
        return self._drain()

    def settle(self, cash: FloatArray, quantity: FloatArray, interest: FloatArray, borrow: FloatArray) -> None:
        """Overwrite money and units by their exact sums, rounded once.

        Args:
            cash: Of each book, in currency, `(n_books,)`.
            quantity: Signed units, `(n_books, n_assets)`.
            interest: Earned so far, in currency, `(n_books,)`.
            borrow: Paid for shorts so far, in currency, `(n_books,)`.
        """
        n_books = len(cash)
        for name, exact in (("cash", cash), ("interest", interest), ("borrow", borrow)):
            self._rows[name][:n_books] = exact
        self.positions["quantity"] = np.where(np.abs(quantity) < DUST, 0.0, quantity)

    def close(self, prepared: Prepared) -> News:
        """End the bar, whose row is the last that `prepared` knows: marks, capital, the curve."""
        self._known, self.bar = prepared, prepared.bar
        call(self._fused, self._fused.close, self.state, prepared.tape, self._settings, self._log, self.bar)
        return self._drain()

    def waiting(self) -> IntArray:
        """Return the books that are to be asked what they want before the decision."""
        books: IntArray = self._known.decisions.asked[self.bar].nonzero()[0]
        return books

    def held(self, book: int) -> FloatArray:
        """Return the weights that a book holds at the close, `(n_assets,)`, signed fractions of its equity."""
        return states.held_weights(self.state, self.assets.multiplier, book)

    def decide(self, answers: dict[int, FloatArray] | None = None) -> tuple[Plan, News]:
        """Turn what the books want into orders for the next bar; `answers` are those of the books that waited."""
        known, decisions = self._known, self._known.decisions
        for book, target in (answers or {}).items():
            decisions.target[self.bar, book] = target
        self._log.counts[_VERDICTS] = 0
        call(
            self._fused,
            self._fused.decide,
            *(self.state, known.tape, decisions, self._settings, self._fused.parameters),
            *(self._work, self._log, self.bar),
        )
        return self.plan(), self._drain()

    def plan(self) -> Plan:
        """Return the orders and stops as they stand, a split since the decision included."""
        return Plan(*(self.positions[column].copy() for column in Plan._fields))

    def rebase(self, rows: int) -> None:
        """Count bars from `rows` later on: the next rows that are prepared begin so much later."""
        states.rebase(self.state, rows)
        self.bar -= rows

    def _request_at(self) -> int:
        """Return where the memory of the rule that halts on request lies."""
        before = 0
        for name, rule in self._fused.rules:
            if name == REQUESTED_HALT:
                return before
            before += rule.memory if rule.phase == "book" else 0
        raise LookupError(f"{REQUESTED_HALT} is not among the rules")

    def _drain(self) -> News:
        """Return what has been written down since the last time, and forget it."""
        log = self._log
        fills, events, sessions, actions = counts = log.counts[:_VERDICTS].tolist()
        if not any(counts):
            return self._nothing
        written = zip(_told(log), (fills, actions, events, sessions), self._nothing, strict=True)
        news = News(*(drained(one, count) if count else nothing for one, count, nothing in written))
        log.counts[:_VERDICTS] = 0
        if sessions:
            states.bare(log.curve)[:] = 0.0  # Exposures are summed where they stand.
        return news


def _told(log: Log) -> tuple[Table, Table, Table, Table]:
    """Return the buffers in the order of `News`."""
    return log.fills, log.actions, log.events, log.curve


def _log_of_one_bar(state: State, n_parts: int) -> Log:
    """Return buffers for what one bar can write, however many parts its orders fill in."""
    n_books, n_assets = state.positions.shape
    n_events = 2 * state.halts.size + 1
    n_verdicts = n_books * n_assets * (n_parts + 1)  # Each rule once, and the second asking.
    return make_log(0, 1, len(state.rows), FILLS_MAX, 2 * n_books * n_assets, n_events, n_verdicts)
