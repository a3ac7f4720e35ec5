"""What `plugins new` writes: names, files, sizes, refusals, and code that keeps our own rules."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from tradewright import __version__
from tradewright.cli.new_plugin import KINDS
from tradewright.errors import UsageError
from tradewright.host.kinds import HOOKS
from tradewright.scaffold.names import LENGTH_MAX, names_of
from tradewright.scaffold.project import WHAT, rendered, write

Run = Callable[..., tuple[int, str, str]]
LONGEST = "a" * LENGTH_MAX


# ---- names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["my-signal", "x", "a1-b2", LONGEST])
def test_names_of_a_good_word_are_the_same_word_four_times(word: str) -> None:
    names = names_of(word)

    underscored = word.replace("-", "_")
    assert (word, f"tradewright-{word}", f"tradewright_{underscored}") == (
        names.plugin,
        names.distribution,
        names.package,
    )


@pytest.mark.parametrize(
    ("word", "fix"),
    [
        ("My_Signal", "write my-signal"),
        ("my--signal", "write my-signal"),
        ("-x", "write x"),
        ("1st", "choose a name such as my-signal"),
        ("", "choose a name such as my-signal"),
        ("../evil", "write evil"),
        (LONGEST + "a", "choose a name such as my-signal"),
        ("tradewright-trend", "write trend"),
        ("class", "choose another name, such as my-class"),
        ("tradewright", "choose another name, such as my-tradewright"),
        ("testing", "choose another name, such as my-testing"),
        ("ma-crossover", "choose another name, such as my-ma-crossover"),
        ("position-limit", "choose another name, such as my-position-limit"),
        ("files", "choose another name, such as my-files"),
    ],
)
def test_names_of_a_bad_word_are_refused_with_a_better_one(word: str, fix: str) -> None:
    with pytest.raises(UsageError) as caught:
        names_of(word)

    assert fix == caught.value.fix


def test_names_when_taken_say_by_whom() -> None:
    with pytest.raises(UsageError, match="taken by the installed plugin tradewright-sample-data"):
        names_of("sample-data")
    with pytest.raises(UsageError, match="taken by the optimizer of the kernel"):
        names_of("equal-weight")


# ---- files ---------------------------------------------------------------------------------------------------


def lines(text: str) -> int:
    return len(text.splitlines())


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_every_kind_are_complete(root: Path, kind: str) -> None:
    texts = rendered(names_of("my-part"), kind)

    assert {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        ".gitignore",
        ".github/workflows/test.yml",
        "src/tradewright_my_part/__init__.py",
        "src/tradewright_my_part/py.typed",
        "tests/test_my_part.py",
        *(["tests/double_of_my_part.py"] if kind == "executor" else []),
    } == set(texts)
    assert (root / "LICENSE").read_text("utf-8") == texts["LICENSE"]
    assert "pytest" in texts[".github/workflows/test.yml"]
    assert "${{ matrix.python }}" in texts[".github/workflows/test.yml"]
    assert "## Options" in texts["README.md"]
    assert "{{ name }}" not in "".join(texts.values())


@pytest.mark.parametrize("kind", KINDS)
def test_manifest_has_entry_point_kernel_range_and_extra(kind: str) -> None:
    project = tomllib.loads(rendered(names_of("my-part"), kind)["pyproject.toml"])["project"]

    minor = ".".join(__version__.split(".")[:2])
    assert {"tradewright": {"my-part": "tradewright_my_part"}} == project["entry-points"]
    assert f"tradewright>={minor},<0.{int(minor.split('.')[1]) + 1}" in project["dependencies"]
    assert ["tradewright[testing]"] == project["optional-dependencies"]["test"]


def test_kinds_of_the_command_are_those_that_can_be_made() -> None:
    assert tuple(WHAT) == KINDS
    assert "A data source for Tradewright." in rendered(names_of("my-part"), "data-source")["pyproject.toml"]


def test_signal_has_three_files_of_substance_and_seventy_lines() -> None:
    texts = rendered(names_of("my-part"), "signal")

    substance = [text for path, text in texts.items() if path.endswith((".py", ".toml"))]
    assert 3 == len(substance)
    assert sum(map(lines, substance)) <= 70


@pytest.mark.parametrize("kind", KINDS)
def test_module_of_every_kind_implements_one_hook_and_imports_nothing_private(kind: str) -> None:
    texts = rendered(names_of("my-part"), kind)

    for path in [path for path in texts if path.endswith(".py")]:
        tree = ast.parse(texts[path])
        imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        words = [word for node in imported for word in (str(node.module), *(alias.name for alias in node.names))]
        assert [] == [word for word in words if word.rpartition(".")[2].startswith("_") and word != "__future__"]
    hooks = [
        node.name
        for node in ast.parse(texts["src/tradewright_my_part/__init__.py"]).body
        if isinstance(node, ast.FunctionDef)
    ]
    assert 1 == len(set(hooks) & set(HOOKS))


@pytest.mark.parametrize("name", ["x", LONGEST])
def test_code_of_every_kind_keeps_our_own_style(root: Path, tmp_path: Path, name: str) -> None:
    for kind in KINDS:
        write(tmp_path / kind, rendered(names_of(name), kind))
    ruff = [sys.executable, "-m", "ruff"]
    settings = ["--no-cache", "--config", str(root / "pyproject.toml"), str(tmp_path)]

    for command in ([*ruff, "format", "--check", *settings], [*ruff, "check", *settings]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_code_of_every_kind_passes_a_strict_check_of_types(root: Path, tmp_path: Path) -> None:
    for kind in KINDS:
        write(tmp_path / kind, rendered(names_of(f"my-{kind}"), kind))
    files = [str(path) for kind in KINDS for path in (tmp_path / kind).rglob("*.py")]
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(root / "pyproject.toml"), *files]
    paths = ":".join(
        [str(root / "platform/src"), *(str(tmp_path / kind / part) for kind in KINDS for part in ("src", "tests"))]
    )

    done = subprocess.run(
        command, cwd=tmp_path, env={"MYPYPATH": paths, "PATH": ""}, capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stdout + done.stderr


# ---- the command ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["here", "elsewhere/deeper"])
def test_new_writes_the_plugin_and_says_what_comes_next(run: Run, workspace: Path, folder: str) -> None:
    where = [] if folder == "here" else ["--dir", folder]
    code, out, err = run("plugins", "new", "my-trend", "--kind", "signal", *where)

    path = Path("my-trend") if folder == "here" else Path(folder) / "my-trend"
    assert (0, "") == (code, err)
    assert (workspace / path / "src/tradewright_my_trend/__init__.py").is_file()
    for command in (f"cd {path}", "pip install -e '.[test]'", "python -m pytest", "tradewright plugins list"):
        assert command in out
    assert '"my-trend"]' in out
    assert "[strategies.NAME.signals.my-trend] with weight = 1.0" in out


def test_new_when_the_folder_is_empty_fills_it(run: Run, workspace: Path) -> None:
    (workspace / "my-trend").mkdir()

    assert 0 == run("plugins", "new", "my-trend", "--kind", "optimizer")[0]
    assert (workspace / "my-trend/pyproject.toml").is_file()


@pytest.mark.parametrize("there", ["file", "folder"])
def test_new_when_something_is_there_leaves_it(run: Run, workspace: Path, there: str) -> None:
    kept = workspace / "my-trend" if there == "file" else workspace / "my-trend" / "mine.txt"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("mine", "utf-8")

    code, out, err = run("plugins", "new", "my-trend", "--kind", "signal")

    assert (2, "") == (code, out)
    assert "exists already, and is left as it is" in err
    assert ("mine", 1) == (kept.read_text("utf-8"), len(list(workspace.rglob("*.*"))) + (there == "file"))


def test_new_when_it_cannot_write_names_the_folder(run: Run, workspace: Path) -> None:
    (workspace / "file").write_text("", "utf-8")

    code, _, err = run("plugins", "new", "my-trend", "--kind", "signal", "--dir", "file/below")

    assert 2 == code
    assert "file/below" in err
