"""The order checks of the engine's twin, written from docs/reference/checks/ alone; see `twin`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from twin_case import FREEZE, NO_HALT, Watch


@dataclass
class OrderView:
    """What a check knows of one order at its release."""

    quantity: float  # signed
    held: float
    price: float  # the base price
    mark: float
    multiplier: float
    asset: int
    level: int  # of the halts
    free: float  # free cash
    unit: float  # cash that one unit binds
    unit_fee: float
    commission_min: float
    average_volume: float  # at the bar before

    @property
    def size(self) -> float:
        return abs(self.quantity)

    @property
    def increases(self) -> bool:
        return self.held == 0 or (self.held > 0) == (self.quantity > 0)

    def at_most(self, limit: float) -> float:
        """Refuse an increase that is too large, slice a reduction."""
        if self.size <= limit:
            return self.size
        return 0.0 if self.increases else limit


class Check:
    name = ""

    def ask(self, order: OrderView, watch: Watch) -> float:
        """Return how many units may go."""
        raise NotImplementedError


@dataclass
class Finite(Check):
    name = "finite"

    def ask(self, order: OrderView, watch: Watch) -> float:
        finite = math.isfinite(order.quantity) and math.isfinite(order.price)
        return order.size if finite and order.price > 0 else 0.0


@dataclass
class Session(Check):
    name = "session"

    def ask(self, order: OrderView, watch: Watch) -> float:
        return 0.0 if math.isnan(order.mark) else order.size


@dataclass
class HaltCheck(Check):
    name = "halt"

    def ask(self, order: OrderView, watch: Watch) -> float:
        refused = order.level == FREEZE or (order.level != NO_HALT and order.increases)
        return 0.0 if refused else order.size


@dataclass
class BuyingPower(Check):
    name = "buying-power"

    def ask(self, order: OrderView, watch: Watch) -> float:
        if not order.increases:
            return order.size
        watch.limit("unit cost", order.unit, 0.0)
        if order.unit <= 0:
            return order.size
        most = min(order.free / (order.unit + order.unit_fee), (order.free - order.commission_min) / order.unit)
        return max(most, 0.0)


@dataclass
class PriceCollar(Check):
    limit: float = 0.05
    name = "price-collar"

    def ask(self, order: OrderView, watch: Watch) -> float:
        if not order.increases:
            return order.size
        distance = abs(order.price - order.mark)
        watch.limit(self.name, distance, self.limit * order.mark)
        return order.size if distance <= self.limit * order.mark else 0.0


@dataclass
class OrderValue(Check):
    limit: float = 1.0
    name = "order-value"

    def ask(self, order: OrderView, watch: Watch) -> float:
        value = order.size * order.price * order.multiplier
        watch.limit(self.name, value, self.limit)
        if value <= self.limit:
            return order.size
        return 0.0 if order.increases else self.limit / (order.price * order.multiplier)


@dataclass
class OrderQuantity(Check):
    limit: float = 1.0
    name = "order-quantity"

    def ask(self, order: OrderView, watch: Watch) -> float:
        watch.limit(self.name, order.size, self.limit)
        return order.at_most(self.limit)


@dataclass
class VolumeShare(Check):
    limit: float = 0.05
    name = "volume-share"

    def ask(self, order: OrderView, watch: Watch) -> float:
        if math.isnan(order.average_volume):
            return order.size
        watch.limit(self.name, order.size, self.limit * order.average_volume)
        return order.at_most(self.limit * order.average_volume)


@dataclass
class RestrictedList(Check):
    assets: tuple[int, ...] = field(default=())  # columns of the symbols
    name = "restricted-list"

    def ask(self, order: OrderView, watch: Watch) -> float:
        return 0.0 if order.increases and order.asset in self.assets else order.size
