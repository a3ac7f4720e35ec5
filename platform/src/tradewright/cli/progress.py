"""A progress bar on stderr, for a person who watches."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STAGES = {
    "data": "reading prices",
    "signals": "asking the signals",
    "rules": "preparing the rules",
    "compile": "compiling this set of rules into the engine, once (10 to 20 s)",
    "engine": "trading",
    "paper": "trading on paper",
    "simtest": "simulating days full of faults",
    "replay": "living the ledger again",
}


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None] | None]:
    """Yield what takes the stage, what is done and what there is to do; None when nobody watches."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    # 70 ms that only a watched run pays.
    from rich.console import Console  # noqa: PLC0415  # see above
    from rich.progress import Progress  # noqa: PLC0415  # see above

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(stage: str, done: int, total: int) -> None:
            name = _STAGES.get(stage, stage)
            # Drawn at once when it begins: on a busy machine a short stage could pass between two pictures.
            begins = name != bar.tasks[0].description
            bar.update(task, description=name, completed=done, total=total if done else None, refresh=begins)

        yield show
