"""Whatever a page shows works: its blocks run from top to bottom, and print what it says they print."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import attrs
import pytest
from document_blocks import COMMAND, LANGUAGES, NOT_RUN, Block, Command, blocks
from tradewright import builtins
from tradewright.config import restore, structure
from tradewright.host import lockfile
from tradewright.host.loading import load
from tradewright.risk import rulebook
from tradewright.sentence import strategies

ROOT = Path(__file__).parents[2]
# Not below .venv, nor what make has made.
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "platform/*.md", "plugins/*/*.md")
    for path in ROOT.glob(pattern)
)
SLOW = (
    "README.md",
    "docs/how-to/your-own-executor.md",
    "docs/how-to/your-own-rule.md",
    "docs/tutorials/first-backtest.md",
)
SETTINGS = (ROOT / "plugins.toml").read_text("utf-8")
# A run is named after its moment and its settings, and told apart from another one of the same second.
RUN = re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{6}(-\d+)?\b")
SAME_AS = {("make", "demo"): ["tradewright", "backtest"]}
"""What .ci/demo runs first once everything is installed."""


@attrs.define
class Reader:
    """Someone who does what a page says, in a workspace of their own."""

    folder: Path
    run: Callable[..., tuple[int, str, str]]
    installed: Path
    names: dict[str, Any] = attrs.field(factory=lambda: {"__name__": "page"})

    def follow(self, block: Block) -> None:
        """Do what the block says."""
        if block.title:
            file = self.folder / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, "utf-8")
        match block.language:
            case "python" if not block.title:
                exec(compile(block.text, f"line {block.line}", "exec"), self.names)
            case "json":
                json.loads(block.text)
            case "toml":
                self.configure(block)
            case "console" | "sh":
                for command in block.commands():
                    self.type(command, block.exit_code)

    def configure(self, block: Block) -> None:
        """Read a part of plugins.toml, the rest of which is the repository's; other files need only be TOML."""
        part = tomllib.loads(block.text)
        if block.title == lockfile.FILE:
            lockfile.read(self.folder / block.title)
        if block.title and not block.title.endswith("plugins.toml"):
            return
        table = tomllib.loads(SETTINGS)
        if "plugins" in part:
            part["plugins"]["enabled"] += table["plugins"]["enabled"]  # What the page does not speak of stays.
            part["plugins"]["enabled"] = list(dict.fromkeys(part["plugins"]["enabled"]))
        settings = restore(merged(table, part), self.folder / "plugins.toml")
        plugins = load(settings.plugins.enabled, builtin=builtins)
        for name, feed in settings.data.items():
            structure(settings, f"data.{name}", plugins.find("data-source", feed.source).config)
        for name in settings.strategies:
            strategies.build(settings, plugins, name)
        rulebook.rules(settings, plugins)
        rulebook.checks(settings, plugins)

    def type(self, command: Command, exit_code: int) -> None:
        """Run a command as the page would have it typed, and compare what it prints."""
        words = SAME_AS.get(tuple(command.words), command.words)
        match words:
            case ["tradewright", *rest]:
                code, out, err = self.run(*rest)
            case ["pip", "install", *_, folder]:
                code, out, err = *self.install(folder), ""
            case ["pytest", folder]:
                code, out, err = *self.python("-m", "pytest", "-q", "-p", "no:cacheprovider", folder), ""
            case ["make", target]:
                code, out, err = int(f"\n{target}:" not in (ROOT / "Makefile").read_text("utf-8")), "", ""
            case _:
                pytest.fail(f"{' '.join(words)}: only a person can run this; say `not run:` and why")
        printed = "\n".join(line.rstrip() for line in (err + out).splitlines())

        assert exit_code == code, printed
        if command.prints is not None and command.words[0] != "pip":
            compare(command.prints, printed)

    def install(self, folder: str) -> tuple[int, str]:
        """Build the package with the tools of this environment and put it where only this test looks."""
        options = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet")
        return self.python("-m", "pip", "install", *options, "--target", str(self.installed), folder)

    def python(self, *words: str) -> tuple[int, str]:
        command = [sys.executable, *words]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(self.installed), "HOME": str(self.installed)}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        return done.returncode, done.stdout + done.stderr


def compare(expected: str, printed: str) -> None:
    """A line of dots stands for any lines, and dots within a line for any text of it."""
    if RUN.search(printed):  # Whose length decides how wide a column is.
        expected, printed = (re.sub(" {2,}", "  ", text) for text in (expected, printed))
    expected, printed = (RUN.sub("RUN", text.strip("\n")) + "\n" for text in (expected, printed))
    if not OutputChecker().check_output(expected, printed, ELLIPSIS):
        assert expected == printed


def merged(table: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Return `table` with what `part` says otherwise."""
    both = {name: merged(table[name], part[name]) for name in part if isinstance(table.get(name), dict)}
    return table | part | both


@pytest.fixture
def reader(
    workspace: Path,
    run: Callable[..., tuple[int, str, str]],
    share_cache: Callable[[Path], None],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Reader:
    """A reader in a workspace whose compiled rules outlive it."""
    (workspace / "plugins.toml").write_text(SETTINGS, "utf-8")
    share_cache(workspace)
    installed = tmp_path_factory.mktemp("installed")
    monkeypatch.syspath_prepend(str(installed))
    return Reader(workspace, run, installed)


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.slow] if page in SLOW else []) for page in PAGES]
)
def test_blocks_of_the_page_run_and_print_what_it_says(page: str, reader: Reader) -> None:
    for block in blocks((ROOT / page).read_text("utf-8")):
        if block.runs:
            try:
                reader.follow(block)
            except BaseException as error:
                error.add_note(f"{page}:{block.line}")
                raise


@pytest.mark.parametrize("page", PAGES)
def test_blocks_of_the_page_say_what_they_are(page: str) -> None:
    """A block that is only read holds no command: it would be one that nobody runs."""
    found = blocks((ROOT / page).read_text("utf-8"))
    remarks = [
        block for block in found if block.remark.startswith("<!-- not run") and not NOT_RUN.fullmatch(block.remark)
    ]

    assert [] == [f"{page}:{block.line}: {block.language}" for block in found if block.language not in LANGUAGES]
    assert [] == [
        f"{page}:{block.line}" for block in found if block.language == "text" and COMMAND.search(block.text)
    ]
    assert [] == [f"{page}:{block.line}: the remark gives no reason" for block in remarks]


def test_picture_shows_what_the_command_prints(reader: Reader) -> None:
    """Up to the charts, which are drawn otherwise where there is colour; `make picture` renews it."""
    code, out, _ = reader.run("backtest", "--no-save")
    words = ET.parse(ROOT / "docs/images/backtest.svg").getroot().itertext()
    shown = " ".join(" ".join(words).replace("\N{NO-BREAK SPACE}", " ").split())
    figures = out.split("\nValue of one unit")[0]

    assert 0 == code
    assert " ".join(figures.split()) in shown
