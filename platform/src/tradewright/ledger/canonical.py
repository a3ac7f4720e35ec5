"""One text for each value: what is hashed must not depend on who writes it.

The form is UTF-8 JSON without spaces, its keys sorted by code point.  Integers stay integers; every other number is
text, because readers of JSON disagree about what 0.1 is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tradewright.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterable

BYTES_MAX = 1 << 20
"""1 MiB: a checkpoint takes 1 KB, so more than this is a mistake, and would be written at every bar."""
DEPTH_MAX = 32
DIGITS_MAX = 64
"""Of integers and decimals, on either side of the point: amounts in the smallest units of a chain take 30."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_WHOLE_MAX = 10**DIGITS_MAX


def canonical(body: Mapping[str, object]) -> str:
    """Return the one text of `body`.

    Args:
        body: Keys are text.  Values are text, integers, booleans, None, `Decimal` (plain, never with an exponent, its
            trailing zeros kept), `float` (the shortest form that reads back), aware `datetime`, or mappings, lists
            and tuples of these.

    Raises:
        LedgerError: A value is none of these, is not finite, or is larger than the limits above.

    >>> canonical({"price": Decimal("1E+2"), "n": 3, "edge": 0.1, "at": None})
    '{"at":null,"edge":"0.1","n":3,"price":"100"}'
    """
    text = _ENCODER.encode(_plain(body, 0))
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise LedgerError(f"text must be UTF-8, was {error.object[error.start : error.end]!a}") from error
    if size > BYTES_MAX:
        fix = "keep a large document in a file, and its hash here"
        raise LedgerError(f"a body must be at most {BYTES_MAX:,} bytes, was {size:,}", fix=fix)
    return text


def instant_text(at: datetime) -> str:
    """Return an instant in UTC, to the microsecond, always 27 letters: texts sort as instants do.

    Args:
        at: An instant with a time zone.

    Raises:
        LedgerError: It has no time zone.

    >>> instant_text(datetime(2026, 3, 2, 14, 30, tzinfo=UTC))
    '2026-03-02T14:30:00.000000Z'
    """
    if at.tzinfo is not UTC:
        if at.utcoffset() is None:
            raise LedgerError(f"an instant must have a time zone, was {at.isoformat()}", fix="say which: UTC is best")
        at = at.astimezone(UTC)
    # Years below 1000 keep their zeros, which strftime drops on some systems.
    return f"{at.isoformat(timespec='microseconds')[:26]}Z"


def instant_of(text: str) -> datetime:
    """Return the instant of a text that `instant_text` wrote.

    Raises:
        LedgerError: It is written in another way, if only in its last digit.

    >>> instant_of("2026-03-02T14:30:00.000000Z").hour
    14
    """
    try:
        at = datetime.fromisoformat(text)
        if instant_text(at) == text:
            return at
    except (LedgerError, OverflowError, TypeError, ValueError):
        pass
    raise LedgerError(f"an instant must be written like 2026-03-02T14:30:00.000000Z, was {str(text)[:40]!r}")


def _plain(value: object, depth: int) -> object:  # noqa: PLR0911  # one line for each kind of value
    """Return what JSON can say without loss; the commonest kinds of value are asked for first."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return float.__repr__(value)  # numpy's own float, which is one, would add its name.
        raise _refused("a number must be finite", float.__repr__(value))
    if isinstance(value, dict):
        return _plain_items(value.items(), depth)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if -_WHOLE_MAX < value < _WHOLE_MAX:
            return value
        raise _refused(f"an integer must have at most {DIGITS_MAX} digits", "one of more")
    if isinstance(value, Decimal):
        return _plain_decimal(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, (list, tuple)):
        return _plain_list(value, depth)
    if isinstance(value, Mapping):
        return _plain_items(value.items(), depth)
    wanted = "a value must be text, a number, a boolean, None, an aware datetime, or a mapping or list of these"
    raise _refused(wanted, type(value).__name__)


def _plain_items(items: Iterable[tuple[object, object]], depth: int) -> dict[str, object]:
    if depth >= DEPTH_MAX:
        raise _too_deep()
    found: dict[str, object] = {}
    key: object = None
    try:
        for key, value in items:
            if not isinstance(key, str):
                raise _refused("a key must be text", type(key).__name__)
            found[key] = _plain(value, depth + 1)
    except LedgerError as error:  # Only a failure pays for the path to what failed.
        raise _within(str(key)[:40], error) from error
    return found


def _plain_list(values: Iterable[object], depth: int) -> list[object]:
    if depth >= DEPTH_MAX:
        raise _too_deep()
    found: list[object] = []
    try:
        for value in values:
            found.append(_plain(value, depth + 1))  # noqa: PERF401  # how many there are says which one failed
    except LedgerError as error:
        raise _within(str(len(found)), error) from error
    return found


def _plain_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise _refused("a number must be finite", str(value))
    text = format(value, "f") if -DIGITS_MAX <= value.adjusted() < DIGITS_MAX else ""
    if text and len(text) <= 2 * DIGITS_MAX:
        return text
    raise _refused(f"a decimal must have at most {DIGITS_MAX} digits on either side of the point", f"{value:.3e}")


def _too_deep() -> LedgerError:
    return LedgerError(f"a body must be at most {DEPTH_MAX} levels deep")


def _within(key: str, error: LedgerError) -> LedgerError:
    """Return the error with one more step before the path to what failed."""
    return LedgerError(error.message, key=".".join(filter(None, (key, error.key))))


def _refused(wanted: str, found: str) -> LedgerError:
    return LedgerError(f"{wanted}, was {found[:40]}")
