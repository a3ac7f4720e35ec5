"""One rule in the engine's loop, compiled and interpreted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from tradewright.engine.fuse import ENTRIES, fuse, load
from tradewright.engine.generate import source_of
from tradewright.engine.jit import compiled_rule
from tradewright.engine.probe import probe
from tradewright.engine.run import simulate
from tradewright.engine.state import as_bytes, table
from tradewright.engine.tape import BOOK, Decisions, Settings
from tradewright.errors import PluginError
from tradewright.risk.contract import OrderCheck
from tradewright.testing import folders
from tradewright.testing.markets import market
from tradewright.testing.wording import broken, refused
from tradewright.workspace.writing import write_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradewright.engine.fuse import FusedRules
    from tradewright.engine.run import Trace
    from tradewright.risk.contract import TargetRule

N_BARS = 160
CASH = 100_000.0


def compiled(name: str, rule: TargetRule | OrderCheck) -> Callable[..., Any]:
    """Return the rule's function compiled, or fail with the compiler's reason."""
    wanted = f"{name} to compile"
    try:
        reasons = probe([(name, rule)])
    except PluginError as error:
        raise refused(error, expected=wanted, fix="return the verdict of its phase and write to nothing") from error
    if reasons:
        fix = "keep to numbers, tuples and arrays; set compiles = False for a rule that may run interpreted"
        raise broken(expected=wanted, found=reasons[name], fix=fix)
    return compiled_rule(rule.function)


def fused_as_interpreted(name: str, rule: TargetRule | OrderCheck) -> tuple[bool, str]:
    """Trade a market with both loops; return whether they left the same bytes, and which parts differ."""
    rules, checks = ([], [(name, rule)]) if isinstance(rule, OrderCheck) else ([(name, rule)], [])
    compiled_loop = fuse(rules, folders.compiled(), checks)
    path = folders.compiled() / f"interpreted_{compiled_loop.key}.py"
    source = source_of(compiled_loop.rules, compiled_loop.checks, interpreted={name: "on purpose"})
    write_all({path: source.encode()})
    loops = load(path, source)
    interpreted_loop = attrs.evolve(
        compiled_loop,
        **{name: getattr(loops, name) for name in ENTRIES},
        interpreted={name: "on purpose"},
    )
    one, other = _traded(compiled_loop), _traded(interpreted_loop)
    parts = {part: (getattr(one, part), getattr(other, part)) for part in ("equity", "curve", "fills", "events")}
    differing = [part for part, (left, right) in parts.items() if left.tobytes() != right.tobytes()]
    if as_bytes(one.state) != as_bytes(other.state):
        differing.append("state")
    return not differing, ", ".join(differing)


def _traded(fused: FusedRules) -> Trace:
    """Let one book trade a wild market, long and short, with costs."""
    bars = market(N_BARS, 2, gaps=True, seed=3)
    wants = np.random.default_rng(4).normal(0.0, 0.6, (N_BARS, 1, 2))
    made = np.ones((N_BARS, 1), dtype=bool)
    settings = Settings(
        at_close=False,
        has_volume=True,
        whole=True,
        in_units=False,
        participation=0.05,
        half_spread_and_slippage=4e-4,
        commission_per_share=0.005,
        commission_rate=0.0,
        commission_min=1.0,
        cash_rate=0.01,
        borrow_rate=0.01,
        capital_total=CASH,
        capital_step=0.0,
        capital_step_return=math.inf,
        evidence_ok=True,
        resume_after=5,
        latched=np.array([rule.latched for _, rule in fused.rules if rule.phase == "book"], dtype=bool),
        books=table((1,), BOOK, share=1.0, no_trade_band=0.02),
    )
    return simulate(bars, Decisions(wants, made, np.zeros_like(made)), settings, fused, np.array([CASH]))
