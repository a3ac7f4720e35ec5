"""Which prices these are, as one short text: equal fingerprints are equal numbers, wherever they come from."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import attrs
import numpy as np

if TYPE_CHECKING:
    from tradewright.values.bars import Bars
    from tradewright.values.instrument import Instrument

_FIRST_FACTS = ("symbol", "lot", "tick", "multiplier", "currency", "note")
"""What an instrument told when prices were first kept; what it has learnt to tell since counts where it is told."""

_OF_CALENDARS = ("ends", "closes_at")
"""What bars know from a calendar, and not from a source."""


def fingerprint(bars: Bars) -> str:
    """Return the SHA-256 of everything that a result depends on, in hexadecimal.

    A field that instruments gain later, with a default, leaves the fingerprints of prices that were kept before.
    """
    # As Python writes a tuple, which is how the first fingerprints were taken.
    listed = ", ".join(map(_told, bars.instruments)) + ("," if bars.n_assets == 1 else "")
    digest = hashlib.sha256(f"(({listed}), {bars.adjustment!r})".encode())
    for name, value in attrs.asdict(bars, recurse=False).items():
        if isinstance(value, np.ndarray) and name not in _OF_CALENDARS:
            digest.update(value.tobytes())
    return digest.hexdigest()


def _told(instrument: Instrument) -> str:
    """Write an instrument as Python does, without later facts that have their default."""
    facts = (
        f"{field.name}={getattr(instrument, field.name)!r}"
        for field in attrs.fields(type(instrument))
        if field.name in _FIRST_FACTS or getattr(instrument, field.name) != field.default
    )
    return f"Instrument({', '.join(facts)})"
