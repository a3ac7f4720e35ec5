"""`tradewright init` as a user runs it, and the settings that it writes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from generator.components import TABLES
from tradewright import config
from tradewright.config import Settings
from tradewright.config.settings import Sections

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "platform/src/tradewright/cli/plugins.toml"
LINE_MAX = 120


def init(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tradewright.cli", "init", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def options(cls: type[attrs.AttrsInstance]) -> set[str]:
    """Return the keys that have a value without being written; one that has none is only shown, switched off."""
    return {field.name for field in attrs.fields(cls) if field.default is not None} - {"options", "document"}


# ---- the template ----------------------------------------------------------------------------------------


def test_template_is_the_file_of_the_repository() -> None:
    """One text in two places: the wheel cannot reach the repository's root."""
    assert (ROOT / "plugins.toml").read_bytes() == TEMPLATE.read_bytes()


def test_template_says_every_option_and_why() -> None:
    settings = config.read(TEMPLATE)
    table = settings.document.table
    sections: dict[str, tuple[object, type[attrs.AttrsInstance]]] = {
        "capital": (table["capital"], config.CapitalSettings),
        "data.indices": (table["data"]["indices"], config.FeedSettings),
        "strategies.trend": (table["strategies"]["trend"], config.StrategySettings),
        "costs": (table["costs"], config.CostSettings),
    }
    for name, (said, cls) in sections.items():
        assert options(cls) == set(said), name  # type: ignore[call-overload]  # tables of TOML
    assert options(Sections) == set(table) - {"format"}
    assert options(config.ExecutionSettings) - {"executor"} == set(table["execution"])


def test_template_has_a_comment_at_every_key() -> None:
    lines = TEMPLATE.read_text("utf-8").splitlines()
    bare = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if " = " in line and not line.startswith("#") and "  # " not in line and not before.startswith("#")
    ]

    assert [] == bare
    assert max(map(len, lines)) <= LINE_MAX


def test_template_explains_its_keys_in_the_words_of_the_reference() -> None:
    """One wording for the template, `--help` of a plugin and the reference; what speaks of the sample stays free."""
    tables = {
        **{
            name: cls
            for name, cls in TABLES.items()
            if name in {"capital", "data", "strategies", "execution", "costs"}
        },
        "signals": config.SignalSettings,
    }
    words = {
        (table, field.name): field.metadata["doc"]
        for table, cls in tables.items()
        for field in attrs.fields(cls)
        if field.metadata.get("doc") and field.name not in {"symbols", "executor"}
    }
    comments = dict(explained(TEMPLATE.read_text("utf-8")))

    assert len(words) > 20
    assert [] == [(key, doc) for key, doc in words.items() if doc not in comments[key]]


def explained(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the kind of table and the key of each comment that stands behind one, switched off or not."""
    table = ""
    for line in text.splitlines():
        if found := re.match(r"\[([a-z-]+)(?:\.[a-z-]+(\.signals)?.*)?\]$", line):
            table = "signals" if found[2] else found[1]
        if found := re.match(r"(?:# )?([a-z_]+) = .*?  +# (.*)$", line):
            yield (table, found[1]), found[2]


def test_template_names_the_defaults_that_the_settings_have() -> None:
    """What stands beside a key as its default is what leaving the key out gives."""
    settings: Settings = config.read(TEMPLATE)

    assert config.CapitalSettings() == settings.capital
    assert config.CostSettings() == settings.costs
    assert config.ExecutionSettings() == settings.execution


# ---- the command -----------------------------------------------------------------------------------------


def test_init_writes_settings_that_can_be_read_and_says_what_is_next(tmp_path: Path) -> None:
    done = init(tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
    assert TEMPLATE.read_bytes() == (tmp_path / "plugins.toml").read_bytes()
    assert config.read(ROOT / "plugins.toml") == config.read(tmp_path / "plugins.toml")
    assert done.stdout.startswith("Wrote plugins.toml: ")
    assert "\n  tradewright backtest " in done.stdout


def test_init_into_a_folder_makes_it_and_names_the_file(tmp_path: Path) -> None:
    done = init(tmp_path, "--dir", "new/desk")

    assert 0 == done.returncode
    assert (tmp_path / "new/desk/plugins.toml").is_file()
    assert "tradewright backtest --config new/desk/plugins.toml " in done.stdout


def test_init_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "plugins.toml").write_text("mine")
    done = init(tmp_path)

    assert (2, "") == (done.returncode, done.stdout)
    assert "error: plugins.toml: exists already, and is left as it is\nfix: " in done.stderr
    assert "mine" == (tmp_path / "plugins.toml").read_text()


def test_init_with_force_replaces_the_file(tmp_path: Path) -> None:
    (tmp_path / "plugins.toml").write_text("mine")

    assert 0 == init(tmp_path, "--force").returncode
    assert TEMPLATE.read_bytes() == (tmp_path / "plugins.toml").read_bytes()


@pytest.mark.parametrize("words", [["--dir", "file"], ["--dir", "file/below"]])
def test_init_where_no_folder_can_be_says_so(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "file").write_text("")
    done = init(tmp_path, *words)

    assert 2 == done.returncode
    assert done.stderr.splitlines()[-2].startswith("error: ")
    assert done.stderr.splitlines()[-1].startswith("fix: ")
    assert "Traceback" not in done.stderr
