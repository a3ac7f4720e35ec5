"""Components that a test defines itself, active beside the kernel's own."""

from __future__ import annotations

from typing import Any

from tradewright import builtins
from tradewright.host.components import OptimizerSpec, SignalSpec
from tradewright.host.loading import load
from tradewright.host.plugins import PluginRecord, Plugins
from tradewright.risk.checks.always import NoOptions


def signal(name: str, made: Any) -> SignalSpec:
    """Return the spec of a signal without options."""
    return SignalSpec(name=name, factory=lambda _: made, config=NoOptions)


def optimizer(name: str, made: Any) -> OptimizerSpec:
    """Return the spec of an optimizer without options."""
    return OptimizerSpec(name=name, factory=lambda _: made, config=NoOptions)


def active(*specs: SignalSpec | OptimizerSpec) -> Plugins:
    """Return the kernel's components and these."""
    mine = PluginRecord(name="mine", status="active", components=specs)
    return Plugins((*load([], entry_points=[], builtin=builtins).records, mine))
