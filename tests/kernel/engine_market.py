"""Small markets for the tests of limit orders, corporate actions, order checks and the numbers that rules see."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import attrs
import numpy as np
from engine_harness import NAN, Rules, grid, settings
from tradewright.engine.fuse import FusedRules, fuse
from tradewright.engine.run import Trace, simulate
from tradewright.engine.tape import Decisions, Settings
from tradewright.risk.checks import always, order_size, price_collar, restricted_list
from tradewright.risk.contract import AssetView, BookView, OrderCheck, Proposal, TargetRule
from tradewright.testing import situations
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

REAL = Path(os.environ.get("TRADEWRIGHT_SHARED_DATA", str(Path(__file__).parents[3] / "shared" / "data")))
"""Real prices; tests that need them are skipped where they are absent."""

MINUTE = np.timedelta64(1, "m")
PLAIN_ASSET, PLAIN_BOOK, PLAIN_ORDER = situations.ASSET, situations.BOOK, situations.ORDER


def market(close: Any, *, sessions: Any = None, **fields: Any) -> Bars:
    """Return bars of one hour; a NaN close is a bar without a trade, and every bar is a session of its own.

    With `open` alone, a bar reaches as far as its open and close.  `split` or `dividend` maps a bar, or a bar and
    a column, to the action on it.
    """
    closes = grid(close)
    n_bars, n_assets = closes.shape
    days = np.arange(n_bars) if sessions is None else np.asarray(sessions)
    place = np.arange(n_bars) - np.searchsorted(days, days)  # Within its session.
    opened_at = np.datetime64("2024-01-01T10:00") + days * np.timedelta64(1, "D") + place * 60 * MINUTE
    columns: dict[str, Any] = {
        name: grid(fields[name]) for name in ("open", "high", "low", "volume") if name in fields
    }
    if "open" in columns:
        columns.setdefault("high", np.maximum(columns["open"], closes))
        columns.setdefault("low", np.minimum(columns["open"], closes))
    if "split" in fields or "dividend" in fields:
        columns["split"] = actions(fields.get("split", {}), closes.shape, absent=1.0)
        columns["dividend"] = actions(fields.get("dividend", {}), closes.shape, absent=0.0)
    return Bars(
        instruments=fields.get("instruments") or [Instrument(symbol=f"A{i}") for i in range(n_assets)],
        opened_at=opened_at,
        closed_at=opened_at + 60 * MINUTE,
        session=opened_at.astype("datetime64[D]"),
        close=closes,
        traded=~np.isnan(closes),
        **columns,
    )


def actions(given: dict[Any, float], shape: tuple[int, int], *, absent: float) -> Any:
    """Return a grid of `absent` with the given cells."""
    result = np.full(shape, absent)
    for cell, value in given.items():
        result[cell] = value
    return result


def walk(n_bars: int, n_assets: int = 1, *, seed: int = 7, per_session: int = 1, **fields: Any) -> Bars:
    """Return a random market with ranges and volumes."""
    draw = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(draw.normal(0.0, 0.02, (n_bars, n_assets)), axis=0))
    open_ = close * np.exp(draw.normal(0.0, 0.005, close.shape))
    reach = np.abs(draw.normal(0.0, 0.01, (2, *close.shape)))
    untraded = fields.pop("untraded", np.zeros(close.shape, bool))
    columns = {
        "close": close,
        "open": open_,
        "high": np.maximum(open_, close) * (1 + reach[0]),
        "low": np.minimum(open_, close) * (1 - reach[1]),
        "volume": draw.integers(1_000, 9_000, close.shape).astype(float),
    }
    columns = {name: np.where(untraded, np.nan, values) for name, values in columns.items()}
    return market(columns.pop("close"), sessions=np.arange(n_bars) // per_session, **columns, **fields)


def free_settings(rules: Rules = (), **changes: Any) -> Settings:
    """Return settings of one book in units, without any cost, limit or capital step, some of them changed."""
    return settings(rules, **{"in_units": True, **changes})


def fused(
    cache: Path, rules: Sequence[tuple[str, TargetRule]] = (), checks: Sequence[tuple[str, OrderCheck]] = ()
) -> FusedRules:
    """Compile a set of rules and checks, or load it."""
    return fuse(rules, cache, checks)


def play(loop: FusedRules, bars: Bars, wants: Sequence[Any], *, cash: float = 10_000.0, **changes: Any) -> Trace:
    """Run one book; `wants` has, per bar, None for no decision or the quantities (or weights) wanted."""
    target = np.zeros((bars.n_bars, 1, bars.n_assets))
    made = np.zeros((bars.n_bars, 1), dtype=bool)
    for bar, want in enumerate(wants):
        if want is not None:
            target[bar, 0], made[bar, 0] = want, True
    setup = free_settings(
        loop.rules,
        **{
            "at_close": bars.open is None,
            "has_volume": bars.volume is not None,
            "has_actions": bars.split is not None,
            "has_exits": bool((bars.exit_bar < bars.n_bars).any()),
            **changes,
        },
    )
    return simulate(bars, Decisions(target, made, np.zeros_like(made)), setup, loop, np.array([cash]))


def fills(trace: Trace) -> list[tuple[int, int, float, float]]:
    """Return bar, reason, signed quantity and price of each fill."""
    return [(int(f.bar), int(f.reason), float(f.quantity), float(f.price)) for f in trace.fills]


def count_of(trace: Trace, loop: FusedRules, name: str) -> tuple[Any, ...]:
    """Return cuts, bars, notional, first and last bar of a rule or check."""
    names = [part for part, _ in (*loop.rules, *loop.checks)]
    counter = trace.state.counters[names.index(name)]
    return (
        int(counter.cuts),
        int(counter.bars),
        float(counter.notional),
        int(counter.first),
        int(counter.last),
    )


class Fixed(NamedTuple):
    """The stop that `protect` sets, NaN for none."""

    stop: float


def protect(proposal: Proposal, asset: AssetView, book: BookView, p: Fixed) -> Proposal:
    """Set a stop where there is none."""
    if proposal.target == 0.0 or not math.isnan(proposal.stop):
        return proposal
    return Proposal(proposal.target, p.stop, proposal.mode)


OFF = 1e300  # A limit that nothing reaches.


def every_check(**given: Any) -> list[tuple[str, OrderCheck]]:
    """Return all nine checks in the order of their page, each out of the way unless a limit is given."""
    nothing = always.NoOptions()
    parts = {
        "finite": always.make_finite(nothing),
        "session": always.make_session(nothing),
        "halt": always.make_halt(nothing),
        "buying-power": always.make_buying_power(nothing),
        "price-collar": price_collar.make(price_collar.PriceCollar()),
        "order-value": order_size.make_order_value(order_size.OrderValue(limit=1.0)),
        "order-quantity": order_size.make_order_quantity(order_size.OrderQuantity(limit=1.0)),
        "volume-share": order_size.make_volume_share(order_size.VolumeShare()),
        "restricted-list": restricted_list.make(
            restricted_list.RestrictedList(symbols=tuple(given.pop("restricted", ())))
        ),
    }
    for name in ("price-collar", "order-value", "order-quantity", "volume-share"):
        limit = given.pop(name.replace("-", "_"), OFF)
        parts[name] = attrs.evolve(parts[name], parameters=type(parts[name].parameters)(limit))
    assert not given
    return list(parts.items())


def checked(cache: Path, *, stop: float = NAN, **limits: Any) -> FusedRules:
    """Return the loop with `protect` and all nine checks; only its numbers differ, so it compiles once."""
    rule = TargetRule(phase="asset", function=protect, parameters=Fixed(stop))
    return fused(cache, [("protect", rule)], every_check(**limits))
