"""The frame of the command line: what is said, where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import click
import pytest
from tradewright import __version__
from tradewright.cli import COMMANDS, main, output, program
from tradewright.errors import (
    CheckError,
    ConfigError,
    DataError,
    LedgerError,
    PluginError,
    SafetyError,
    TradewrightError,
    UsageError,
)

pytestmark = pytest.mark.usefixtures("workspace")

SECONDS_MAX = 60.0
HEAVY = ("numpy", "numba", "pandas", "pyarrow", "sqlmodel", "sqlalchemy", "pydantic", "alembic", "textual", "rich")
Run = Callable[..., tuple[int, str, str]]


def process(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a process of its own."""
    command = [sys.executable, "-m", "tradewright.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False, **options)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Return what adds a command `fail`, which raises what it is given."""

    def add(error: BaseException) -> None:
        @click.command()
        def fail() -> None:
            raise error

        monkeypatch.setitem(main.commands, "fail", fail)

    return add


# ---- help ------------------------------------------------------------------------------------------------


def test_help_lists_every_command_of_the_table_in_its_group(run: Run) -> None:
    code, out, err = run("--help")
    shown = out.split("Options:")[1].split("Examples:")[0]
    listed = re.findall(r"^  ([a-z]+)  +(\S.*)$", shown, re.MULTILINE)
    helps = {lazy.name: lazy.short_help for lazy in COMMANDS}
    names = [name for group in program.GROUPS.values() for name in group if name in helps]

    assert (0, "") == (code, err)
    assert [(name, helps[name]) for name in names] == listed
    assert set(helps) == set(names)
    assert [group for group in program.GROUPS if f"\n{group}:\n" in out] == [
        group for group, names in program.GROUPS.items() if set(names) & set(helps)
    ]
    assert "Examples:\n    tradewright " in out


def test_help_lists_a_command_without_a_group_last(failing: Callable[[BaseException], None], run: Run) -> None:
    failing(UsageError("any"))
    out = run("--help")[1]

    assert "\nOthers:\n  fail" in out
    assert out.index("Account for:") < out.index("Others:")


@pytest.mark.parametrize("lazy", COMMANDS, ids=lambda lazy: lazy.name)
def test_help_of_each_command_of_the_table_loads_and_explains_it(lazy: program.Lazy, run: Run) -> None:
    code, out, _ = run(str(lazy.name), "--help")

    assert 0 == code
    assert out.startswith(f"Usage: tradewright {lazy.name} ")


def test_table_names_each_command_once() -> None:
    names = [str(lazy.name) for lazy in COMMANDS]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("words", [["-c", "import tradewright"], ["-m", "tradewright.cli", "--help"]])
def test_start_imports_nothing_heavy_and_no_command(words: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-X", "importtime", *words], capture_output=True, text=True, timeout=SECONDS_MAX, check=True
    )
    imported = {line.rsplit("|", 1)[1].strip() for line in result.stderr.splitlines() if "|" in line}
    commands = {lazy.target.partition(":")[0] for lazy in COMMANDS}

    assert "tradewright.host.components" in imported
    assert set() == {name for name in imported if name.split(".")[0] in HEAVY}
    assert set() == imported & {*commands, "tradewright.host.plugins", "tradewright.config"}


def test_version_is_that_of_the_package(run: Run) -> None:
    assert (0, f"tradewright, version {__version__}\n", "") == run("--version")


def test_entry_point_of_the_distribution_is_this_group() -> None:
    (entry,) = metadata.entry_points(group="console_scripts", name="tradewright")

    assert main is entry.load()


def test_completion_script_is_written_for_the_shell() -> None:
    result = process(env={**os.environ, "_TRADEWRIGHT_COMPLETE": "zsh_source"})

    assert 0 == result.returncode
    assert "#compdef tradewright" in result.stdout


def test_completion_of_a_subcommand_knows_its_names() -> None:
    words = {"COMP_WORDS": "tradewright plugins ", "COMP_CWORD": "2", "_TRADEWRIGHT_COMPLETE": "bash_complete"}

    assert ["plain,info", "plain,list", "plain,lock", "plain,new"] == sorted(
        process(env={**os.environ, **words}).stdout.split()
    )


# ---- usage -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "suggestion", "help_of"),
    [
        (["doctr"], "No such command 'doctr'. Did you mean 'doctor'?", "tradewright"),
        (["plugins", "lst"], "No such command 'lst'. Did you mean 'list'?", "tradewright plugins"),
        (["plugins", "list", "--jsn"], "No such option '--jsn'. Did you mean '--json'?", "tradewright plugins list"),
        (["--versio"], "No such option '--versio'. Did you mean '--version'?", "tradewright"),
        (["plugins", "info"], "Missing argument 'NAME'.", "tradewright plugins info"),
    ],
)
def test_usage_when_a_word_is_wrong_shows_usage_and_the_nearest(
    words: list[str], suggestion: str, help_of: str, run: Run
) -> None:
    code, out, err = run(*words)

    assert (2, "") == (code, out)
    assert err.startswith(f"Usage: {help_of} ")
    assert f"error: {suggestion}\nfix: see {help_of} --help\n" in err


