"""plugins.lock: of what the enabled plugins consisted when the operator wrote it down.

It notices another build of the same version, and a file that somebody edited.  It is no defence against a person
who may write to this environment, because such a person can rewrite the lock and the kernel as well.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import attrs

from tradewright.config import OptionError, show
from tradewright.config.document import load
from tradewright.config.strict import structure_table
from tradewright.errors import ConfigError, PluginError
from tradewright.workspace.paths import Workspace
from tradewright.workspace.writing import write_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import Distribution, EntryPoint

    from tradewright.config.document import Document

FILE = Workspace(Path()).plugins_lock.name
"""Its name, in the folder of plugins.toml."""

FORMAT = 1

_COMMAND = "tradewright plugins lock"
_HEADING = f"# Written by `{_COMMAND}`: an enabled plugin that differs from what stands here is not loaded."
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DIGITS_SHOWN = 12

# What an installer adds to a wheel differs between machines that installed the same one.
_INSTALLER_FILES = frozenset(
    ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "provenance_url.json", "uv_build.json", "uv_cache.json")
)
_SCRIPT_FOLDERS = frozenset(("bin", "Scripts"))


def _check_sha256(_: object, __: object, value: str) -> None:
    if not _SHA256.fullmatch(value):
        raise OptionError(f"must be 64 hexadecimal digits, was {show(value)}")


@attrs.frozen(kw_only=True)
class Locked:
    """One plugin as it was installed.

    Attributes:
        distribution: The package that brought it.
        version: The package's version.
        sha256: Hash over its files, 64 hexadecimal digits: that of the list which `sha256sum` prints of them,
            sorted by path.
    """

    distribution: str
    version: str
    sha256: str = attrs.field(validator=_check_sha256)


@attrs.frozen(kw_only=True)
class Lock:
    """What stands in plugins.lock.

    Attributes:
        format: Version of the file's shape.
        plugins: The plugins by name.
    """

    format: int = FORMAT
    plugins: dict[str, Locked] = attrs.field(factory=dict)

    def misfit(self, entry: EntryPoint) -> str | None:
        """Say how an installed plugin differs from the one locked, or return None; imports nothing."""
        locked = self.plugins.get(entry.name)
        if locked is None:
            return f"not in {FILE}; run {_COMMAND}"
        try:
            found = measure(entry)
        except PluginError as error:
            return f"cannot be compared with {FILE}: {error.message}; {error.fix}"
        return _difference(locked, found)


def read(path: Path) -> Lock | None:
    """Read plugins.lock, or return None when there is none.

    Raises:
        ConfigError: It is damaged, or of another format.
    """
    # Even a link to nowhere was meant to be a lock.
    if not os.path.lexists(path):
        return None
    try:
        document = load(path)
        _check_format(document)
        return structure_table(document, (), document.table, Lock)
    except ConfigError as error:
        fix = f"restore it, or write a new one with {_COMMAND}"
        raise ConfigError(error.message, file=error.file, line=error.line, key=error.key, fix=fix) from error


def write(path: Path, lock: Lock) -> None:
    """Write plugins.lock, all of it or nothing; equal locks give equal bytes.

    Raises:
        ConfigError: The file cannot be written.
    """
    try:
        write_all({path: _text(lock).encode()})
    except OSError as error:
        message = f"cannot be written: {error.strerror}"
        fix = f"make {path.parent} a folder that you may write to"
        raise ConfigError(message, file=path, fix=fix) from error


def measure(entry: EntryPoint) -> Locked:
    """Return what is installed under an entry point, without importing it.

    Raises:
        PluginError: Its files cannot be found or read.
    """
    if entry.dist is None:
        raise PluginError("belongs to no installed package", key=entry.name, fix="install it with pip")
    sha256 = content_hash(entry.dist, entry.module.partition(".")[0])
    return Locked(distribution=entry.dist.name, version=entry.dist.version, sha256=sha256)


def content_hash(distribution: Distribution, package: str) -> str:
    """Return the hash over the files of an installed package, 64 hexadecimal digits.

    Args:
        distribution: What brought it.
        package: Its top-level module.

    Raises:
        PluginError: Its files cannot be found or read.
    """
    digest = hashlib.sha256()
    try:
        for name, file in sorted(_files(distribution, package)):
            with file.open("rb") as content:
                line = f"{hashlib.file_digest(content, 'sha256').hexdigest()}  {name}\n"
            digest.update(line.encode(errors="surrogateescape"))
    except OSError as error:
        message = f"{error.filename} cannot be read: {error.strerror}"
        raise PluginError(message, key=distribution.name, fix="reinstall it") from error
    return digest.hexdigest()


# ---- files of a plugin -----------------------------------------------------------------------------------


def _files(distribution: Distribution, package: str) -> list[tuple[str, Path]]:
    """Return names and paths of the files that an installer recorded, or of what would be imported instead."""
    imported = list(_imported(package))
    if not imported:
        raise PluginError(f"module {package} is not found", key=distribution.name, fix="reinstall it")
    recorded = list(_recorded(distribution))
    # An editable install records only the way to its folder; and a folder earlier on the path hides an install.
    hidden = {file for _, file in imported}.isdisjoint(file for _, file in recorded)
    return imported if hidden else recorded


def _recorded(distribution: Distribution) -> Iterator[tuple[str, Path]]:
    for path in distribution.files or ():
        of_installer = path.parent.suffix == ".dist-info" and path.name in _INSTALLER_FILES
        # The first line of a script names the environment that it was installed into.
        script = path.parts[0] == ".." and path.parent.name in _SCRIPT_FOLDERS
        if not (of_installer or script or _compiled(path)):
            yield path.as_posix(), Path(str(distribution.locate_file(path))).resolve()


def _imported(package: str) -> Iterator[tuple[str, Path]]:
    """Yield the files of a top-level module or package, found as an import would find it."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return
    for place in spec.submodule_search_locations or [spec.origin or ""]:
        root = Path(place).resolve()
        for file in root.rglob("*") if root.is_dir() else [root]:
            if file.is_file() and not _compiled(file):
                yield file.relative_to(root.parent).as_posix(), file.resolve()


def _compiled(path: PurePath) -> bool:
    return path.suffix == ".pyc" or path.parent.name == "__pycache__"


# ---- the text of the lock --------------------------------------------------------------------------------


def _text(lock: Lock) -> str:
    lines = [_HEADING, f"format = {lock.format}"]
    for name, locked in sorted(lock.plugins.items()):
        lines += ["", f"[plugins.{name}]"]
        # Text in quotes is written alike in JSON and in TOML.
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in attrs.asdict(locked).items()]
    return "\n".join(lines) + "\n"


def _check_format(document: Document) -> None:
    """Refuse another format before its keys look like damage."""
    found = document.table.get("format")
    if found != FORMAT:
        was = "missing" if found is None else show(found)
        message = f"this version reads format {FORMAT}, was {was}"
        raise document.error(("format",), message, "upgrade tradewright")


def _difference(locked: Locked, found: Locked) -> str | None:
    if found.distribution != locked.distribution:
        what, expected, was = "package", locked.distribution, found.distribution
    elif found.version != locked.version:
        what, expected, was = "version", locked.version, found.version
    elif found.sha256 != locked.sha256:
        what, expected = "content", f"sha256 {locked.sha256[:_DIGITS_SHOWN]}..."
        was = f"{found.sha256[:_DIGITS_SHOWN]}..."
    else:
        return None
    return f"{what} differs from {FILE} (expected {expected}, was {was}); reinstall it, or run {_COMMAND}"
