"""The fenced blocks of a page, and what it means to run one.

A page is run from top to bottom in one workspace, which begins with the settings of the repository:

- a block with a `title` is written to the file of that name;
- `python` runs, and all blocks of a page share their names;
- `toml` is read as a part of plugins.toml, with every component that it configures;
- `json` is parsed;
- `console` holds commands after `$ `, each with what it prints; `...` stands for any lines;
- `sh` holds commands alone;
- `text`, `pycon` (an example of a docstring, which runs where it stands) and `csv` are only read.

The comment before a block may say `not run: REASON`, or `exit N` where a command ends with another code than 0.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import attrs
from markdown_it import MarkdownIt

LANGUAGES = {"python", "toml", "json", "console", "sh", "text", "pycon", "csv"}
NOT_RUN = re.compile(r"<!-- not run: (.{10,}) -->")
EXIT = re.compile(r"<!-- exit (\d+) -->")
COMMAND = re.compile(r"^(?:\$ |tradewright |make |pip |python )", re.MULTILINE)


@attrs.frozen
class Command:
    """A line of a block, and what it is to print: None for whatever it prints."""

    words: list[str]
    prints: str | None


@attrs.frozen
class Block:
    """One block.

    Attributes:
        line: Of its first fence, counted from 1.
        language: First word after the fence; `indented` for a block without one.
        title: File that it stands for, or an empty text.
        text: What it holds.
        remark: The comment just before it, or an empty text.
    """

    line: int
    language: str
    title: str
    text: str
    remark: str = ""

    @property
    def runs(self) -> bool:
        """Whether there is anything to run."""
        return not NOT_RUN.fullmatch(self.remark) and self.language not in {"text", "pycon"}

    @property
    def exit_code(self) -> int:
        """What its commands end with."""
        found = EXIT.fullmatch(self.remark)
        return int(found[1]) if found else 0

    def commands(self) -> list[Command]:
        """Return the commands of a `console` or `sh` block."""
        if self.language == "sh":
            lines = [shlex.split(line, comments=True) for line in self.text.splitlines()]
            return [Command(words, None) for words in lines if words]
        found: list[Command] = []
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            line, _, prints = part.partition("\n")
            found.append(Command(shlex.split(line, comments=True), prints.rstrip("\n")))
        return found


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page in order.

    >>> [(block.line, block.language, block.title) for block in blocks('```csv title="a.csv"\\nx\\n```')]
    [(1, 'csv', 'a.csv')]
    """
    return list(_blocks(text))


def _blocks(text: str) -> Iterator[Block]:
    remark = ""
    for token in MarkdownIt().parse(text):
        if token.type == "fence":
            language, _, rest = token.info.partition(" ")
            title = re.search(r'title="([^"]+)"', rest)
            line = (token.map or [0])[0] + 1
            yield Block(line, language, title[1] if title else "", token.content, remark)
        elif token.type == "code_block":
            yield Block((token.map or [0])[0] + 1, "indented", "", token.content, remark)
        if not token.type.endswith("_open"):  # A comment within an item of a list belongs to the block in it.
            remark = token.content.strip() if token.type == "html_block" else ""
