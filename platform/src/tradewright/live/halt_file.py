"""The file `HALT` in an agent's folder: while it is there no order is handed over, whatever else the agent hears.

It takes no program to make it, and none to take it away: whoever may write into the folder may stop the gate.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from pathlib import Path

HALT = "HALT"
"""Name of the file, and the reason of an order that never left because of it."""


@attrs.frozen
class HaltFile:
    """Looks for the file, anew each time.

    Attributes:
        folder: The agent's.
    """

    folder: Path

    def stands(self) -> bool:
        """Say whether anything has that name: a file, a folder, a link that leads nowhere.

        Where nobody can say, since the folder cannot be read or is gone, it stands.
        """
        try:
            os.lstat(self.folder / HALT)
        except FileNotFoundError:
            return not self.folder.is_dir()
        except OSError:
            return True
        return True


def never() -> bool:
    """Say that it does not stand: for an agent without a folder, whose orders reach nobody."""
    return False
