"""The folder of cached prices below a workspace: one file per feed and symbol, each whole or not there."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import attrs

from tradewright.config import inside_workspace
from tradewright.data import cached
from tradewright.data.align import join, select
from tradewright.errors import DataError
from tradewright.workspace.locks import locked
from tradewright.workspace.paths import Workspace
from tradewright.workspace.writing import write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from tradewright.config import Settings
    from tradewright.data.cached import Label
    from tradewright.values.bars import Bars

T = TypeVar("T")
FOLDER = Workspace(Path()).prices
"""Where prices are kept, relative to the workspace."""
_SUFFIX = ".parquet"
_PART_SECONDS = 3600.0
"""Age at which a file that was never put in place is somebody's leftover: writing one takes far less."""


def question_of(settings: Settings, feed: str) -> dict[str, Any]:
    """Return what a feed asks of its source about any symbol: two that are equal get equal prices."""
    table: dict[str, Any] = settings.as_table()["data"][feed]
    aside = {"symbols", "gaps", "bad_bars", "cache", "deadline"}
    return {key: value for key, value in table.items() if key not in aside}


@attrs.frozen
class PriceStore:
    """The cached prices of one workspace.

    Attributes:
        workspace: Folder of plugins.toml.
    """

    workspace: Path

    def path(self, feed: str, symbol: str) -> Path:
        """Return where a symbol's prices are kept, whether or not they are there.

        Raises:
            ConfigError: A symbolic link leads out of the workspace.
            DataError: A symbolic link leads elsewhere in it.
        """
        return self._real(FOLDER / feed / _file_name(symbol), feed)

    def files(self) -> Iterator[Path]:
        """Yield the files there are, sorted by feed and symbol; their contents may be anything.

        Raises:
            ConfigError: A symbolic link leads out of the workspace.
            DataError: A symbolic link leads elsewhere in it.
        """
        folder = self._real(FOLDER, "")
        yield from sorted(file for file in folder.glob(f"*/*{_SUFFIX}") if not file.name.startswith("."))

    def label(self, file: Path) -> Label:
        """Return what a file that `files` yielded says of itself; the numbers are not looked at.

        Raises:
            ConfigError: A symbolic link leads out of the workspace.
            DataError: The file is damaged, belongs to another feed or symbol, or is reached over a symbolic link.
        """
        return self._checked(file, cached.label_of, lambda label: label)

    def verified(self, file: Path) -> tuple[Label, Bars]:
        """Return the label and the prices of a file that `files` yielded.

        Raises:
            ConfigError: A symbolic link leads out of the workspace.
            DataError: As `label`, or the file is altered.
        """
        return self._checked(file, cached.unpack, lambda found: found[0])

    def read(self, feed: str, symbol: str) -> tuple[Label, Bars] | None:
        """Return a symbol's prices and their label, None when there are none; raise as `verified` does."""
        path = self.path(feed, symbol)
        return self.verified(path) if path.exists() else None

    def prepare(self, feed: str) -> None:
        """Make the feed's folder, clear what a killed process left in it, and see that it can be written.

        Raises:
            ConfigError: A symbolic link leads out of the workspace.
            DataError: It cannot be made or written, or a symbolic link leads elsewhere.
        """
        folder = self._real(FOLDER / feed, feed)
        probe = folder / f".{os.getpid()}.tmp"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
            for part in folder.glob(".*.tmp"):
                if part.stat().st_mtime < time.time() - _PART_SECONDS:
                    part.unlink()
        except OSError as error:
            raise _unwritable(folder, error) from error

    @contextmanager
    def alone(self, feed: str) -> Iterator[None]:
        """Keep every other process from fetching the same feed into this workspace while the block runs.

        Raises:
            ConfigError: A symbolic link leads out of the workspace.
            DataError: The lock cannot be made, or a symbolic link leads elsewhere.
            SafetyError: Another process fetches it.
        """
        file = self._real(Workspace(Path()).locks / f"fetch-{feed}.lock", feed)
        with ExitStack() as held:
            try:
                held.enter_context(locked(file, f"fetching {feed}"))
            except OSError as error:
                raise _unwritable(file, error) from error
            yield

    def write(self, label: Label, bars: Bars) -> Path:
        """Keep a symbol's prices, all of the file or none of it, in place of what was there.

        Raises:
            ConfigError: A symbolic link leads out of the workspace.
            DataError: The file cannot be written, or a symbolic link leads elsewhere.
        """
        path = self.path(label.feed, label.symbol)
        content = cached.pack(label, bars)
        try:
            write_all({path: content})
        except OSError as error:
            raise _unwritable(path, error) from error
        return path

    def _checked(self, file: Path, reader: Callable[[Path], T], label_of: Callable[[T], Label]) -> T:
        """Return what `reader` returns, if the file is what its place says; an error says how to replace it."""
        feed = file.parent.name
        self._real(file.relative_to(self.workspace.resolve()), feed)
        fix = f"tradewright data fetch {feed} --refresh"
        try:
            found = reader(file)
        except DataError as error:
            raise DataError(error.message, file=file, fix=fix) from error
        label = label_of(found)
        if (label.feed, _file_name(label.symbol)) != (feed, file.name):
            raise DataError(f"holds {label.symbol} of feed {label.feed}: it was moved here", file=file, fix=fix)
        return found

    def _real(self, place: Path, feed: str) -> Path:
        """Return `place` absolute; a link could lead to other prices, or to a file that a write would destroy."""
        expected = self.workspace.resolve() / place
        found = inside_workspace(self.workspace, place, f"data.{feed}" if feed else "data")
        if found != expected:
            message = f"a symbolic link leads to {found}"
            raise DataError(message, file=expected, fix="remove the link, or put the folder itself in its place")
        return expected


