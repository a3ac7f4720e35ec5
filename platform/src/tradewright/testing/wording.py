"""How a contract says that it is broken: what it expected, what it found, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tradewright.errors import TradewrightError


def broken(*, expected: str, found: str, fix: str) -> BaseException:
    """Return what fails a test with three lines and no traceback: the kit's own code tells an author nothing."""
    return pytest.fail.Exception(f"\nexpected  {expected}\nfound     {found}\nto mend   {fix}", pytrace=False)


def refused(error: TradewrightError, *, expected: str, fix: str) -> BaseException:
    """Return the same for an error of the kernel, which names its place and often its remedy."""
    return broken(expected=expected, found=str(error), fix=error.fix or fix)
