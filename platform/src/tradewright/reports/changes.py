"""Which settings differ between two runs, in as few words as tell them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN_MAX = 3
_VALUE_LETTERS_MAX = 24


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of `after` that differ from those of `before`, by dotted key; None for one that is gone.

    >>> changes({"seed": 7, "a": {"fast": 50, "old": 1}}, {"seed": 7, "a": {"fast": 20}})
    {'a.fast': 20, 'a.old': None}
    """
    old, new = dict(_leaves(before, "")), dict(_leaves(after, ""))
    changed = {key: value for key, value in new.items() if key not in old or old[key] != value}
    return changed | dict.fromkeys(key for key in old if key not in new)


def shortened(changed: dict[str, Any]) -> str:
    """Write changes with the last word of each key, and more of it where that would be two settings' word.

    >>> shortened({"strategies.trend.signals.ma.fast": 20, "data.a.bar": "1h", "data.b.bar": None})
    'fast=20, a.bar=1h, b.bar gone'
    """
    named = [
        f"{_short(key, list(changed))} gone" if value is None else f"{_short(key, list(changed))}={_word(value)}"
        for key, value in changed.items()
    ]
    more = len(named) - SHOWN_MAX
    return ", ".join(named[:SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def _leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else name)
    else:
        yield key, value


def _short(key: str, keys: list[str]) -> str:
    words = key.split(".")
    for count in range(1, len(words)):
        end = ".".join(words[-count:])
        if sum(f".{other}".endswith(f".{end}") for other in keys) == 1:
            return end
    return key


def _word(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= _VALUE_LETTERS_MAX else f"{text[: _VALUE_LETTERS_MAX - 3]}..."
