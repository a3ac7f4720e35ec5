"""Random markets, strategies and settings for the engine and its twin.

A draw is a seed, a size and a set of features; everything else is a pure function of them.  Prices come bar by bar
from streams of their own, so that a shorter draw is the beginning of a longer one and every smaller draw is simpler.
Prices are multiples of 1/64, quantities and volumes integers, most limits and weights dyadic: comparisons at a limit
are exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from random import Random

from hypothesis import strategies as st
from twin_case import Asset, Case
from twin_options import SETS, checks, rules, settle
from twin_prices import ROUND_QUANTITY, Cell, constants, prices, sessions, times, volumes

SHARES = {1: [[1.0]], 2: [[0.5, 0.5], [0.25, 0.75]], 3: [[0.25, 0.25, 0.5], [0.5, 0.125, 0.375]]}
DYADIC_WEIGHTS = [0.0, 0.0, 0.0625, 0.125, 0.1875, 0.25, 0.25, 0.3125, 0.375, 0.5, 1.0]
# Of 50,000 these buy a hair less than a whole number of units at a price of 50.
DECIMAL_WEIGHTS = [0.07, 0.14, 0.28, 0.29, 0.55, 0.57]


@dataclass(frozen=True)
class Draw:
    """What one example is made from; a feature that is False is absent."""

    seed: int
    rule_set: str = "mission"
    n_bars: int = 5
    n_books: int = 1
    n_assets: int = 1
    bars_per_session: int = 1
    costs: bool = False
    rates: bool = False
    volume: bool = False
    fractional: bool = False
    in_units: bool = False
    at_close: bool = False
    close_only: bool = False
    shorts: bool = False
    missing: bool = False
    late: bool = False
    breaches: bool = False
    ticks: bool = False
    lots: bool = False
    multipliers: bool = False
    grants: bool = False
    resume: bool = False
    band: bool = False
    rough: bool = False
    round_numbers: bool = False
    sparse: bool = False
    limits: bool = False
    splits: bool = False
    dividends: bool = False
    coins: bool = False
    delisted: bool = False

    def __repr__(self) -> str:
        """Name only what differs from the simplest draw, so that a report is short and can be pasted."""
        told = [f for f in fields(self) if getattr(self, f.name) != f.default]
        return f"Draw({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in told)})"

    def stream(self, *names: object) -> Random:
        """Return random numbers that depend on the seed and on their purpose alone."""
        return Random(":".join(map(str, (self.seed, *names))))


FLAGS = [f.name for f in fields(Draw) if f.type == "bool"]


def draws(*rule_sets: str) -> st.SearchStrategy[Draw]:
    """Draw from the given sets of rules, all by default."""
    return st.sampled_from(rule_sets or tuple(SETS)).flatmap(draws_of)


def draws_of(rule_set: str) -> st.SearchStrategy[Draw]:
    """Draw from one set of rules, so long that all of them may act."""
    some, several = st.integers(5, 60), st.integers(2, 4)
    n_bars, bars_per_session = {
        "gates": (some, several),
        "all": (st.integers(45, 110), st.sampled_from([2, 2, 3])),
    }.get(rule_set, (some, st.integers(1, 4)))
    return st.builds(
        Draw,
        seed=st.integers(0, 2**32 - 1),
        rule_set=st.just(rule_set),
        n_bars=n_bars,
        n_books=st.integers(1, 3),
        n_assets=st.integers(1, 4),
        bars_per_session=bars_per_session,
        **{name: st.booleans() for name in FLAGS},
    )


def case_of(draw: Draw) -> Case:
    """Return the history that a draw stands for."""
    numbers = range(draw.n_assets)
    assets = [constants(draw, number) for number in numbers]
    columns = [prices(draw, number) for number in numbers]
    session = sessions(draw)
    for number in numbers:
        delist(draw, assets, columns[number].cells, session, number)
    rows = list(zip(*(column.cells for column in columns), strict=True))
    traded = [[cell is not None for cell in row] for row in rows]

    def table(index: int) -> list[list[float]]:
        return [[math.nan if cell is None else cell[index] for cell in row] for row in rows]

    options = draw.stream("options")
    share = options.choice(SHARES[draw.n_books])
    start = options.choice([65536.0, 50000.0] if draw.round_numbers else [65536.0, 32768.0, 50000.0, 4096.0])
    opened, closed = times(draw, session)
    acts = draw.splits or draw.dividends
    case = Case(
        assets=assets,
        session=session,
        opened=opened,
        closed=closed,
        traded=traded,
        close=table(3),
        open=None if draw.close_only else table(0),
        high=None if draw.close_only else table(1),
        low=None if draw.close_only else table(2),
        volume=volumes(draw, traded) if draw.volume else None,
        target=[],
        made=[],
        rules=rules(draw),
        checks=checks(draw, assets[0], columns[0].cells),
        capital=[part * start for part in share],
        share=share,
        no_trade_band=[options.choice([0.02, 0.0625, 0.0625]) if draw.band else 0.0 for _ in share],
        split=rows_of([column.split for column in columns]) if acts else None,
        dividend=rows_of([column.dividend for column in columns]) if acts else None,
        at_close=draw.at_close or draw.close_only,
        whole=not draw.fractional,
        in_units=draw.in_units,
        capital_total=start,
        resume_after=draw.stream("resume").choice([1, 3]) if draw.resume else 0,
    )
    settle(draw, case, start)
    decide(draw, case)
    return case


def delist(draw: Draw, assets: list[Asset], cells: list[Cell], session: list[int], number: int) -> None:
    """End the trading of an asset on some day, in the draws that do; the day may lie beyond the last."""
    random = draw.stream("delisted", number)
    day, cash = random.randint(1, 30), random.choice([0.0, 16.0, 100.0, 101.5])
    if not draw.delisted or random.random() < 0.3:
        return
    assets[number] = replace(assets[number], delisted_session=day, delisted_cash=cash)
    for bar, of in enumerate(session):
        if of >= day:
            cells[bar] = None


def rows_of(columns: list[list[float]]) -> list[list[float]]:
    return [list(row) for row in zip(*columns, strict=True)]


def decide(draw: Draw, case: Case) -> None:
    """Let every strategy change its mind now and then."""
    streams = [[draw.stream("target", book, n) for n in range(draw.n_assets)] for book in range(draw.n_books)]
    breaches = draw.stream("breach")
    made = [draw.stream("made", book) for book in range(draw.n_books)]
    current = [[0.0] * draw.n_assets for _ in range(draw.n_books)]
    for bar in range(draw.n_bars):
        for book, own in enumerate(streams):
            for number, random in enumerate(own):
                if random.random() < 0.25 or bar == 0:
                    current[book][number] = wish(draw, case, random, book, number)
        case.target.append([[spoilt(draw, breaches, w) for w in wanted] for wanted in current])
        case.made.append([random.random() < 0.5 or not draw.sparse for random in made])


def wish(draw: Draw, case: Case, random: Random, book: int, number: int) -> float:
    """Return a target weight, or a quantity where the strategies think in units."""
    weight, other = random.choice(DYADIC_WEIGHTS), random.uniform(0.0, 0.6)
    decimal, special, short = random.choice(DECIMAL_WEIGHTS), random.random() < 0.3, random.random() < 0.4
    if special:
        weight = decimal if draw.round_numbers else other
    if draw.shorts and short:
        weight = -weight
    if not draw.in_units:
        return weight
    seen = next((row[number] for row in case.close if not math.isnan(row[number])), 100.0)
    asset = case.assets[number]
    if draw.round_numbers and special:
        return math.copysign(ROUND_QUANTITY * asset.lot, weight)
    quantity = weight * case.capital[book] / seen / asset.multiplier
    if draw.fractional:
        return quantity
    return float(int(quantity / asset.lot)) * asset.lot


def spoilt(draw: Draw, random: Random, wanted: float) -> float:
    if draw.breaches and random.random() < 0.12:
        return random.choice([math.nan, math.inf, -math.inf])
    return wanted
