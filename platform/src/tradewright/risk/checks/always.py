"""The checks that are always on: finite, session, halt, buying-power."""

from __future__ import annotations

import math
from typing import NamedTuple

import attrs

from tradewright.risk.contract import FREEZE, RUNNING, OrderCheck, OrderView


@attrs.frozen(kw_only=True)
class NoOptions:
    """These checks have no options."""


class Parameters(NamedTuple):
    """No options; numba wants one field."""

    unused: float = 0.0


def require_finite(order: OrderView, p: Parameters) -> float:  # noqa: ARG001  # every check has the same arguments
    """Allow an order of finite size at a finite price above 0."""
    sound = math.isfinite(order.quantity) and math.isfinite(order.price) and order.price > 0.0
    return abs(order.quantity) if sound else 0.0


def require_session(order: OrderView, p: Parameters) -> float:  # noqa: ARG001  # likewise
    """Allow orders in assets that have traded; bars lie in sessions by construction."""
    return 0.0 if math.isnan(order.mark) else abs(order.quantity)


def respect_halts(order: OrderView, p: Parameters) -> float:  # noqa: ARG001  # likewise
    """Allow no increase in any halt, and nothing at all in a FREEZE."""
    reduces = order.quantity * order.held < 0.0
    if order.level == RUNNING or (reduces and order.level < FREEZE):
        return abs(order.quantity)
    return 0.0


def require_cash(order: OrderView, p: Parameters) -> float:  # noqa: ARG001  # likewise
    """Allow of an increase what free cash pays for, fee included.

    >>> order = OrderView(10.0, 0.0, 100.0, 100.0, 1.0, 0, 501.0, 100.0, 0.0, 1.0)
    >>> require_cash(order, Parameters())
    5.0
    """
    reduces = order.quantity * order.held < 0.0
    if reduces or order.unit <= 0.0:
        return abs(order.quantity)
    return min(order.free / (order.unit + order.variable_fee), (order.free - order.smallest_fee) / order.unit)


def make_finite(config: NoOptions) -> OrderCheck:  # noqa: ARG001  # every factory has the same argument
    """Return the check."""
    return OrderCheck(function=require_finite, parameters=Parameters())


def make_session(config: NoOptions) -> OrderCheck:  # noqa: ARG001  # likewise
    """Return the check."""
    return OrderCheck(function=require_session, parameters=Parameters())


def make_halt(config: NoOptions) -> OrderCheck:  # noqa: ARG001  # likewise
    """Return the check."""
    return OrderCheck(function=respect_halts, parameters=Parameters())


def make_buying_power(config: NoOptions) -> OrderCheck:  # noqa: ARG001  # likewise
    """Return the check."""
    return OrderCheck(function=require_cash, parameters=Parameters())
