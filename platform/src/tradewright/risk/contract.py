"""What a risk rule sees and what it returns.

Rules are plain functions of scalars and read-only arrays, without objects, so that the kernel can compile them
and fuse them into its loop.  They return their verdict instead of writing it: a tuple cannot be written, so a
rule cannot reach beyond what it may change, compiled or not.

    asset rule      (proposal, asset, book, parameters, *features, [memory]) -> Proposal
    book rule       (book, parameters, *features, [memory]) -> Halt
    two-sided rule  (target, held, book, parameters, *features, *matrices) -> Sides
    order check     (order, parameters, *features) -> units allowed

`memory` is a float64 array that the rule may write, passed only to rules that ask for one; it starts at NaN.
An asset rule without memory is not asked about an asset that is neither wanted any more nor held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tradewright.values.arrays import FloatArray, IntArray
    from tradewright.values.bars import Bars

# Modes of an asset: what its target may still do.
NORMAL, REDUCE_ONLY, FROZEN = 0, 1, 2

# Levels of a halt: what a whole book may still do.
RUNNING, REDUCING, FLATTEN, FREEZE = 0, 1, 2, 3
LEVELS = ("running", "reduce_only", "flatten", "freeze")


class Proposal(NamedTuple):
    """What one asset is about to become.

    Attributes:
        target: Signed weight, a fraction of the book's equity.
        stop: Price of the protective stop, NaN for none.
        mode: NORMAL, REDUCE_ONLY or FROZEN.
    """

    target: float
    stop: float
    mode: int


class AssetView(NamedTuple):
    """What an asset rule knows of its asset.

    Attributes:
        mark: Last close, > 0.
        held: Weight held now, signed.
        quantity: Units held now, signed.
        cost: Cost of trading one unit of weight, a fraction: half the spread, slippage and commission.
    """

    mark: float
    held: float
    quantity: float
    cost: float


class BookView(NamedTuple):
    """What a rule knows of the book; for the account, the same of all books together.

    Attributes:
        equity: Value in currency, > 0.
        nav: Net asset value of one unit.
        peak: Highest nav at a close.
        day_base: Nav at the previous session's close.
        capital: Money granted so far.
        smallest_fee: Smallest commission of one order, a fraction of equity.
        session: Number of the session, counted from 0.
        sessions_per_year: How many there are in a year: 252, or 365 where every day is one.
    """

    equity: float
    nav: float
    peak: float
    day_base: float
    capital: float
    smallest_fee: float
    session: int
    sessions_per_year: float = 252.0


class Halt(NamedTuple):
    """A book rule's verdict.

    What was compared is a fraction while the limit is at most 1, and beyond that a ratio to what is usual: reports
    write 0.07 as a percent, and a limit of 3.0 as three times usual.

    Attributes:
        level: RUNNING when nothing fired, else REDUCING, FLATTEN or FREEZE.
        keep: Fraction of each position that may remain, 1 for all of it.
        observed: The value that was compared.
        limit: What it was compared with.
    """

    level: int
    keep: float
    observed: float
    limit: float


class Sides(NamedTuple):
    """A two-sided rule's verdict: factors in [0, 1] for all longs and for all shorts."""

    long: float
    short: float


class OrderView(NamedTuple):
    """What an order check knows of one order at its release.

    Attributes:
        quantity: Units wanted, signed, not 0.
        held: Units held now, signed; an order never crosses zero.
        price: What a fill would get now, before spread and slippage.
        mark: Last close before it, NaN when the asset has not traded yet.
        multiplier: Notional of one unit is price x multiplier.
        level: Halt level of the book or the account, the higher one.
        free: Free cash, in currency.
        unit: Cash that one more unit binds, in currency.
        variable_fee: Commission per unit, in currency.
        smallest_fee: Smallest commission of one order, in currency.
    """

    quantity: float
    held: float
    price: float
    mark: float
    multiplier: float
    level: int
    free: float
    unit: float
    variable_fee: float
    smallest_fee: float


ANSWERS: dict[str, type] = {"asset": Proposal, "book": Halt, "sides": Sides, "check": float}
"""What the rules of each phase, and order checks, return."""


@attrs.frozen
class Feature:
    """Numbers that a rule needs, computed once before the loop from prices alone; equal features are shared.

    An asset rule is handed its asset's number on the bar, a two-sided rule the row of all assets, and a book rule
    the number of the first column: what is true of the market stands in every column.

    Attributes:
        name: For messages.
        window: Length of its window.
        compute: `compute(bars, window) -> (n_bars, n_assets)`, causal, NaN where unknown.
    """

    name: str
    window: int
    compute: Callable[[Bars, int], FloatArray]


@attrs.frozen
class MatrixFeature:
    """A matrix between assets for two-sided rules, which changes only on some bars.

    Attributes:
        name: For messages.
        window: Length of its window.
        refresh: Sessions between two matrices.
        compute: `compute(bars, window, refresh)` returns matrices `(n_assets, n_assets)` and, for each bar, the
            number of the one that is known, -1 for none.  The sequence may make a matrix when it is asked for it:
            the engine asks a little before the bar that needs it, and keeps a block of them at a time.  With a method
            `write(number, out)` it is asked to write there instead.
    """

    name: str
    window: int
    refresh: int
    compute: Callable[[Bars, int, int], tuple[Sequence[FloatArray], IntArray]]


@attrs.frozen(kw_only=True)
class TargetRule:
    """What the factory of a `TargetRuleSpec` returns.

    Attributes:
        phase: `asset`, `book` or `sides`; the order in plugins.toml decides only within a phase.
        function: A module-level function with the signature of its phase (see the module's docstring).
        parameters: The options as numbers, a NamedTuple defined at module level.
        features: Numbers the function is handed, in order.
        matrices: Matrices it is handed after them; two-sided rules only.
        memory: How many numbers the rule keeps per asset and book (asset rules) or per row (book rules).
        latched: For book rules: whether only a person lifts the halt.
    """

    phase: Literal["asset", "book", "sides"]
    function: Callable[..., Any]
    parameters: tuple[Any, ...]
    features: tuple[Feature, ...] = ()
    matrices: tuple[MatrixFeature, ...] = ()
    memory: int = 0
    latched: bool = False


@attrs.frozen(kw_only=True)
class OrderCheck:
    """What the factory of an `OrderCheckSpec` returns.

    Attributes:
        function: A module-level function `(order, parameters, *features) -> units`: how many units of the order may
            go, at least 0; more than was asked, or not a number, is no permission.
        parameters: The options as numbers, a NamedTuple defined at module level.
        features: Numbers the function is handed, in order; at the release they are those of the bar before.
    """

    phase: ClassVar = "check"
    matrices: ClassVar = ()
    memory: ClassVar = 0

    function: Callable[..., float]
    parameters: tuple[Any, ...]
    features: tuple[Feature, ...] = ()
