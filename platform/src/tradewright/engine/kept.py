"""Machine code on the disk: loaded only as it was written, and compiled by one process at a time.

numba unpickles what it finds beside a module and runs it, without a look at its content.  So a seal lies there too:
the SHA-256 of each of its files.  It does not keep out whoever may write into the folder, which is why that is
private; it keeps out what a full disk or a lost power has left half written, or an older program beside it.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from tradewright.errors import SafetyError
from tradewright.workspace.locks import locked
from tradewright.workspace.writing import write_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_SECONDS = 120.0
"""How long to wait for a process that compiles the same: several times what a large set of rules takes."""


@contextmanager
def sealed(module: Path, folder: Path) -> Iterator[None]:
    """Let numba load or compile in the block: it finds only what was sealed, and what it adds is sealed.

    Args:
        module: File of the functions; its stem begins the names of numba's files, and of the seal.
        folder: Where numba keeps them.
    """
    with ExitStack() as held:
        with suppress(OSError, SafetyError):  # A lock only saves compiling twice; numba replaces whole files.
            held.enter_context(locked(module.with_suffix(".lock"), "compiling", wait_seconds=WAIT_SECONDS))
        known, found = _read(module), _hashes(module, folder)
        for name, digest in found.items():
            if known.get(name) != digest:
                (folder / name).unlink(missing_ok=True)
        yield
        found = _hashes(module, folder)
        if found != known:
            with suppress(OSError):  # A full disk costs the next process some seconds, and this one nothing.
                write_all({_seal(module): json.dumps(found, indent=1).encode()})


def _hashes(module: Path, folder: Path) -> dict[str, str]:
    """Return the hash of each of numba's files; those that it has not finished have other names."""
    files = sorted(folder.glob(f"{module.stem}.*.nb[ci]"))
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _read(module: Path) -> dict[str, str]:
    try:
        known = json.loads(_seal(module).read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _seal(module: Path) -> Path:
    return module.with_suffix(".seal")
