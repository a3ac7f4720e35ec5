"""What has passed the causality gate: one small file each, valid for one version, content and choice.

Whoever changes the plugin, even without a new version, or one of the options, has another signal, which has not
passed yet; so has whoever asked it by an earlier gate, whose files name no kind.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Literal

import attrs

from tradewright.workspace.writing import write_all

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal["signal", "target-rule", "order-check"]

UNCHECKED, NO_VOTE = "UNCHECKED: ", "NO VOTE: "
"""How the two warnings begin that a report leads with: a part without a pass, and a signal that was not heard."""

_DIGITS = 16


@attrs.frozen(kw_only=True)
class Candidate:
    """What a pass is valid for.

    Attributes:
        kind: Whether it is a signal, or a rule or check whose features are asked.
        name: Its word in plugins.toml.
        plugin: The plugin that brings it.
        version: Of the plugin's package.
        sha256: Hash over the plugin's files, 64 hexadecimal digits.
        options: Its effective options, as JSON has them.
    """

    kind: Kind
    name: str
    plugin: str
    version: str
    sha256: str
    options: dict[str, Any]

    @property
    def key(self) -> str:
        """Hash of all of it, in hexadecimal."""
        return hashlib.sha256(json.dumps(attrs.asdict(self), sort_keys=True).encode()).hexdigest()


def record(folder: Path, candidate: Candidate, evidence: dict[str, Any]) -> Path:
    """Keep a pass, with what it rests on, and return its file.

    Args:
        folder: `Workspace.passes`.
        candidate: What has passed.
        evidence: When, on which data, with how many cuts; JSON.

    Raises:
        OSError: The file cannot be written.
    """
    file = _file(folder, candidate)
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**attrs.asdict(candidate), **evidence}, indent=2)
    write_all({file: f"{text}\n".encode()})
    return file


def find(folder: Path, candidate: Candidate) -> dict[str, Any] | None:
    """Return what was kept of a pass, None when there is none; a damaged file is none.

    >>> from pathlib import Path
    >>> wanted = Candidate(kind="signal", name="s", plugin="p", version="1", sha256="", options={})
    >>> find(Path("nowhere"), wanted) is None
    True
    """
    try:
        kept = json.loads(_file(folder, candidate).read_bytes())
    except (OSError, ValueError):
        return None
    same = isinstance(kept, dict) and all(kept.get(name) == value for name, value in attrs.asdict(candidate).items())
    return kept if same else None


def forget(folder: Path, candidate: Candidate) -> None:
    """Remove a pass: the same has been found to look ahead."""
    _file(folder, candidate).unlink(missing_ok=True)


def _file(folder: Path, candidate: Candidate) -> Path:
    return folder / f"{candidate.name}-{candidate.key[:_DIGITS]}.json"
