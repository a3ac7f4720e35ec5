"""The operator's file as read: its text, its tables, what `--set` changed, and where each key stands."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.config.overrides import apply
from tradewright.config.toml_lines import first_line, line_of, parse
from tradewright.config.wording import dotted
from tradewright.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tradewright.config.toml_lines import Key

BYTES_MAX = 1 << 20
_MARKS = {
    codecs.BOM_UTF8: "starts with a byte order mark",
    codecs.BOM_UTF16_LE: "looks like UTF-16",
    codecs.BOM_UTF16_BE: "looks like UTF-16",
}


@attrs.frozen(kw_only=True)
class Document:
    """One file of settings.

    Attributes:
        path: As the operator named it; errors repeat it.
        text: What it says, without `--set`.
        table: What it means, `--set` applied.
        overridden: Keys that came from `--set`.
    """

    path: Path = Path("plugins.toml")
    text: str = attrs.field(default="", repr=False)
    table: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    overridden: tuple[Key, ...] = ()

    def error(self, key: Key, message: str, fix: str) -> ConfigError:
        """Return an error that names the place of `key`: its line, or `--set` when it came from there."""
        beneath = [dotted(given) for given in self.overridden if key and given[: len(key)] == key]
        above = any(key[: len(given)] == given for given in self.overridden)
        if above or (beneath and first_line(self.text, key) is None):
            return ConfigError(message, file="--set", key=dotted(key), fix=fix)
        note = f" (with --set {', '.join(beneath)})" if beneath else ""
        line = line_of(self.text, key)
        return ConfigError(message + note, file=self.path, line=line, key=dotted(key) or None, fix=fix)


def load(path: Path, overrides: Sequence[str] = ()) -> Document:
    """Read and parse the file, then apply the texts of `--set`.

    Raises:
        ConfigError: The file is missing, unreadable, not UTF-8 or not TOML.
        UsageError: A `--set` is not `key=value` or names something that is not there.
    """
    text = _decoded(path, _bytes(path))
    table, overridden = apply(parse(text, path), overrides)
    return Document(path=path, text=text, table=table, overridden=overridden)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(BYTES_MAX + 1)
    except FileNotFoundError as error:
        fix = "run `tradewright init`, or name another file with --config"
        raise ConfigError("not found", file=path, fix=fix) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path.
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot be read: {reason}", file=path, fix="name a readable file with --config") from error
    if len(raw) > BYTES_MAX:
        raise ConfigError("larger than 1 MiB", file=path, fix="name a settings file with --config")
    return raw


def _decoded(path: Path, raw: bytes) -> str:
    fix = "save the file as UTF-8 without a byte order mark"
    for mark, what in _MARKS.items():
        if raw.startswith(mark):
            raise ConfigError(f"not plain UTF-8: {what}", file=path, line=1, fix=fix)
    if b"\0" in raw:
        line = raw[: raw.index(b"\0")].count(b"\n") + 1
        raise ConfigError("not UTF-8 text: holds a zero byte", file=path, line=line, fix=fix)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = f"not UTF-8: byte 0x{raw[error.start]:02x} on this line"
        raise ConfigError(message, file=path, line=line, fix=fix) from error
