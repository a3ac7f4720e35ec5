"""Sections 1 and 3 to 6 of the engine's twin: the case, the books, fills, marks and grants; see `twin`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from twin_rules import NO_HALT, BookRule, Rule, Watch, sign

NAN = math.nan
HALTED, LIFTED, GRANTED = 0, 1, 2
BY_ORDER, BY_STOP = 0, 1
SESSIONS_A_YEAR = 252
DUST = 1e-9


@dataclass(frozen=True)
class Asset:
    """The constants of one column."""

    lot: float = 1.0
    tick: float = 0.0
    multiplier: float = 1.0


@dataclass
class Case:
    """Everything that one history is computed from; prices are `[bar][asset]`, targets `[bar][book][asset]`."""

    assets: list[Asset]
    session: list[int]
    traded: list[list[bool]]
    close: list[list[float]]
    open: list[list[float]] | None
    high: list[list[float]] | None
    low: list[list[float]] | None
    volume: list[list[float]] | None
    target: list[list[list[float]]]
    made: list[list[bool]]
    rules: list[Rule]
    capital: list[float]
    share: list[float]
    no_trade_band: list[float]
    at_close: bool = False
    whole: bool = True
    in_units: bool = False
    participation: float = 0.05
    spread_bps: float = 0.0
    slippage_bps: float = 0.0
    commission_per_share: float = 0.0
    commission_rate: float = 0.0
    commission_min: float = 0.0
    cash_rate: float = 0.0
    borrow_rate: float = 0.0
    capital_total: float = 0.0
    capital_step: float = 0.0
    capital_step_return: float = 0.15
    evidence_ok: bool = True
    resume_after: int = 0

    @property
    def cost_fraction(self) -> float:
        return (self.spread_bps / 2 + self.slippage_bps) / 10000


@dataclass
class Row:
    """A book, or the account."""

    capital: float
    units: float
    cash: float
    equity: float
    nav: float = 1.0
    peak: float = 1.0
    day_base: float = 1.0
    fees: float = 0.0
    slippage: float = 0.0
    borrow: float = 0.0
    interest: float = 0.0


@dataclass
class Position:
    quantity: float = 0.0
    entry: float = NAN
    stop: float = NAN
    order: float = 0.0


@dataclass
class Counter:
    cuts: int = 0
    bars: int = 0
    notional: float = 0.0
    first: int = -1
    last: int = -1


@dataclass
class Tally:
    strikes: int = 0
    verify_failures: int = 0
    participation_cuts: int = 0
    cash_cuts: int = 0
    expired: int = 0


@dataclass
class Fill:
    bar: int
    book: int
    asset: int
    reason: int
    quantity: float
    price: float
    fee: float
    slippage: float


@dataclass
class Event:
    bar: int
    row: int
    kind: int
    rule: int = -1
    level: int = NO_HALT
    observed: float = NAN
    limit: float = NAN
    money: float = 0.0


@dataclass
class Point:
    """One row of the curve."""

    equity: float
    nav: float
    gross: float
    net: float
    costs: float
    interest: float


@dataclass
class Halt:
    level: int = NO_HALT
    session: int = -1  # number of the session in which the level rose from none


class Books:
    """The money and positions of every book, and what fills, marks and grants do to them."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.watch = Watch()
        self.fills: list[Fill] = []
        self.events: list[Event] = []
        self.tally = Tally()
        self.n_books, self.n_assets, self.n_bars = len(case.capital), len(case.assets), len(case.session)
        self.rows = [Row(money, money, money, money) for money in case.capital]
        self.account = self.rows[0]
        if self.n_books > 1:
            total = sum(case.capital)
            self.account = Row(total, total, total, total)
            self.rows.append(self.account)
        self.positions = [[Position() for _ in case.assets] for _ in case.capital]
        self.mark = [NAN] * self.n_assets
        self.used = [0.0] * self.n_assets
        self.halts = [[Halt() for rule in case.rules if isinstance(rule, BookRule)] for _ in self.rows]
        self.step_base = 1.0
        self.bar = -1

    def first_of_session(self) -> bool:
        return self.bar == 0 or self.case.session[self.bar] != self.case.session[self.bar - 1]

    def last_of_session(self) -> bool:
        return self.bar == self.n_bars - 1 or self.case.session[self.bar] != self.case.session[self.bar + 1]

    # ---- sections 3 to 5: fills ----------------------------------------------------------------------------

    def price_of(self, base: float, side: int, asset: int) -> float:
        price = base * (1 + side * self.case.cost_fraction)
        tick = self.case.assets[asset].tick
        if tick == 0:
            return price
        if side > 0:
            return math.ceil(self.watch.step("tick", price / tick - 1e-9)) * tick
        return max(math.floor(self.watch.step("tick", price / tick + 1e-9)) * tick, tick)

    def fee_of(self, quantity: float, price: float, asset: int) -> float:
        case, size = self.case, abs(quantity)
        value = size * price * case.assets[asset].multiplier
        return max(case.commission_min, case.commission_per_share * size + case.commission_rate * value)

    def without_dust(self, quantity: float) -> float:
        """Return 0 for a quantity below 1e-9 units (section 4)."""
        self.watch.limit("dust", abs(quantity), DUST)
        return quantity if abs(quantity) >= DUST else 0.0

    def floor_lot(self, what: str, quantity: float, asset: int) -> float:
        if not self.case.whole:
            return self.without_dust(quantity)
        lot = self.case.assets[asset].lot
        return math.floor(self.watch.step(what, quantity / lot)) * lot

    def participate(self, quantity: float, asset: int) -> float:
        """Return the size that the bar's volume leaves of `quantity`, counting a cut."""
        if self.case.volume is None:
            return abs(quantity)
        volume = self.case.volume[self.bar][asset]
        allowed = self.floor_lot("participation", self.case.participation * volume, asset) - self.used[asset]
        allowed = max(self.without_dust(allowed), 0.0)
        self.watch.limit("participation", abs(quantity), allowed)
        if abs(quantity) <= allowed:
            return abs(quantity)
        self.tally.participation_cuts += 1
        return allowed

    def apply_fill(self, book: int, asset: int, quantity: float, base: float, reason: int) -> float:
        """Book a fill of `quantity` at base price `base`; return its fee."""
        row, position = self.rows[book], self.positions[book][asset]
        multiplier = self.case.assets[asset].multiplier
        price = self.price_of(base, sign(quantity), asset)
        fee = self.fee_of(quantity, price, asset)
        slippage = abs(quantity) * multiplier * abs(price - base)
        row.cash -= quantity * price * multiplier + fee
        row.fees += fee
        row.slippage += slippage
        old, new = position.quantity, self.without_dust(position.quantity + quantity)
        if old == 0:
            position.entry = price
        elif abs(new) > abs(old):
            position.entry = (abs(old) * position.entry + abs(quantity) * price) / (abs(old) + abs(quantity))
        position.quantity = new
        if new == 0:
            position.entry = position.stop = NAN
        self.used[asset] += abs(quantity)
        self.fills.append(Fill(self.bar, book, asset, reason, quantity, price, fee, slippage))
        return fee

    def short_value(self, book: int) -> float:
        total = 0.0
        for asset, position in enumerate(self.positions[book]):
            if position.quantity < 0:
                total += -position.quantity * self.mark[asset] * self.case.assets[asset].multiplier
        return total

    def fill_orders(self, book: int) -> None:
        prices = self.case.open if self.case.open is not None and not self.case.at_close else self.case.close
        waiting = [
            asset
            for asset, position in enumerate(self.positions[book])
            if position.order != 0 and self.case.traded[self.bar][asset]
        ]
        reductions = [a for a in waiting if self.positions[book][a].order * self.positions[book][a].quantity < 0]
        for asset in reductions:
            position = self.positions[book][asset]
            size = self.participate(min(abs(position.order), abs(position.quantity)), asset)
            self.fill_part(book, asset, size, prices[self.bar][asset])
        free = self.rows[book].cash - 2 * self.short_value(book)
        for asset in waiting:
            if asset in reductions:
                continue
            base = prices[self.bar][asset]
            side = sign(self.positions[book][asset].order)
            size = self.participate(self.positions[book][asset].order, asset)
            unit = self.unit_cost(base, side, asset)
            size = self.afford(size, free, unit, base, side, asset)
            fee = self.fill_part(book, asset, size, base)
            free -= size * unit + fee

    def fill_part(self, book: int, asset: int, size: float, base: float) -> float:
        position = self.positions[book][asset]
        if size == 0:
            return 0.0
        quantity = math.copysign(size, position.order)
        position.order -= quantity
        return self.apply_fill(book, asset, quantity, base, BY_ORDER)

    def unit_cost(self, base: float, side: int, asset: int) -> float:
        price = self.price_of(base, side, asset)
        value = price if side > 0 else 2 * self.mark[asset] - price
        return value * self.case.assets[asset].multiplier

    def afford(self, size: float, free: float, unit: float, base: float, side: int, asset: int) -> float:
        """Return the size that the free cash pays for, counting a cut."""
        case = self.case
        self.watch.limit("unit cost", unit, 0.0)
        if unit <= 0:
            return size
        rate = case.commission_rate * self.price_of(base, side, asset) * case.assets[asset].multiplier
        most = min(free / (unit + rate + case.commission_per_share), (free - case.commission_min) / unit)
        allowed = max(self.floor_lot("cash", most, asset), 0.0)
        self.watch.limit("cash", size, allowed)
        if size <= allowed:
            return size
        self.tally.cash_cuts += 1
        return allowed

    def fire_stops(self, book: int) -> None:
        for asset, position in enumerate(self.positions[book]):
            if position.quantity == 0 or math.isnan(position.stop) or not self.case.traded[self.bar][asset]:
                continue
            base = self.stop_price(asset, position)
            if base is None:
                continue
            position.order = 0.0
            size = self.participate(position.quantity, asset)
            if size != 0:
                self.apply_fill(book, asset, -math.copysign(size, position.quantity), base, BY_STOP)

    def stop_price(self, asset: int, position: Position) -> float | None:
        """Return the base price at which the stop fires in this bar, None when it does not."""
        case, bar, stop = self.case, self.bar, position.stop
        if case.open is None or case.high is None or case.low is None:
            open_ = high = low = case.close[bar][asset]
        else:
            open_, high, low = case.open[bar][asset], case.high[bar][asset], case.low[bar][asset]
        self.watch.limit("stop", low if position.quantity > 0 else high, stop)
        if position.quantity > 0:
            return (low if case.open is None else min(open_, stop)) if low <= stop else None
        return (high if case.open is None else max(open_, stop)) if high >= stop else None

    def expire_orders(self, book: int) -> None:
        for asset, position in enumerate(self.positions[book]):
            self.tally.expired += position.order != 0 and not self.case.traded[self.bar][asset]
            position.order = 0.0

    # ---- section 2, steps 6 and 7: mark and capital --------------------------------------------------------

    def mark_books(self) -> None:
        for asset in range(self.n_assets):
            if self.case.traded[self.bar][asset]:
                self.mark[asset] = self.case.close[self.bar][asset]
        if self.last_of_session():
            for book in range(self.n_books):
                row, short = self.rows[book], self.short_value(book)
                interest = max(row.cash - short, 0.0) * self.case.cash_rate / SESSIONS_A_YEAR
                borrow = short * self.case.borrow_rate / SESSIONS_A_YEAR
                row.cash += interest - borrow
                row.interest += interest
                row.borrow += borrow
        self.value_books()
        for row in self.rows:
            row.nav = row.equity / row.units
            row.peak = max(row.peak, row.nav)

    def value_books(self) -> None:
        for book in range(self.n_books):
            row, value = self.rows[book], 0.0
            for asset, position in enumerate(self.positions[book]):
                if position.quantity != 0:
                    value += position.quantity * self.mark[asset] * self.case.assets[asset].multiplier
            row.equity = row.cash + value
        if self.n_books > 1:
            for name in ("cash", "equity", "fees", "slippage", "borrow", "interest"):
                setattr(self.account, name, sum(getattr(row, name) for row in self.rows[:-1]))

    def point(self, number: int) -> Point:
        """Return what is written down of a row at the close (section 11)."""
        row, gross, net = self.rows[number], 0.0, 0.0
        books = range(self.n_books) if number == self.n_books else [number]
        for book in books:
            for asset, position in enumerate(self.positions[book]):
                if position.quantity != 0:
                    value = position.quantity * self.mark[asset] * self.case.assets[asset].multiplier
                    gross += abs(value)
                    net += value
        return Point(row.equity, row.nav, gross, net, row.fees + row.slippage + row.borrow, row.interest)

    def raise_capital(self) -> None:
        case, account = self.case, self.account
        gain = account.nav / self.step_base - 1
        if any(halt.level != NO_HALT for halts in self.halts for halt in halts):
            return
        self.watch.limit("step return", gain, case.capital_step_return)
        if not case.evidence_ok or not account.capital < case.capital_total or gain < case.capital_step_return:
            return
        grant = min(case.capital_step, case.capital_total - account.capital)
        for book in range(self.n_books):
            self.grant(self.rows[book], case.share[book] * grant)
        if self.n_books > 1:
            self.grant(account, grant)
        self.value_books()
        self.step_base = account.nav
        limit = case.capital_step_return
        self.events.append(Event(self.bar, len(self.rows) - 1, GRANTED, observed=gain, limit=limit, money=grant))

    def grant(self, row: Row, money: float) -> None:
        row.cash += money
        row.capital += money
        row.units += money / row.nav
