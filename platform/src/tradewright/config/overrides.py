"""`--set a.b.c=value`: one key of plugins.toml changed for one run."""

from __future__ import annotations

import copy
import re
import tomllib
from typing import TYPE_CHECKING, Any

from tradewright.config.wording import did_you_mean, dotted, show
from tradewright.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradewright.config.toml_lines import Key

_BARE_WORD = re.compile(r"""[^\s"'\[\]{}=,#]+""")
_FIX = "write --set strategies.trend.gross=0.3, or --set 'data.indices.symbols=[\"SPX\"]'"


def apply(table: dict[str, Any], overrides: Sequence[str]) -> tuple[dict[str, Any], tuple[Key, ...]]:
    """Return a changed copy of `table`, and the keys changed.

    Raises:
        UsageError: An override is not `key=value`, or names a feed, strategy or signal that is not there.

    >>> apply({"costs": {"spread_bps": 2.0}}, ["costs.spread_bps=0"])
    ({'costs': {'spread_bps': 0}}, (('costs', 'spread_bps'),))
    """
    changed = copy.deepcopy(table)
    keys = []
    for text in overrides:
        key, value = _parsed(text)
        _put(changed, key, value)
        keys.append(key)
    return changed, tuple(keys)


def _parsed(text: str) -> tuple[Key, Any]:
    left, equals, right = text.partition("=")
    if not equals:
        raise UsageError(f"--set must be key=value, was {show(text)}", fix=_FIX)
    return _key(left.strip()), _value(left.strip(), right.strip())


def _key(text: str) -> Key:
    wrong = UsageError(f"--set must begin with a dotted key, was {show(text)}", fix=_FIX)
    try:
        here: Any = tomllib.loads(f"{text} = 0")
    except (ValueError, RecursionError) as error:
        raise wrong from error
    if "\n" in text:
        raise wrong
    path: list[str] = []
    while isinstance(here, dict) and len(here) == 1:
        [(part, here)] = here.items()
        path.append(part)
    if not path:  # A comment.
        raise wrong
    return tuple(path)


def _value(key: str, text: str) -> Any:
    """Read a TOML value; a bare word stands for a text, because shells eat quotes."""
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError) as error:
        if _BARE_WORD.fullmatch(text):
            return text
        # The text is not repeated: it may be a secret.
        raise UsageError(f"--set {key} must be followed by a TOML value or one word", fix=_FIX) from error
    if len(table) != 1:
        raise UsageError(f"--set {key} must set one value, was several lines", fix=_FIX)
    return table["value"]


def _put(table: dict[str, Any], key: Key, value: Any) -> None:
    here = table
    for depth, part in enumerate(key[:-1], start=1):
        if part not in here and _is_name(key[:depth]):
            name = dotted(key[:depth])
            known = ", ".join(here) or "none"
            message = f"--set {name}: not in the file{did_you_mean(part, here)}"
            raise UsageError(message, key=name, fix=f"name one of those in the file: {known}")
        here = here.setdefault(part, {})
        if not isinstance(here, dict):
            name = dotted(key[:depth])
            raise UsageError(f"--set {dotted(key)}: {name} is a value, not a table", key=name, fix=_FIX)
    here[key[-1]] = value


def _is_name(key: Key) -> bool:
    """Say whether the last part is a name that the operator chose: there a typo would make a new thing."""
    match key:
        case ("data" | "strategies" | "venues", _) | ("strategies", _, "signals", _):
            return True
    return False
