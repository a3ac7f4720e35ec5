"""The sets of rules and checks of the draws, with options that bind often; see `twin_draws`."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from twin_checks import (
    BuyingPower,
    Check,
    Finite,
    HaltCheck,
    OrderQuantity,
    OrderValue,
    PriceCollar,
    RestrictedList,
    Session,
    VolumeShare,
)
from twin_optional import CircuitBreaker, CorrelationLimit, LiquidityFloor, TradingWindow, VolatilityTarget
from twin_prices import ROUND_QUANTITY, Cell, bar_minutes
from twin_rules import DailyLoss, DrawdownHalt, Exposure, PositionLimit, RiskPerTrade, Rule

if TYPE_CHECKING:
    from twin_case import Asset, Case
    from twin_draws import Draw

Rules = tuple[type[Rule], ...]
Checks = tuple[type[Check], ...]

MISSION: Rules = (RiskPerTrade, PositionLimit, Exposure, DrawdownHalt, DailyLoss)
OPTIONAL: Rules = (VolatilityTarget, CorrelationLimit, LiquidityFloor, CircuitBreaker, TradingWindow)
CHECKS: Checks = (
    Finite,
    Session,
    HaltCheck,
    BuyingPower,
    PriceCollar,
    OrderValue,
    OrderQuantity,
    VolumeShare,
    RestrictedList,
)
# Without a volatility nothing is traded for the first twenty sessions, so one set does without that rule.
GATES: Rules = (
    TradingWindow,
    DailyLoss,
    CircuitBreaker,
    CorrelationLimit,
    Exposure,
    DrawdownHalt,
    PositionLimit,
    LiquidityFloor,
    RiskPerTrade,
)
# Each set takes seconds to compile; options do not.
SETS: dict[str, tuple[Rules, Checks]] = {
    "mission": (MISSION, ()),
    "none": ((), ()),
    "checks": ((), CHECKS),
    "gates": (GATES, CHECKS[::-1]),
    "all": ((*MISSION, *OPTIONAL), CHECKS),
}
FAR = 1e12  # A limit that nothing reaches.


def rules(draw: Draw) -> list[Rule]:
    """Return the rules of the draw's set."""
    made = mission(draw) | optional(draw)
    return [made[kind] for kind in SETS[draw.rule_set][0]]


def mission(draw: Draw) -> dict[type[Rule], Rule]:
    """Return the mission's rules, never looser than the mission has them."""
    random, dyadic = draw.stream("rules"), draw.round_numbers
    stop = "atr" if dyadic else random.choice(["volatility", "atr"])
    return {
        RiskPerTrade: RiskPerTrade(
            limit=random.choice([1 / 64] if dyadic else [0.02, 1 / 64, 1 / 128]),
            stop="volatility" if draw.close_only else stop,
            multiple=random.choice([0.5, 1.0, 3.0]),
            lookback=random.choice([2, 2, 3, 5]),
        ),
        PositionLimit: PositionLimit(
            limit=random.choice([0.25] if dyadic else [0.3, 0.25, 0.125]),
            trim_band=random.choice([0.02, 1 / 64, 1 / 64, 0.0]),
        ),
        Exposure: Exposure(
            gross=random.choice([1.0, 0.5, 0.25]),
            net=random.choice([1.0, 0.25, 0.125]),
            trim_band=random.choice([0.02, 1 / 64, 1 / 64, 0.0]),
        ),
        DrawdownHalt: DrawdownHalt(limit=random.choice([0.0625, 1 / 64] if dyadic else [0.12, 0.0625, 1 / 64])),
        DailyLoss: DailyLoss(
            limit=random.choice([1 / 64, 1 / 128] if dyadic else [0.05, 1 / 64, 1 / 128]),
            cut=random.choice([0.5, 0.75, 1.0]),
        ),
    }


