"""Eight risk rules as somebody else would write them, with nothing but the public contract of a rule.

Each stands alone: none knows of another, and each has options of its own.  `peers/*/measure.py` say the same eight in
the words of vectorbt, raptorbt and nautilus_trader.
"""

# ruff: noqa: ARG001  # every rule of a phase has the same arguments

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from limits import CAP, DAY_LOSS, FALL, FALL_CAP, HOLD, PAUSE, RISK, STEP, STRETCH
from tradewright.risk.contract import REDUCE_ONLY, AssetView, BookView, Feature, Proposal, TargetRule

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray


class One(NamedTuple):
    """A single limit."""

    limit: float


class Two(NamedTuple):
    """A limit and the cap from there on."""

    limit: float
    cap: float


def cap_weight(proposal: Proposal, asset: AssetView, book: BookView, p: One) -> Proposal:
    """Cap the weight."""
    return Proposal(min(proposal.target, p.limit), proposal.stop, proposal.mode)


def cap_risk(proposal: Proposal, asset: AssetView, book: BookView, p: One, sigma: float) -> Proposal:
    """Cap weight x volatility."""
    return Proposal(min(proposal.target, p.limit / sigma), proposal.stop, proposal.mode)


def cap_after_fall(proposal: Proposal, asset: AssetView, book: BookView, p: Two) -> Proposal:
    """Cap the weight once the book has fallen so far from its peak."""
    fallen = 1.0 - book.nav / book.peak >= p.limit
    return Proposal(min(proposal.target, p.cap) if fallen else proposal.target, proposal.stop, proposal.mode)


def stop_adding_after_loss(proposal: Proposal, asset: AssetView, book: BookView, p: One) -> Proposal:
    """Add nothing after a loss since the last close of a session."""
    lost = 1.0 - book.nav / book.day_base >= p.limit
    return Proposal(proposal.target, proposal.stop, REDUCE_ONLY if lost else proposal.mode)


def chase_nothing(proposal: Proposal, asset: AssetView, book: BookView, p: One, mean: float) -> Proposal:
    """Add nothing far above the mean."""
    far = asset.mark > mean * (1.0 + p.limit)
    return Proposal(proposal.target, proposal.stop, REDUCE_ONLY if far else proposal.mode)


def grow_in_steps(proposal: Proposal, asset: AssetView, book: BookView, p: One) -> Proposal:
    """Limit how much is added at once."""
    return Proposal(min(proposal.target, asset.held + p.limit), proposal.stop, proposal.mode)


def close_when_old(
    proposal: Proposal, asset: AssetView, book: BookView, p: One, bar: float, memory: FloatArray
) -> Proposal:
    """Close a position after so many bars; `memory[0]` is the bar at which it was first seen."""
    if asset.quantity == 0.0:
        memory[0] = math.nan
    elif math.isnan(memory[0]):
        memory[0] = bar
    old = bar - memory[0] >= p.limit
    return Proposal(0.0 if old else proposal.target, proposal.stop, proposal.mode)


def rest_after_close(
    proposal: Proposal, asset: AssetView, book: BookView, p: One, bar: float, memory: FloatArray
) -> Proposal:
    """Add nothing for some bars after a close; `memory[0]` is the last bar with a position."""
    if asset.quantity != 0.0:
        memory[0] = bar
    resting = asset.quantity == 0.0 and bar - memory[0] <= p.limit
    return Proposal(proposal.target, proposal.stop, REDUCE_ONLY if resting else proposal.mode)


def rules(sigma: FloatArray, mean: FloatArray) -> list[tuple[str, TargetRule]]:
    """Return all eight; what is known of each bar is handed in, so that nobody's time contains its computation."""
    risk = Feature("sigma", 0, lambda bars, _: sigma[: bars.n_bars, None])
    average = Feature("mean", 0, lambda bars, _: mean[: bars.n_bars, None])
    bar = Feature("bar", 0, lambda bars, _: np.arange(float(bars.n_bars))[:, None])
    chosen = (
        (cap_weight, One(CAP), (), 0),
        (cap_risk, One(RISK), (risk,), 0),
        (cap_after_fall, Two(FALL, FALL_CAP), (), 0),
        (stop_adding_after_loss, One(DAY_LOSS), (), 0),
        (chase_nothing, One(STRETCH), (average,), 0),
        (grow_in_steps, One(STEP), (), 0),
        (close_when_old, One(HOLD), (bar,), 1),
        (rest_after_close, One(PAUSE), (bar,), 1),
    )
    return [
        (
            function.__name__.replace("_", "-"),
            TargetRule(phase="asset", function=function, parameters=p, features=features, memory=memory),
        )
        for function, p, features, memory in chosen
    ]
