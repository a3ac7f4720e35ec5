"""`tradewright replay` and `tradewright why` in one process: what they print of the ledger that a run has left."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from paper_file import enrolled

Run = Callable[..., tuple[int, str, str]]
FEW = ("--from", "2024-02-25", "--ahead")


@pytest.fixture
def desk(workspace: Path, share_cache: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a file of sixty rows; its signals are among the built-in components."""
    share_cache(workspace)
    return enrolled(workspace, monkeypatch)


# ---- replay and why --------------------------------------------------------------------------------------


@pytest.fixture
def told(desk: Path, run: Run) -> Path:
    """Return a folder whose only ledger is that of a run on paper."""
    assert 0 == run("run", "--paper", "--replay", "--speed", "max", *FEW, "--brief")[0]
    return desk


@pytest.mark.usefixtures("told")
def test_replay_of_what_was_run_is_the_same(run: Run) -> None:
    code, out, _ = run("replay")

    assert (0, "100 % the same, letter by letter") == (code, out.splitlines()[-1])


@pytest.mark.usefixtures("told")
def test_replay_with_a_changed_parameter_names_the_first_number_that_is_another(run: Run) -> None:
    code, out, _ = run("replay", "--set", "strategies.hold.gross=0.1")
    lines = [line.strip() for line in out.splitlines()]

    assert 9 == code
    assert any(line.startswith("decision 20") for line in lines)
    assert any(line.startswith("optimizer's answer of ") and line.endswith(" now") for line in lines)
    assert "strategies.hold.gross=0.1" in lines


@pytest.mark.usefixtures("told")
def test_run_in_a_folder_whose_ledger_was_altered_names_the_entry_and_trades_nothing(run: Run, desk: Path) -> None:
    folder = desk / ".tradewright" / "live" / "replay"
    with closing(sqlite3.connect(folder / "ledger.db", isolation_level=None)) as ledger:
        ledger.execute("UPDATE entry SET body = replace(body, '1', '2') WHERE seq = 4")
    code, out, err = run("run", "--paper", "--replay", "--durable", str(folder))

    assert (7, "") == (code, out)
    assert f"error: {folder / 'ledger.db'}: entry 4 (" in err
    assert "do not belong together; trading is refused\nfix: stop the agent, restore a copy that verifies" in err
    assert not (folder / "venue").exists()


@pytest.mark.usefixtures("desk")
def test_run_where_no_ledger_can_be_begun_says_what_is_free_and_needed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=499 * 10**6))
    code, out, err = run("run", "--paper", "--replay", "--durable", "full")

    assert (7, "") == (code, out)
    assert "full: no ledger is begun here: 499 MB are free, 500 needed\nfix: free 500 MB, or name a folder" in err
    assert [] == list((tmp_path / "full").iterdir())


@pytest.mark.usefixtures("told")
def test_replay_as_json_has_the_words_too(run: Run) -> None:
    code, out, _ = run("replay", "--set", "strategies.hold.gross=0.1", "--json")
    found = json.loads(out)

    assert (9, ["strategies.hold.gross=0.1"]) == (code, found["changed"])
    assert {"seq", "kind", "found", "wanted", "words"} == found["difference"].keys()
    assert " there, " in found["difference"]["words"][0]


@pytest.mark.usefixtures("told")
def test_replay_with_a_setting_that_cannot_be_is_a_usage_error(run: Run) -> None:
    assert 2 == run("replay", "--set", "strategies.other.gross=0.1")[0]


@pytest.mark.usefixtures("told")
def test_why_of_a_symbol_tells_each_step_within_eighty_columns(run: Run) -> None:
    symbol = symbol_of(run)
    code, out, _ = run("why", symbol)
    names = [line.split()[0] for line in out.splitlines()[1:] if line[2:3].strip()]

    assert 0 == code
    assert symbol in out.splitlines()[0]
    assert {"decided", "row", "signal", "forecast", "optimizer", "target"} <= {*names}
    assert max(map(len, out.splitlines()[1:])) <= 80


def symbol_of(run: Run) -> str:
    """Return what the newest order is of."""
    found = json.loads(run("why", "last", "--json")[1])
    assert "tradewright.why/1" == found["schema"]
    assert found["intent"]["body"]["symbol"] == found["symbol"]
    return str(found["symbol"])


@pytest.mark.usefixtures("told")
def test_why_of_an_order_tells_its_states_and_its_cost(run: Run) -> None:
    code, out, _ = run("why", "last")

    assert 0 == code
    assert [] == [
        word for word in ("planned", "checks", "quote", "intended", "accepted", "filled") if word not in out
    ]
    assert "bps of the value, fees included, expected" in out


@pytest.mark.usefixtures("told")
def test_why_of_what_is_neither_order_nor_symbol_names_the_symbols(run: Run) -> None:
    code, _, err = run("why", "NOPE")

    assert (2, True) == (code, "or name a symbol: " in err)


# ---- replay ----------------------------------------------------------------------------------------------


@pytest.fixture
def lived(desk: Path, run: Run) -> Path:
    run("run", "--paper", "--replay", "--speed", "max", *FEW)
    return desk


@pytest.mark.usefixtures("lived")
def test_replay_of_all_begins_at_the_first_entry(run: Run) -> None:
    code, out, err = run("replay", "--json")
    found = json.loads(out)

    assert (0, "") == (code, err)
    assert (True, 0, 5, 5) == tuple(found[name] for name in ("same", "begun_at", "decisions", "sessions"))


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize("session", ["last", "2024-02-28"])
def test_replay_of_a_session_begins_at_the_checkpoint_before_it(session: str, run: Run) -> None:
    whole = json.loads(run("replay", "--json")[1])
    code, out, err = run("replay", "--session", session, "--json")
    found = json.loads(out)

    assert (0, "") == (code, err)
    assert (True, 1, 1) == tuple(found[name] for name in ("same", "decisions", "sessions"))
    assert 0 < found["begun_at"] < whole["entries"]
    assert found["begun_at"] + found["entries"] <= whole["entries"]


@pytest.mark.usefixtures("lived")
def test_replay_of_a_session_says_where_it_began(run: Run) -> None:
    code, out, _ = run("replay", "--session", "last")

    assert 0 == code
    assert "of 1 session lived again, from the checkpoint in entry " in out.splitlines()[0]


@pytest.mark.usefixtures("lived")
def test_replay_of_the_first_session_begins_at_the_first_entry(run: Run) -> None:
    rows = json.loads(run("ledger", "show", "--kind", "row", "--json")[1])
    first = next(one["body"]["session"] for one in rows["entries"] if not one["body"].get("known"))
    found = json.loads(run("replay", "--session", first, "--json")[1])

    assert (True, 0, 1) == tuple(found[name] for name in ("same", "begun_at", "decisions"))
