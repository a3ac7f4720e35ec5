"""Orders that are too large: by value, by quantity, by share of the volume."""

from __future__ import annotations

import math
from typing import NamedTuple

import attrs

from tradewright.config.fields import fraction, positive
from tradewright.risk.contract import Feature, OrderCheck, OrderView
from tradewright.risk.features import known_average_volume

VOLUME_WINDOW = 20  # Traded bars behind the average volume.


@attrs.frozen(kw_only=True)
class OrderValue:
    """Options of `order-value`."""

    limit: float = positive(doc="largest notional of one order", unit="currency")


@attrs.frozen(kw_only=True)
class OrderQuantity:
    """Options of `order-quantity`."""

    limit: float = positive(doc="largest quantity of one order", unit="units")


@attrs.frozen(kw_only=True)
class VolumeShare:
    """Options of `volume-share`."""

    limit: float = fraction(default=0.05, doc="largest share of the average volume of the last 20 bars")


class Parameters(NamedTuple):
    """The options as numbers."""

    limit: float


def limit_value(order: OrderView, p: Parameters) -> float:
    """Slice a reduction to the value allowed, and refuse an increase above it."""
    size, reduces = abs(order.quantity), order.quantity * order.held < 0.0
    if size * order.price * order.multiplier <= p.limit:
        return size
    return p.limit / (order.price * order.multiplier) if reduces else 0.0


def limit_quantity(order: OrderView, p: Parameters) -> float:
    """Slice a reduction to the quantity allowed, and refuse an increase above it.

    >>> order = OrderView(-10.0, 20.0, 100.0, 100.0, 1.0, 0, 0.0, 100.0, 0.0, 1.0)
    >>> limit_quantity(order, Parameters(4.0)), limit_quantity(order._replace(held=0.0), Parameters(4.0))
    (4.0, 0.0)
    """
    size, reduces = abs(order.quantity), order.quantity * order.held < 0.0
    if size <= p.limit:
        return size
    return p.limit if reduces else 0.0


def limit_share(order: OrderView, p: Parameters, average: float) -> float:
    """Slice a reduction to a share of the average volume, and refuse an increase above it; unknown allows."""
    size, reduces = abs(order.quantity), order.quantity * order.held < 0.0
    if math.isnan(average) or size <= p.limit * average:
        return size
    return p.limit * average if reduces else 0.0


def make_order_value(config: OrderValue) -> OrderCheck:
    """Return the check for these options."""
    return OrderCheck(function=limit_value, parameters=Parameters(config.limit))


def make_order_quantity(config: OrderQuantity) -> OrderCheck:
    """Return the check for these options."""
    return OrderCheck(function=limit_quantity, parameters=Parameters(config.limit))


def make_volume_share(config: VolumeShare) -> OrderCheck:
    """Return the check for these options."""
    volume = Feature("average-volume", VOLUME_WINDOW, known_average_volume)
    return OrderCheck(function=limit_share, parameters=Parameters(config.limit), features=(volume,))
