"""Nothing is added in symbols on a list."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import attrs
import numpy as np

from tradewright.config.fields import option
from tradewright.risk.contract import Feature, OrderCheck, OrderView

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray
    from tradewright.values.bars import Bars


@attrs.frozen(kw_only=True)
class RestrictedList:
    """Options of `restricted-list`."""

    symbols: tuple[str, ...] = option(doc="symbols in which nothing may be added", unit="list")


class Parameters(NamedTuple):
    """No options as numbers; numba wants one field."""

    unused: float = 0.0


def refuse_restricted(order: OrderView, p: Parameters, restricted: float) -> float:  # noqa: ARG001  # every check has the same arguments
    """Allow only reductions in a restricted asset."""
    reduces = order.quantity * order.held < 0.0
    return 0.0 if restricted > 0.0 and not reduces else abs(order.quantity)


def listed(bars: Bars, _: int, symbols: tuple[str, ...]) -> FloatArray:
    """Return 1 for restricted assets and 0 for others, `(n_bars, n_assets)`."""
    row = np.array([float(symbol in symbols) for symbol in bars.symbols])
    return np.repeat(row[None, :], bars.n_bars, axis=0)


def make(config: RestrictedList) -> OrderCheck:
    """Return the check for these options."""
    feature = Feature("restricted", 0, partial(listed, symbols=config.symbols))
    return OrderCheck(function=refuse_restricted, parameters=Parameters(), features=(feature,))