def load(settings: Settings, name: str, last_on: date | None) -> tuple[Bars, tuple[Label, ...]]:
    """Return a feed's prices from the cache up to `last_on`, and what its files say of themselves.

    Raises:
        ConfigError: A symbolic link leads out of the workspace.
        DataError: A symbol is not there, is damaged or altered, or was fetched under other settings.
        UsageError: No bar lies in the range.
    """
    store, question = PriceStore(settings.workspace), question_of(settings, name)
    parts: list[Bars] = []
    labels: list[Label] = []
    for symbol in settings.data[name].symbols:
        held = store.read(name, symbol)
        if held is None:
            fix = f"tradewright data fetch {name}"
            raise _placed(settings, name, f"no cached prices of {symbol}", fix)
        label, bars = held
        refuse_other(label, question, store.path(name, symbol))
        parts.append(bars)
        labels.append(label)
    return select(join(parts), None, last_on), tuple(labels)


def _placed(settings: Settings, feed: str, message: str, fix: str) -> DataError:
    """Return an error about cached prices that names the feed's place in plugins.toml."""
    place = settings.error(f"data.{feed}", message, fix)
    return DataError(message, file=place.file, line=place.line, key=place.key, fix=fix)


def refuse_other(label: Label, question: dict[str, Any], file: Path) -> None:
    """Refuse prices that were fetched under other settings.

    Raises:
        DataError: The label's question is another one.
    """
    for key in (*question, *label.question):
        now, then = question.get(key), label.question.get(key)
        if now != then:
            message = f"fetched with {key} = {then!r}, the feed now says {now!r}"
            fix = f"tradewright data fetch {label.feed} --refresh, or set {key} back"
            raise DataError(message, file=file, key=f"data.{label.feed}.{key}", fix=fix)


def _file_name(symbol: str) -> str:
    return f"{quote(symbol, safe='')}{_SUFFIX}"


def _unwritable(path: Path, error: OSError) -> DataError:
    fix = "make it a folder that you may write to, and see that the disk is not full"
    return DataError(f"cached prices cannot be written: {error.strerror}", file=path, fix=fix)
