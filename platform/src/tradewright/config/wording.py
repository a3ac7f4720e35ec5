"""How values, keys and suggestions are written in an error, the same everywhere."""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tradewright.values.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

TEXT_LENGTH_MAX = 40
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def show(value: object) -> str:
    r"""Write `value` as it stands in TOML, cut to fit in a sentence, control characters escaped.

    >>> show(True), show(float("nan")), show("30%"), show("\x1b[31m"), show({"a": 1})
    ('true', 'nan', '"30%"', '"\\u001b[31m"', 'a table')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Secret):
        value = value.reference
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    text = value if isinstance(value, str) else str(value)
    cut = text if len(text) <= TEXT_LENGTH_MAX else f"{text[:TEXT_LENGTH_MAX]}..."
    return json.dumps(cut, ensure_ascii=not cut.isprintable()) if isinstance(value, str) else cut


def dotted(path: Iterable[str]) -> str:
    """Join the parts of a key as TOML writes them.

    >>> dotted(["data", "my feed", "bar"])
    'data."my feed".bar'
    """
    return ".".join(part if _BARE_KEY.fullmatch(part) else show(part) for part in path)


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` most resembles, or None when nothing comes near.

    >>> closest("pluggins", ["data", "plugins"]), closest("zzz", ["data"])
    ('plugins', None)
    """
    by_lower = {name.lower(): name for name in known}
    matches = get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?` for the nearest known word, else an empty text.

    >>> did_you_mean("fsat", ["fast", "slow"])
    '; did you mean fast?'
    """
    near = closest(word, known)
    return "" if near is None else f"; did you mean {near}?"
