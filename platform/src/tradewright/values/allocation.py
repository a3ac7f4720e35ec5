"""The portfolio problem put to an optimizer, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

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
