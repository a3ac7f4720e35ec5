"""What a strategy wants to hold, and when it decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tradewright.values.arrays import array_field

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray


@attrs.frozen(kw_only=True)
class Breach:
    """One time that a component broke its contract and its answer was replaced.

    Attributes:
        component: Its word in plugins.toml.
        reason: What was expected and what was found.
        bar: Row of the decision, or None when every row was concerned.
    """

    component: str
    reason: str
    bar: int | None = None


@attrs.frozen(kw_only=True)
class TargetWeights:
    """Target weights on a grid of bars.

    Attributes:
        weights: Signed fractions of equity, `(n_bars, n_assets)`; a row of NaN is no new decision.
        breaches: Decisions that a fallback took, oldest first.
    """

    weights: FloatArray = array_field()
    breaches: tuple[Breach, ...] = ()
