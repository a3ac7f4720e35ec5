"""One thing that `tradewright doctor` looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from tradewright.errors import TradewrightError


@attrs.frozen(kw_only=True)
class Check:
    """One thing looked at.

    Attributes:
        name: What was looked at.
        ok: Whether it is as it should be.
        found: What was found.
        fix: What to do about it, when it is not ok or a warning.
        warning: Whether it works, but worse than it could; such a check is ok.
    """

    name: str
    ok: bool
    found: str
    fix: str | None = None
    warning: bool = False


def from_error(name: str, error: TradewrightError) -> Check:
    """Return what a refusal says as a check that failed."""
    return Check(name=name, ok=False, found=str(error), fix=error.fix)
