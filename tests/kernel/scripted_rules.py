"""Rules that do as the test says, so that a ledger can have the target, stop, mode or halt it is about."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from tradewright.risk.contract import NORMAL, RUNNING, AssetView, BookView, Feature, Halt, Proposal, TargetRule

if TYPE_CHECKING:
    from tradewright.values.arrays import FloatArray
    from tradewright.values.bars import Bars


class NoOptions(NamedTuple):
    """numba wants a record with at least one field."""

    unused: float = 0.0


def obey_asset(  # every asset rule has the same arguments
    proposal: Proposal, asset: AssetView, book: BookView, p: NoOptions, factor: float, stop: float, mode: float
) -> Proposal:
    """Return the scripted multiple of the target, stop and mode."""
    return Proposal(proposal.target * factor, stop, int(mode))


def obey_book(book: BookView, p: NoOptions, level: float) -> Halt:
    """Return the scripted level."""
    return Halt(int(level), 1.0, level, 1.0)


def tally(proposal: Proposal, asset: AssetView, book: BookView, p: NoOptions, memory: FloatArray) -> Proposal:
    """Remember how often it has been asked."""
    memory[0] = 1.0 if math.isnan(memory[0]) else memory[0] + 1.0
    return proposal


def tallying() -> tuple[tuple[str, TargetRule], ...]:
    """Return an asset rule that remembers how often it has been asked."""
    return (("tally", TargetRule(phase="asset", function=tally, parameters=NoOptions(), memory=1)),)


def script(values: Sequence[float], default: float) -> Feature:
    """Return a feature with one number per bar, the same for every asset; the last one lasts."""

    def column(bars: Bars, window: int) -> FloatArray:
        given = np.full(bars.n_bars, default if len(values) == 0 else values[-1], dtype=float)
        given[: len(values)] = values
        return np.repeat(given[:, None], bars.n_assets, axis=1)

    return Feature("script", 1, column)


def scripted(
    *,
    factor: Sequence[float] = (),
    stop: Sequence[float] = (),
    mode: Sequence[float] = (),
    level: Sequence[float] = (),
    latched: bool = False,
) -> tuple[tuple[str, TargetRule], ...]:
    """Return a book rule and an asset rule that give one value per bar; by default nothing."""
    halt = TargetRule(
        phase="book",
        function=obey_book,
        parameters=NoOptions(),
        features=(script(level, RUNNING),),
        latched=latched,
    )
    asset = TargetRule(
        phase="asset",
        function=obey_asset,
        parameters=NoOptions(),
        features=(script(factor, 1.0), script(stop, np.nan), script(mode, NORMAL)),
    )
    return ("scripted-halt", halt), ("scripted-asset", asset)