def test_usage_when_no_command_is_given_shows_help_on_stderr(run: Run) -> None:
    code, out, err = run()

    assert (2, "") == (code, out)
    assert "\nStart:\n" in err


def test_usage_when_json_is_asked_for_is_one_object_on_stderr(run: Run) -> None:
    code, out, err = run("plugins", "list", "--json", "--jsn")

    assert (2, "") == (code, out)
    assert {
        "schema": "tradewright.error/1",
        "error": {
            "type": "UsageError",
            "message": "No such option '--jsn'. Did you mean '--json'?",
            "file": None,
            "line": None,
            "key": None,
            "fix": "see tradewright plugins list --help",
        },
    } == json.loads(err)


# ---- errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UsageError, 2),
        (ConfigError, 3),
        (PluginError, 4),
        (DataError, 5),
        (SafetyError, 6),
        (LedgerError, 7),
        (CheckError, 9),
    ],
)
def test_error_when_raised_by_a_command_ends_with_its_code(
    error: type[TradewrightError],
    expected: int,
    failing: Callable[[BaseException], None],
    run: Run,
) -> None:
    failing(error("must be finite, was nan", file="plugins.toml", line=7, key="risk.x", fix="write a number"))

    assert (expected, "", "error: plugins.toml:7: risk.x: must be finite, was nan\nfix: write a number\n") == run(
        "fail"
    )


def test_error_when_there_is_no_fix_says_none(failing: Callable[[BaseException], None], run: Run) -> None:
    failing(DataError("empty"))

    assert (5, "", "error: empty\n") == run("fail")


def test_error_when_it_holds_escape_sequences_writes_them_out(
    failing: Callable[[BaseException], None], run: Run
) -> None:
    failing(DataError("a\x1b[31mb", file="c\x07.csv", fix="d\x9be"))

    assert (5, "", "error: c\\x07.csv: a\\x1b[31mb\nfix: d\\x9be\n") == run("fail")


def test_error_when_it_is_a_bug_asks_for_a_report_without_traceback(
    failing: Callable[[BaseException], None], run: Run
) -> None:
    failing(KeyError("lost"))
    code, out, err = run("fail")

    assert (1, "") == (code, out)
    assert "error: this is a bug in tradewright: KeyError: 'lost'\nfix: please report it" in err
    assert "--debug" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [["--debug", "fail"], ["fail", "--debug"]])
