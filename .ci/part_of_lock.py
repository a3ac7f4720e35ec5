"""Print the entries of a lock, hashes included, whose names stand on standard input: one `name==version` a line."""

from __future__ import annotations

import re
import sys
from pathlib import Path


def part_of(lock: str, wanted: set[str]) -> list[str]:
    """Return the wanted entries of a lock; each begins at the left margin and goes on over indented lines."""
    entries = re.findall(r"^\S.*(?:\n[ \t]+\S.*)*", lock, flags=re.MULTILINE)
    return [entry for entry in entries if _name_of(entry) in wanted]


def _name_of(line: str) -> str:
    return re.split(r"[=<>;\[ ]", line, maxsplit=1)[0].lower()


if __name__ == "__main__":
    names = {_name_of(line) for line in sys.stdin if line.strip() and not line.startswith("#")}
    found = part_of(Path(sys.argv[1]).read_text("utf-8"), names)
    missing = names - {_name_of(entry) for entry in found}
    if missing:
        sys.exit(f"{sys.argv[1]} lacks {', '.join(sorted(missing))}: run make lock")
    sys.stdout.write("".join(f"{entry}\n" for entry in found))
