"""Where everything lies that the program keeps for a workspace: the one place that joins these names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from pathlib import Path

LEDGER_FILE = "ledger.db"
"""Name of a ledger in the folder of its account."""


@attrs.frozen
class Workspace:
    """The folder of plugins.toml, and what the program writes into it; nothing is made by asking.

    Attributes:
        root: The folder itself; a relative one gives relative paths.

    >>> from pathlib import Path
    >>> Workspace(Path("desk")).runs.as_posix()
    'desk/.tradewright/runs.db'
    """

    root: Path

    @property
    def own(self) -> Path:
        """Folder of everything that only the program writes."""
        return self.root / ".tradewright"

    @property
    def cache(self) -> Path:
        """Folder of what can be computed anew: calendars."""
        return self.own / "cache"

    @property
    def prices(self) -> Path:
        """Folder of the prices that `tradewright data fetch` keeps, one folder per feed."""
        return self.own / "data"

    @property
    def passes(self) -> Path:
        """Folder of the passes of the causality gate."""
        return self.own / "passes"

    @property
    def locks(self) -> Path:
        """Folder of the files that processes lock; what is in them only names the holder."""
        return self.own / "locks"

    @property
    def runs(self) -> Path:
        """File of the saved backtests."""
        return self.own / "runs.db"

    @property
    def live(self) -> Path:
        """Folder of everything about accounts that are traded, one folder per account."""
        return self.own / "live"

    def ledger(self, account: str) -> Path:
        """Return the file of an account's ledger."""
        return self.live / account / LEDGER_FILE

    def accounts(self) -> list[str]:
        """Return the names of the accounts that have a ledger, sorted."""
        return sorted(path.parent.name for path in self.live.glob(f"*/{LEDGER_FILE}"))

    @property
    def plugins_lock(self) -> Path:
        """File that pins the enabled plugins; it stands beside plugins.toml, because an operator keeps both."""
        return self.root / "plugins.lock"