def test_error_when_debug_is_given_anywhere_shows_the_traceback(
    words: list[str], failing: Callable[[BaseException], None], run: Run
) -> None:
    failing(KeyError("lost"))
    code, _, err = run(*words)

    assert 1 == code
    assert err.startswith("Traceback")


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("0", False), ("", False)])
def test_error_when_debug_is_in_the_environment_shows_the_traceback(
    value: str,
    expected: bool,
    failing: Callable[[BaseException], None],
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRADEWRIGHT_DEBUG", value)
    failing(ConfigError("wrong"))
    code, _, err = run("fail")

    assert (3, expected) == (code, err.startswith("Traceback"))


def test_error_when_the_system_refuses_names_the_file_and_no_bug(
    failing: Callable[[BaseException], None], run: Run
) -> None:
    failing(OSError(28, "No space left on device", "report.html"))

    assert (1, "", "error: report.html: No space left on device\n") == run("fail")


def test_error_when_ctrl_c_is_pressed_ends_with_130(failing: Callable[[BaseException], None], run: Run) -> None:
    failing(KeyboardInterrupt())

    assert (130, "", "error: stopped by Ctrl-C\n") == run("fail")


@pytest.mark.parametrize(("result", "expected"), [(None, 0), (9, 9), (0, 0), ("text", 0)])
def test_exit_code_when_a_command_returns_a_number_is_that_number(
    result: object, expected: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(main.commands, "work", click.Command("work", callback=lambda: result))

    assert (expected, "", "") == run("work")


@pytest.mark.parametrize(
    ("no_color", "term", "coloured"), [("", "xterm", True), ("1", "xterm", False), ("", "dumb", False)]
)
def test_error_when_stderr_is_a_terminal_is_coloured_unless_that_is_forbidden(
    no_color: str, term: str, coloured: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    output.echo_error(DataError("empty", fix="fill it"), as_json=False)
    err = capsys.readouterr().err

    assert "empty" in err
    assert coloured == ("\x1b[" in err)


def test_table_on_a_narrow_terminal_keeps_the_name_whole_and_all_of_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    output.echo_table(("run", "at"), [("20261125-154842-db7b01", "2026-11-25T15:48")])
    _header, first, *others = capsys.readouterr().out.splitlines()

    assert max(map(len, [first, *others])) <= 30
    assert first.startswith("20261125-154842-db7b01 ")
    assert "2026-11-25T15:48" == "".join(line[22:].strip() for line in [first, *others])


# ---- processes -------------------------------------------------------------------------------------------


def wait_in_a_command(folder: Path) -> subprocess.Popen[str]:
    """Start the command with a subcommand that says it is there and then waits inside a plugin's code."""
    code = """
        import os
        import time
        import click
        from tradewright.cli import main
        from tradewright.host.fence import fence

        @click.command()
        def wait():
            try:
                with fence("slow.compute", time):
                    os.write(1, b"ready\\n")
                    time.sleep(60)
            finally:
                click.echo("cleaned")

        main.add_command(wait)
        main(["wait"])
    """
    script = folder / "wait.py"
    script.write_text(textwrap.dedent(code), "utf-8")
    return subprocess.Popen([sys.executable, "-u", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("number", "code", "said"), [(signal.SIGTERM, 143, ""), (signal.SIGINT, 130, "error: stopped by Ctrl-C\n")]
)
def test_process_when_signalled_cleans_up_and_ends_with_the_code_of_the_signal(
    number: signal.Signals, code: int, said: str, tmp_path: Path
) -> None:
    with wait_in_a_command(tmp_path) as child:
        assert child.stdout is not None
        assert "ready\n" == child.stdout.readline()
        child.send_signal(number)
        out, err = child.communicate(timeout=SECONDS_MAX)

    assert (code, "cleaned\n", said) == (child.returncode, out, err)


@pytest.mark.parametrize(
    ("name", "code", "said"), [("SIGTERM", 143, ""), ("SIGINT", 130, "error: stopped by Ctrl-C\n")]
)
def test_process_when_signalled_where_python_forgets_errors_still_stops(
    name: str, code: int, said: str, tmp_path: Path
) -> None:
    """As while numba compiles, whose compiler calls back into Python."""
    code_of_a_command = f"""
        import ctypes
        import os
        import signal
        import time
        import click
        from tradewright.cli import main

        @ctypes.CFUNCTYPE(None)
        def called_by_c():
            os.kill(os.getpid(), signal.{name})
            time.sleep(60)

        @click.command()
        def compile():
            called_by_c()
            time.sleep(60)

        main.add_command(compile)
        main(["compile"])
    """
    script = tmp_path / "compile.py"
    script.write_text(textwrap.dedent(code_of_a_command), "utf-8")
    result = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )

    assert (code, "", said) == (result.returncode, result.stdout, result.stderr)


@pytest.mark.parametrize("words", [["--help"], ["plugins", "list"], ["plugins", "list", "--json"]])
def test_process_when_nobody_reads_its_output_is_quiet(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "tradewright.cli", *words]
    with os.fdopen(writing, "wb") as pipe:
        result = subprocess.run(
            command, stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=SECONDS_MAX, check=False
        )

    assert (141, "") == (result.returncode, result.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_process_when_the_disk_is_full_says_so() -> None:
    command = [sys.executable, "-m", "tradewright.cli", "plugins", "list"]
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=SECONDS_MAX, check=False
        )

    assert (1, "error: No space left on device\n") == (result.returncode, result.stderr)


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-"])
def test_process_when_a_stream_is_closed_still_works(closed: str) -> None:
    command = f'exec "{sys.executable}" -m tradewright.cli plugins list {closed}'
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=SECONDS_MAX, check=False)

    assert (0, "") == (result.returncode, result.stderr)
    assert ("plugins.toml" in result.stdout) == (closed != "1>&-")


def test_process_when_there_is_no_terminal_writes_no_colours_and_wraps_nothing() -> None:
    result = process("doctor", env={**os.environ, "TERM": "xterm-256color"}, start_new_session=True)

    assert "\x1b" not in result.stdout + result.stderr
    assert 9 == result.returncode
