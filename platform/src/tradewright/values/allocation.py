"""The portfolio problem put to an optimizer, its answer, and what is kept of it."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Literal

import attrs

from tradewright.redaction import redact
from tradewright.values.arrays import array_field

if TYPE_CHECKING:
    from tradewright.values.arrays import BoolArray, FloatArray


@attrs.frozen(kw_only=True)
class Problem:
    """One rebalance.

    Attributes:
        symbols: Name of each asset.
        forecast: Combined opinion in [-1, 1], `(n_assets,)`; 0 is no opinion.
        volatility: Daily close-to-close standard deviation as a fraction, `(n_assets,)`, NaN when unknown.
        trading: Assets that have begun to trade, `(n_assets,)` bool; the others can have no weight.
        current: Weights held now, signed fractions of equity, `(n_assets,)`.
        gross: Cap on the sum of absolute weights, a fraction > 0.

    Raises:
        ValueError: An array does not have one entry per symbol, or `gross` is not above 0.
    """

    symbols: tuple[str, ...]
    forecast: FloatArray = array_field()
    volatility: FloatArray = array_field()
    trading: BoolArray = array_field("bool")
    current: FloatArray = array_field()
    gross: float = attrs.field(validator=attrs.validators.gt(0.0))

    def __attrs_post_init__(self) -> None:
        wanted = (len(self.symbols),)
        for name in ("forecast", "volatility", "trading", "current"):
            shape = getattr(self, name).shape
            if shape != wanted:
                raise ValueError(f"{name} must have shape (n_assets,) = {wanted}, was {shape}")


@attrs.frozen(kw_only=True)
class Allocation:
    """Target weights and how good they are.

    Attributes:
        weights: Signed fractions of equity, `(n_assets,)`; what is left over stays in cash.
        status: `optimal`, `feasible` (good, not proved best), `infeasible` or `failed`.
        objective: Value reached, in the solver's own unit; None for rules without one.
        bound: Best value proved possible, when the solver proves one.
        solver: What solved it, with its version.
        seconds: Time it took.
    """

    weights: FloatArray = array_field()
    status: Literal["optimal", "feasible", "infeasible", "failed"] = "optimal"
    objective: float | None = None
    bound: float | None = None
    solver: str = ""
    seconds: float = 0.0


def _finite(value: object) -> float | None:
    """Take a solver's number as it is kept: what is none, or has no end, says nothing."""
    return float(value) if isinstance(value, Real) and math.isfinite(value) else None


def _clean(text: object) -> str:
    """Take a plugin's words without the secrets that it was given."""
    return redact(str(text))


@attrs.frozen(kw_only=True)
class Solved:
    """What an optimizer said of one rebalance, its weights aside; kept of every answer, replaced ones included.

    Attributes:
        bar: Row of the decision.
        status: One of those of `Allocation`, or what the optimizer said instead.
        objective: Value reached, None where it was not told.
        bound: Best value proved possible, likewise.
        solver: What solved it, with its version.
        seconds: Time it says it took, None where that is no number.

    >>> Solved.of(Allocation(weights=[0.5], objective=0.1, bound=math.inf, solver="scip 9.2"), bar=3)
    Solved(bar=3, status='optimal', objective=0.1, bound=None, solver='scip 9.2', seconds=0.0)
    """

    bar: int
    status: str = attrs.field(converter=_clean)
    objective: float | None = attrs.field(default=None, converter=_finite)
    bound: float | None = attrs.field(default=None, converter=_finite)
    solver: str = attrs.field(default="", converter=_clean)
    seconds: float | None = attrs.field(default=0.0, converter=_finite)

    @classmethod
    def of(cls, allocation: Allocation, bar: int) -> Solved:
        """Return what is kept of an answer."""
        told = {name: getattr(allocation, name) for name in ("status", "objective", "bound", "solver", "seconds")}
        return cls(bar=bar, **told)
