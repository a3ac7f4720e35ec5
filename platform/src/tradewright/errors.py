"""The tree of errors: every failure a user can meet, by who must act.

    TradewrightError
    ├── UsageError      the person at the command line          exit 2
    ├── ConfigError     the operator, in plugins.toml           exit 3
    ├── PluginError     a plugin's author                       exit 4
    ├── DataError       the source of the data                  exit 5
    ├── SafetyError     refused because it could lose money     exit 6
    ├── LedgerError     whoever runs the agent: stop            exit 7
    └── CheckError      a check said no (doctor, data check)    exit 9

A refused trade is a value, not an exception.  Exit code 1 is left for bugs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tradewright.redaction import redact

if TYPE_CHECKING:
    from pathlib import Path


class TradewrightError(Exception):
    """Something a person can mend: what was expected, what was found, where, and the fix.

    Attributes:
        message: What was expected and what was found, one sentence without the place.
        file: The file at fault, when there is one.
        line: Line in that file, counted from 1.
        key: Dotted key, column or component at fault.
        fix: What to do about it, an imperative sentence.

    >>> str(ConfigError("must be finite, was nan", file="plugins.toml", line=7, key="risk.x.limit"))
    'plugins.toml:7: risk.x.limit: must be finite, was nan'
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        file: Path | str | None = None,
        line: int | None = None,
        key: str | None = None,
        fix: str | None = None,
    ) -> None:
        self.message = redact(message)  # It may quote a plugin, which may quote its key.
        super().__init__(self.message)
        self.file = None if file is None else str(file)
        self.line = line
        self.key = None if key is None else redact(key)
        self.fix = None if fix is None else redact(fix)

    def __str__(self) -> str:
        """Put the place first, as compilers do, so that editors can jump to it."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


class UsageError(TradewrightError):
    """The command line asked for something that cannot be."""

    exit_code = 2


class ConfigError(TradewrightError):
    """plugins.toml says something that the platform cannot or must not do."""

    exit_code = 3


class PluginError(TradewrightError):
    """A plugin, or what one of its components returned, breaks its contract."""

    exit_code = 4


class DataError(TradewrightError):
    """Prices are missing, malformed or impossible."""

    exit_code = 5


class SafetyError(TradewrightError):
    """The request is understood and refused: it could lose money or evidence."""

    exit_code = 6


class LedgerError(TradewrightError):
    """The ledger cannot be written, or cannot be believed: everything stops until it can."""

    exit_code = 7


class CheckError(TradewrightError):
    """A check that was asked for has found something."""

    exit_code = 9
