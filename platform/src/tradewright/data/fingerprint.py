"""Which prices these are, as one short text: equal fingerprints are equal numbers, wherever they come from."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import attrs
import numpy as np

if TYPE_CHECKING:
    from tradewright.values.bars import Bars


def fingerprint(bars: Bars) -> str:
    """Return the SHA-256 of everything that a result depends on, in hexadecimal."""
    digest = hashlib.sha256(repr((bars.instruments, bars.adjustment)).encode())
    exits = [(one.symbol, str(one.delisted_on), one.delisted_cash) for one in bars.instruments if one.delisted_on]
    if exits:  # Where there are none, the fingerprint is that of versions which did not know them.
        digest.update(repr(exits).encode())
    for value in attrs.asdict(bars, recurse=False).values():
        if isinstance(value, np.ndarray):
            digest.update(value.tobytes())
    return digest.hexdigest()
