"""The picture of a backtest on a terminal: the real command, run in one, its first screen as SVG.

`make picture` renews docs/images/backtest.svg.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import CONSOLE_SVG_FORMAT, Console  # type: ignore[attr-defined]  # rich has no public name for its template
from rich.text import Text

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "images" / "backtest.svg"
COLUMNS = 80
PAST_THE_FIRST_SCREEN = "Behaviour"
# rich would have the reader's browser fetch a font from another host; any monospaced one will do.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "plugins.toml").write_bytes((ROOT / "plugins.toml").read_bytes())
        printed = on_a_terminal([sys.executable, "-m", "tradewright.cli", "backtest", "--no-save"], Path(folder))
    PICTURE.write_text(drawn(printed), "utf-8")


def on_a_terminal(command: list[str], folder: Path) -> str:
    """Return what a command writes to a terminal of 80 columns, colours included."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(  # noqa: S603  # our own command
        command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL
    ) as process:
        os.close(theirs)
        written = b""
        while chunk := _read(ours):
            written += chunk
    os.close(ours)
    if process.returncode != 0:
        raise SystemExit(f"the command ended with {process.returncode}")
    return written.decode().replace("\r\n", "\n")


def drawn(printed: str) -> str:
    """Return the first screen as SVG."""
    text = Text.from_ansi(f"$ tradewright backtest\n{printed}")
    end = text.plain.index(f"\n{PAST_THE_FIRST_SCREEN}\n")
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system="256", legacy_windows=False)
    console.print(text[:end])
    return console.export_svg(title="tradewright", code_format=FORMAT, unique_id="backtest")


def _read(terminal: int) -> bytes:
    """Return what there is, nothing at the end: Linux reports a closed terminal as an error."""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""


if __name__ == "__main__":
    main()
