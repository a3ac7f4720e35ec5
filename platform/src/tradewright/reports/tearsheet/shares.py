"""How much of what a position earned each signal may claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tradewright.values.arrays import FloatArray

OTHER = "other"
"""What no signal explains; no signal's name in plugins.toml may collide with it unseen: it comes last."""


def shares(votes: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return each signal's share of the combined forecast, `sign(f) x v_k / sum |v|`, `(n_decisions, n_assets)`.

    `v_k` is the signal's vote, `f` the sum of the votes.  A signal that voted against the sum has a negative share.
    Shares sum to `|f| / sum |v|`: 1 when all agree, less when they do not.  A decision without an opinion keeps
    the shares of the one before, whose position it ends; before any opinion they are 0.

    Args:
        votes: weight x confidence x score by signal, `(n_decisions, n_assets)` each.

    >>> found = shares({"up": np.array([[0.5], [0.0], [0.0]]), "down": np.array([[-0.25], [0.0], [-0.5]])})
    >>> {name: share.round(3).ravel().tolist() for name, share in found.items()}
    {'up': [0.667, 0.667, 0.0], 'down': [-0.333, -0.333, 1.0]}
    """
    total = np.sum(list(votes.values()), axis=0)
    size = np.sum([np.abs(vote) for vote in votes.values()], axis=0)
    row = np.arange(len(total))[:, None]
    latest = np.maximum.accumulate(np.where(total != 0.0, row, -1), axis=0)
    result = {}
    for name, vote in votes.items():
        share = np.divide(np.sign(total) * vote, size, out=np.zeros_like(total), where=size > 0.0)
        # Adding 0 turns -0 into 0.
        result[name] = np.where(latest < 0, 0.0, np.take_along_axis(share, np.maximum(latest, 0), axis=0)) + 0.0
    return result
