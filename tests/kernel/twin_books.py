"""Sections 1, 2 (mark) and 6 of the engine's twin: the books, marks and grants; see `twin`."""

from __future__ import annotations

from twin_case import GRANTED, NAN, NO_HALT, Action, Case, Event, Fill, Halt, Point, Position, Row, Tally, Watch
from twin_rules import BookRule

SESSIONS_A_YEAR = 252


class Books:
    """The money and positions of every book, and what fills, marks and grants do to them."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.watch = Watch()
        self.met: set[str] = set()  # what a campaign counts and no result shows
        self.fills: list[Fill] = []
        self.actions: list[Action] = []
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

    def short_value(self, book: int) -> float:
        total = 0.0
        for asset, position in enumerate(self.positions[book]):
            if position.quantity < 0:
                total += -position.quantity * self.mark[asset] * self.case.assets[asset].multiplier
        return total

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
        """Return what is written down of a row at the close of a session (section 11)."""
        row, gross, net = self.rows[number], 0.0, 0.0
        books = range(self.n_books) if number == self.n_books else [number]
        for book in books:
            for asset, position in enumerate(self.positions[book]):
                if position.quantity != 0:
                    value = position.quantity * self.mark[asset] * self.case.assets[asset].multiplier
                    gross += abs(value)
                    net += value
        return Point(row.equity, row.nav, gross, net, row.fees, row.slippage, row.borrow, row.interest)

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
