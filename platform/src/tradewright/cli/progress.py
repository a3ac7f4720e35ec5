"""A progress bar on stderr, for a person who watches."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_STAGES = {
    "data": "reading prices",
    "signals": "asking the signals",
    "rules": "preparing the rules",
    "engine": "trading",
}
_COMPILING = "compiling the rules for the first time (about 10 s)"


@contextmanager
def progress_bar(cache: Path | None) -> Iterator[Callable[[str, int, int], None] | None]:
    """Yield what takes the stage, what is done and what there is to do; None when nobody watches.

    Args:
        cache: Folder of compiled rules, None when nothing is compiled.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    # 70 ms that only a watched run pays.
    from rich.console import Console  # noqa: PLC0415  # see above
    from rich.progress import Progress  # noqa: PLC0415  # see above

    stages = {**_STAGES, "engine": _STAGES["engine"] if _is_compiled(cache) else _COMPILING}
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(stage: str, done: int, total: int) -> None:
            name = (stages if done == 0 else _STAGES).get(stage, stage)
            bar.update(task, description=name, completed=done, total=total if done else None)

        yield show


def _is_compiled(cache: Path | None) -> bool:
    """Say whether the folder holds machine code of any set of rules, in numba's own files."""
    return cache is not None and any((cache / "__pycache__").glob("fused_*.nbi"))
