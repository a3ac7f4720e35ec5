"""The commands of `ledger`: what they find, say and refuse, and with which code."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ledger_cases import fill_up, intent
from tradewright.ledger.lines import lines
from tradewright.ledger.sql import SqlStore
from tradewright.workspace.paths import Workspace

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def desk(workspace: Path) -> Path:
    """Return the ledger of the account `desk`, 81 entries, the only one of this workspace."""
    path = Workspace(workspace).ledger("desk")
    with SqlStore(path) as store:
        fill_up(store, 33)
    return path


def told(run: Run, *words: str) -> dict[str, Any]:
    code, out, err = run("ledger", *words, "--json")
    assert (0, "") == (code, err)
    found: dict[str, Any] = json.loads(out)
    return found


def refused(run: Run, *words: str) -> tuple[int, str, dict[str, Any]]:
    code, out, err = run("ledger", *words, "--json")
    assert "" == out
    error = json.loads(err)["error"]
    return code, error["type"], error


def damage(path: Path, statement: str) -> None:
    with SqlStore(path, believe=True) as store, store.database.writing() as connection:
        connection.exec_driver_sql(statement)


def text(path: Path) -> str:
    with SqlStore(path, write=False) as store:
        return "".join(lines(store))


# ---- which ledger ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("workspace")
def test_command_without_any_ledger_says_where_it_looked(run: Run) -> None:
    code, kind, error = refused(run, "verify")

    assert (2, "UsageError") == (code, kind)
    assert "there is no ledger below this folder" == error["message"]
    assert error["file"].endswith(".tradewright/live")


def test_command_with_several_ledgers_names_them(run: Run, desk: Path, workspace: Path) -> None:
    with SqlStore(Workspace(workspace).ledger("second")) as store:
        fill_up(store, 1)
    code, _, error = refused(run, "verify")

    assert 2 == code
    assert "add --account with one of: desk, second" == error["fix"]
    assert 1 == told(run, "verify", "--account", "second")["entries"]


@pytest.mark.parametrize("account", ["../desk", "", "a/b", ".hidden", "x" * 65, "dsk;"])
def test_account_that_is_no_name_is_refused(run: Run, desk: Path, account: str) -> None:
    code, kind, error = refused(run, "verify", "--account", account)

    assert (2, "UsageError", "--account") == (code, kind, error["key"])


@pytest.mark.parametrize("command", ["verify", "show", "rebuild"])
def test_account_without_a_ledger_is_a_ledger_error_and_begins_none(run: Run, desk: Path, command: str) -> None:
    code, kind, error = refused(run, command, "--account", "desq")

    assert (7, "LedgerError", "there is no ledger") == (code, kind, error["message"])
    assert not desk.parents[1].joinpath("desq").exists()


def test_ledger_is_named_by_path_or_url(run: Run, desk: Path, workspace: Path) -> None:
    elsewhere = workspace / "elsewhere"
    elsewhere.mkdir()

    assert 81 == told(run, "verify", "--ledger", str(desk))["entries"]
    assert 81 == told(run, "verify", "--ledger", f"sqlite:///{desk}")["entries"]
    desk.with_suffix(".anchor").rename(elsewhere / "a")
    assert 81 == told(run, "verify", "--anchor", str(elsewhere / "a"))["entries"]
    code, _, error = refused(run, "verify", "--ledger", str(desk), "--account", "desk")
    assert (2, "--ledger") == (code, error["key"])


def test_ledger_of_a_server_that_is_not_there_is_named_without_its_password(run: Run, workspace: Path) -> None:
    url = "postgresql://desk:hush@127.0.0.1:1/none"
    code, kind, error = refused(run, "verify", "--ledger", url, "--anchor", "a.anchor")

    assert (7, "LedgerError") == (code, kind)
    assert "hush" not in json.dumps(error)
    code, _, error = refused(run, "backup", "copy.db", "--ledger", url, "--anchor", "a.anchor")
    assert 2 == code
    assert "kept by a server" in error["message"]


# ---- verify and show -------------------------------------------------------------------------------------


def test_verify_tells_what_was_looked_at(run: Run, desk: Path) -> None:
    found = told(run, "verify")

    assert "tradewright.ledger-verify/1" == found["schema"]
    assert (str(desk), 81) == (found["ledger"], found["entries"])
    assert found["head"] == found["anchored"]
    assert {"orders": 8, "fills": 8, "activities": 8, "jobs": 8, "alerts": 1} == found["rows"]


def test_verify_prints_a_line_for_each_field(run: Run, desk: Path) -> None:
    code, out, err = run("ledger", "verify")

    assert (0, "") == (code, err)
    assert f"ledger    {desk}\nentries   81\nhead      seq 81, hash " in out
    assert "rows      orders 8, fills 8, activities 8, jobs 8, alerts 1\n" in out


def test_verify_of_a_damaged_ledger_names_the_first_bad_entry_and_ends_with_seven(run: Run, desk: Path) -> None:
    damage(desk, "UPDATE entry SET body = replace(body, '10', '99') WHERE kind = 'intent'")
    code, out, err = run("ledger", "verify")

    assert (7, "") == (code, out)
    assert f"error: {desk}: entry 4 (intent): altered" in err
    assert "fix: stop the agent, restore a copy that verifies" in err


def test_verify_while_the_agent_has_it_open(run: Run, desk: Path) -> None:
    with SqlStore(desk) as store:
        store.append([intent("now")])
        assert 82 == told(run, "verify")["entries"]


def test_show_lists_the_newest_entries(run: Run, desk: Path) -> None:
    code, out, err = run("ledger", "show", "--last", "2")

    assert (0, "") == (code, err)
    assert ["seq", "80", "81"] == [line.split()[0] for line in out.splitlines()]
    assert "2026-03-02T14:30:08.000000Z  checkpoint  {" in out
    assert 20 == len(told(run, "show")["entries"])


def test_show_as_json_has_everything_of_the_kinds_asked_for(run: Run, desk: Path) -> None:
    found = told(run, "show", "--kind", "fill", "--kind", "intent", "--after", "20", "--last", "3")["entries"]

    assert ["fill", "intent", "fill"] == [one["kind"] for one in found]
    assert {"seq", "at", "kind", "body", "hash"} == set(found[0])
    assert "512.340" == found[0]["body"]["price"]
    assert [] == told(run, "show", "--after", "81")["entries"]


def test_show_of_a_damaged_ledger_still_shows_it(run: Run, desk: Path) -> None:
    damage(desk, "DELETE FROM entry WHERE seq = 81")

    assert 80 == told(run, "show")["entries"][-1]["seq"]


def test_show_of_an_unknown_kind_is_a_usage_error(run: Run, desk: Path) -> None:
    assert 2 == run("ledger", "show", "--kind", "fil")[0]


# ---- copies ----------------------------------------------------------------------------------------------


def test_export_and_import_make_the_same_ledger_again(run: Run, desk: Path, workspace: Path) -> None:
    assert 81 == told(run, "export", "desk.jsonl")["entries"]
    found = told(run, "import", "desk.jsonl", "--account", "again")
    code, out, err = run("ledger", "export", "-", "--account", "again")

    assert 81 == found["new"]
    assert (0, "") == (code, err)
    assert out == Path("desk.jsonl").read_text("utf-8") == text(desk)


def test_import_of_a_damaged_file_names_the_line(run: Run, desk: Path) -> None:
    told(run, "export", "desk.jsonl")
    file = Path("desk.jsonl")
    file.write_text(file.read_text().replace('"quantity":"10"', '"quantity":"11"', 1))
    code, _, error = refused(run, "import", "desk.jsonl", "--account", "again")

    assert (7, "desk.jsonl", 4, "entry 4 (intent)") == (code, error["file"], error["line"], error["key"])
    assert ["desk"] == sorted(one.name for one in desk.parents[1].iterdir())


def test_backup_and_restore_put_a_ledger_back(run: Run, desk: Path) -> None:
    assert 81 == told(run, "backup", "night.db")["head"]["seq"]
    with SqlStore(desk) as store:
        store.append([intent("later")])
        code, kind, _ = refused(run, "restore", "night.db", "--replace")
        assert (6, "SafetyError") == (code, kind)
    code, _, error = refused(run, "restore", "night.db")
    assert (2, "add --replace: it is moved aside, not removed") == (code, error["fix"])
    found = told(run, "restore", "night.db", "--replace")

    assert (81, 82) == (found["head"]["seq"], found["before"]["seq"])
    assert Path(found["moved_to"]).is_file()
    assert 81 == told(run, "verify")["entries"]


def test_restore_into_a_new_account_prints_what_it_did(run: Run, desk: Path, workspace: Path) -> None:
    run("ledger", "backup", "night.db")
    code, out, err = run("ledger", "restore", "night.db", "--account", "new")

    assert (0, "") == (code, err)
    assert "moved to  none\n" in out
    assert 2 == refused(run, "restore", "night.db", "--account", "other", "--anchor", "a")[0]


def test_rebuild_mends_tables_and_accepts_an_end(run: Run, desk: Path) -> None:
    damage(desk, "DELETE FROM fills")
    assert 7 == refused(run, "verify")[0]
    assert 8 == told(run, "rebuild")["rows"]["fills"]
    assert 81 == told(run, "verify")["entries"]
    damage(desk, "DELETE FROM entry WHERE seq > 77")
    assert "entry 78" == refused(run, "rebuild")[2]["key"]
    assert 77 == told(run, "rebuild", "--new-anchor")["head"]["seq"]
    assert 77 == told(run, "verify")["entries"]


def test_rebuild_of_entries_that_do_not_verify_keeps_the_anchor(run: Run, desk: Path) -> None:
    damage(desk, "UPDATE entry SET body = '{}' WHERE seq = 9")
    before = desk.with_suffix(".anchor").read_bytes()
    code, _, error = refused(run, "rebuild", "--new-anchor")

    assert (7, "entry 9 (activity)") == (code, error["key"])
    assert before == desk.with_suffix(".anchor").read_bytes()


def test_follow_once_ships_what_is_new(run: Run, desk: Path) -> None:
    code, out, err = run("ledger", "follow", "far", "--once")
    assert (0, "") == (code, err)
    assert "far/entries.jsonl: 81 new, up to entry 81\n" in out
    assert (0, "", "") == run("ledger", "follow", "far", "--once")
    with SqlStore(desk) as store:
        store.append([intent("now")])

    assert "1 new, up to entry 82" in run("ledger", "follow", "far", "--once")[1]
    assert text(desk) == Path("far/entries.jsonl").read_text("utf-8")


def test_follow_goes_on_until_it_is_stopped(run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wait lets the agent commit once; then somebody stops it."""
    waits: list[float] = []

    with SqlStore(desk) as store:

        def wait(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 3:
                raise KeyboardInterrupt
            store.append([intent(f"now {len(waits)}")])

        monkeypatch.setattr(time, "sleep", wait)
        code, out, _ = run("ledger", "follow", "far", "--every", "0.5")

    assert 130 == code
    assert [0.5, 0.5, 0.5] == waits
    assert ["81", "1", "1"] == [line.split(": ")[1].split()[0] for line in out.splitlines()]


# ---- help ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["verify", "show", "export", "import", "backup", "restore", "rebuild", "follow"])
def test_help_of_each_command_has_examples_and_imports_no_database(name: str) -> None:
    words = [sys.executable, "-X", "importtime", "-m", "tradewright.cli", "ledger", name, "--help"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)

    assert f"Examples:\n    tradewright ledger {name}" in done.stdout
    assert "sqlalchemy" not in done.stderr
    assert "numpy" not in done.stderr