def optional(draw: Draw) -> dict[type[Rule], Rule]:
    """Return the rules that are off unless named, in half of the draws with options that leave room to the others."""
    random, minutes = draw.stream("optional"), bar_minutes(draw)
    return {
        VolatilityTarget: VolatilityTarget(
            limit=random.choice([0.02, 0.05, 0.1, 1.0]),
            lookback=random.choice([20, 20, 21, 25]),
            refresh=random.choice([1, 3, 5]),
            trim_band=random.choice([0.0, 0.01, 0.05]),
        ),
        CorrelationLimit: CorrelationLimit(
            limit=random.choice([0.0625, 0.125, 0.25, 0.5]),
            lookback=random.choice([20, 20, 25, 60]),
            refresh=random.choice([1, 2, 5]),
            trim_band=random.choice([0.0, 1 / 64, 0.05]),
        ),
        LiquidityFloor: LiquidityFloor(
            limit=random.choice([1.0, 1.0, 65536.0, 1_000_000.0]), lookback=random.choice([1, 2, 5])
        ),
        CircuitBreaker: CircuitBreaker(
            move=random.choice([1 / 64, 0.0625, 0.25, 1.0]),
            bars=random.choice([1, 1, 2, 5]),
            spike=random.choice([1.25, 2.0, 100.0]),
            until=random.choice(["session", "session", "session", "latched"]),
        ),
        TradingWindow: TradingWindow(
            after_open=random.choice([0.0, 5.0, float(minutes), minutes + 1.0]),
            before_close=random.choice([0.0, 0.0, float(minutes), minutes + 1.0]),
        ),
    }


def checks(draw: Draw, asset: Asset, cells: list[Cell]) -> list[Check]:
    """Return the checks of the draw's set; round orders of the given asset are often exactly at their limits."""
    random, quantities, values = draw.stream("checks"), [16.0, 50.0, 256.0], [1024.0, 4096.0, 16384.0]
    if draw.round_numbers:
        unit = ROUND_QUANTITY * asset.lot * asset.multiplier
        quantities = [float(ROUND_QUANTITY)]
        values = [unit * price for cell in cells[1:6] if cell for price in (cell[0], cell[3])] or values
    made: dict[type[Check], Check] = {
        PriceCollar: PriceCollar(limit=random.choice([0.2, 0.0625, 0.05, 1 / 64, 1 / 256])),
        OrderValue: OrderValue(limit=far_or(random, values)),
        OrderQuantity: OrderQuantity(limit=far_or(random, quantities)),
        VolumeShare: VolumeShare(limit=random.choice([0.01, 0.05, 0.0625, 1.0])),
        RestrictedList: RestrictedList(random.choice([(), (), (0,), (draw.n_assets - 1,)])),
    }
    return [made.get(kind) or kind() for kind in SETS[draw.rule_set][1]]


def far_or(random: Random, limits: list[float]) -> float:
    return random.choice(limits) if random.random() < 0.5 else FAR


def settle(draw: Draw, case: Case, start: float) -> None:
    """Set costs, rates and grants."""
    random = draw.stream("costs")
    if draw.volume:
        case.participation = random.choice([0.05, 0.0625, 0.5])
    if draw.costs:
        case.spread_bps = random.choice([0.0, 2.0, 20.0])
        case.slippage_bps = random.choice([0.0, 3.0, 50.0])
        case.commission_per_share = random.choice([0.0, 0.005, 0.0625])
        case.commission_rate = random.choice([0.0, 0.001])
        case.commission_min = random.choice([0.0, 1.0, 16.0])
    if draw.rates:
        case.cash_rate = random.choice([0.0, 0.05, 0.252])
        case.borrow_rate = random.choice([0.01, 0.1])
    if draw.grants:
        case.capital_step = start * random.choice([0.25, 0.75])
        case.capital_total = start * random.choice([1.5, 2.0, 4.0])
        case.capital_step_return = random.choice([0.0, 1 / 128, 1 / 64, 0.05])
        case.evidence_ok = random.random() < 0.9
    if draw.limits:
        case.limit_offset = draw.stream("limits").choice([-1 / 64, -1 / 64, -1 / 128, -0.002, 0.0, 0.0, 1 / 64, 0.01])
