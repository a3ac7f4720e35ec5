"""TOML with places: which line sets a key, and where and why a file does not parse.

tomllib keeps no positions, so they are found again when an error needs one: a file is cut into its
statements, each of which is TOML by itself.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.config.wording import dotted
from tradewright.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Finding the end of a statement parses it once per line; 1,000 lines take about a second.
_STATEMENT_LINES_MAX = 1000
_POSITION = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
_TABLE_ARRAY = re.compile(r"^\s*\[\[", re.MULTILINE)

Key = tuple[str, ...]


@attrs.frozen
class Statement:
    """One header or one assignment, which may run over several lines.

    Attributes:
        line: Its first line, counted from 1.
        header: The table it opens or stands in.
        target: The table it opens or the key it assigns, from the root.
        content: What it assigns, relative to `header`; empty for a header, None when it never ends.
    """

    line: int
    header: Key
    target: Key
    content: dict[str, Any] | None

    def sets(self, key: Key) -> bool:
        """Say whether this statement brings `key` into being."""
        if self.content is None:
            return False
        if not self.content:
            return self.header[: len(key)] == key
        depth = len(self.header)
        return len(key) > depth and self.header == key[:depth] and _holds(self.content, key[depth:])


def statements(text: str) -> Iterator[Statement]:
    """Cut TOML into statements, up to the first one that does not parse (its content is None)."""
    header: Key = ()
    begun: list[str] = []
    first = 1
    for line, source in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        first = first if begun else line
        begun.append(source)
        if len(begun) > _STATEMENT_LINES_MAX:
            break
        try:
            content = tomllib.loads("\n".join(begun))
        except (ValueError, RecursionError):
            continue
        if begun[0].lstrip().startswith("["):
            header = _only_path(content)
            yield Statement(first, header, header, {})
        elif content:
            yield Statement(first, header, header + _assigned(begun[0]), content)
        begun = []
    if begun:
        yield Statement(first, header, header, None)


def line_of(text: str, key: Key) -> int:
    r"""Return the line that sets `key`, or else its nearest parent; 1 stands for the file as a whole.

    >>> line_of("a = 1\n\n[b]\nc = [\n  1,\n]\n", ("b", "c"))
    4
    """
    lines = (first_line(text, key[:depth]) for depth in range(len(key), 0, -1))
    return next((line for line in lines if line is not None), 1)


def first_line(text: str, key: Key) -> int | None:
    """Return the first line that sets `key` itself or something within it, or None."""
    return next((statement.line for statement in statements(text) if statement.sets(key)), None)


def parse(text: str, file: Path) -> dict[str, Any]:
    """Parse TOML.

    Raises:
        ConfigError: The text is not TOML, with line and column, or sets a key twice, with both lines.
    """
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ConfigError("arrays or tables nested too deeply", file=file, line=1, fix="flatten them") from error
    except ValueError as error:  # An integer of 5,000 digits is a plain ValueError.
        raise _twice(text, file) or _invalid(text, file, str(error)) from error


def _twice(text: str, file: Path) -> ConfigError | None:
    """Find a key or table that is set twice; tomllib gives neither its name nor its first place."""
    if _TABLE_ARRAY.search(text):
        return None  # Its tables share one name; the parser's own words have to do.
    seen: dict[tuple[Key, bool], int] = {}
    for statement in statements(text):
        if statement.content is None:
            return None
        target = (statement.target, bool(statement.content))
        if target in seen:
            kind = "key" if statement.content else "table"
            message = f"duplicate {kind}, first set on line {seen[target]}"
            fix = f"remove line {seen[target]} or line {statement.line}"
            return ConfigError(message, file=file, line=statement.line, key=dotted(target[0]), fix=fix)
        seen[target] = statement.line
    return None


def _invalid(text: str, file: Path, complaint: str) -> ConfigError:
    match = _POSITION.fullmatch(complaint)
    reason = match[1] if match else complaint
    fix = "write `key = value`, one on a line, with quotes around text"
    if reason.startswith(("Duplicate", "Cannot declare", "Cannot overwrite", "Cannot mutate")):
        fix = "set it once: keep one of the two"
    begun = [statement.line for statement in statements(text) if statement.content is None]
    if match and match[2]:
        where = f" (begun on line {begun[0]})" if begun and begun[0] < int(match[2]) else ""
        message = f"invalid TOML at column {match[3]}: {reason}{where}"
        return ConfigError(message, file=file, line=int(match[2]), fix=fix)
    last = text.rstrip().count("\n") + 1
    if match is None and begun:  # A number that Python refuses; the parser gives no place.
        return ConfigError(f"invalid TOML: {reason.partition(':')[0]}", file=file, line=begun[0], fix=fix)
    where = f" (begun on line {begun[0]})" if begun and begun[0] != last else ""
    return ConfigError(f"invalid TOML at the end of the file: {reason}{where}", file=file, line=last, fix=fix)


def _holds(content: dict[str, Any], key: Key) -> bool:
    here: Any = content
    for part in key:
        if not isinstance(here, dict) or part not in here:
            return False
        here = here[part]
    return True


def _assigned(source: str) -> Key:
    """Return the key of an assignment; a quoted key may itself hold an equals sign."""
    for match in re.finditer("=", source):
        try:
            return _only_path(tomllib.loads(f"{source[: match.start()]} = 0"))
        except tomllib.TOMLDecodeError:
            continue
    return ()


def _only_path(content: dict[str, Any]) -> Key:
    """Follow single keys down to the end; `[[x]]` counts as `[x]`."""
    path: list[str] = []
    here: Any = content
    while isinstance(here, dict) and here:
        path.append(next(iter(here)))
        here = here[path[-1]]
        here = here[0] if isinstance(here, list) else here
    return tuple(path)
