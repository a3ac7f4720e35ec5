"""`tradewright run` and `tradewright parity` in one process: what they print and refuse, and with which code."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from paper_file import HALF, OTHER, RISING, enrolled, write
from tradewright.cli.paper import echo_parity, parity_fields, read_settings
from tradewright.cli.run import PLAYED, Speed
from tradewright.config import read
from tradewright.execute import venue
from tradewright.live.parity import Difference, Parity
from venue_harness import NAN

Run = Callable[..., tuple[int, str, str]]
FEW = ("--from", "2024-02-25", "--ahead")
KEYS = ["schema", "holds", "bars", "orders", "fills", "equity_difference", "differing", "differences"]


@pytest.fixture
def desk(workspace: Path, share_cache: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a file of sixty rows; its signals are among the built-in components."""
    share_cache(workspace)
    return enrolled(workspace, monkeypatch)


@pytest.fixture
def costly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every market order at the venue cost a thousandth more than the file says."""
    begin = venue.SimulatedVenue.__init__

    def slip(self: Any, name: str, currency: str, settings: Any, *rest: Any) -> None:
        more = settings.half_spread_and_slippage + 0.001
        begin(self, name, currency, settings._replace(half_spread_and_slippage=more), *rest)

    monkeypatch.setattr(venue.SimulatedVenue, "__init__", slip)


# ---- parity ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("desk")
def test_parity_when_all_agrees_says_so_in_one_line(run: Run) -> None:
    code, out, err = run("parity", *FEW)

    assert (0, "") == (code, err)
    assert 1 == len(out.splitlines())
    assert "all equal to the backtest's: 1 fill on 5 rows, equity within 0.0e+00\n" in out


@pytest.mark.usefixtures("desk")
def test_parity_as_json_has_exactly_these_keys(run: Run) -> None:
    code, out, _ = run("parity", *FEW, "--json")
    found = json.loads(out)

    assert (0, KEYS) == (code, list(found))
    assert (True, 5, 1, 0, []) == tuple(found[key] for key in ("holds", "bars", "fills", "differing", "differences"))


@pytest.mark.usefixtures("desk", "costly")
def test_parity_when_a_number_differs_shows_it_and_ends_with_9(run: Run) -> None:
    code, out, _ = run("parity", *FEW)
    head = out.splitlines()[2].split()

    assert 9 == code
    assert "not all equal to the backtest's: " in out
    assert ["at", "(UTC)", "what", "strategy", "symbol", "backtest", "paper"] == head
    assert "2024-02-27 " in out


@pytest.mark.usefixtures("desk", "costly")
def test_parity_as_json_when_a_number_differs_ends_with_9(run: Run) -> None:
    code, out, _ = run("parity", *FEW, "--json")
    found = json.loads(out)

    assert (9, False) == (code, found["holds"])
    assert ["at", "what", "strategy", "symbol", "backtest", "paper"] == list(found["differences"][0])
    assert found["differing"] >= len(found["differences"]) > 0


@pytest.mark.usefixtures("desk")
def test_parity_row_by_row_is_the_same(run: Run) -> None:
    assert run("parity", "--from", "2024-02-25") == run("parity", *FEW)


@pytest.mark.usefixtures("desk")
def test_parity_changes_one_setting(run: Run) -> None:
    found = json.loads(run("parity", *FEW, "--set", "strategies.hold.gross=0.0001", "--json")[1])

    assert (0, True) == (found["fills"], found["holds"])


# ---- run -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("desk")
def test_run_ends_with_the_report_of_a_backtest_and_how_it_compares(run: Run) -> None:
    code, out, err = run("run", "--paper", "--replay", "--speed", "max", *FEW)

    assert (0, "") == (code, err)
    assert f"{PLAYED}: a replay of 5 rows" == out.splitlines()[0]
    assert "all equal to the backtest's" in out.splitlines()[-2]
    assert out.splitlines()[-1].startswith("Ledger .tradewright/live/replay/ledger.db: ")
    assert "played on paper: a replay is kept as no run, and no trial" in out
    assert len(out.splitlines()) > 15


@pytest.mark.usefixtures("desk")
def test_run_when_brief_shows_less(run: Run) -> None:
    words = ("run", "--paper", "--replay", "--speed", "max", *FEW)
    whole, brief = run(*words), run(*words, "--brief")

    assert (0, 0) == (whole[0], brief[0])
    assert len(brief[1]) < len(whole[1])
    assert brief[1].splitlines()[-1] == whole[1].splitlines()[-1]


@pytest.mark.usefixtures("desk")
def test_run_as_json_has_mode_parity_and_report(run: Run) -> None:
    code, out, _ = run("run", "--paper", "--replay", "feeds", "--speed", "max", *FEW, "--json")
    found = json.loads(out)

    assert (0, ["schema", "mode", "parity", "ledger", "report"]) == (code, list(found))
    assert Path(found["ledger"]).is_file()
    assert ("paper", KEYS[1:], True) == (found["mode"], list(found["parity"]), found["parity"]["holds"])
    assert isinstance(found["report"], dict)


@pytest.mark.usefixtures("desk", "costly")
def test_run_when_a_number_differs_ends_with_9(run: Run) -> None:
    words = ("run", "--paper", "--replay", "--speed", "max", *FEW)

    assert [9, 9] == [run(*words)[0], run(*words, "--json")[0]]


def test_run_keeps_no_run(desk: Path, run: Run) -> None:
    run("run", "--paper", "--replay", "--speed", "max", *FEW)

    assert not (desk / ".tradewright" / "runs").exists()


# ---- what is refused -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("words", "message", "fix"),
    [
        ((), "run needs --paper", "nothing here trades real money yet"),
        (("--replay",), "run needs --paper", "add --paper"),
        (("--paper",), "it needs --replay", "--replay sample"),
        (("--paper", "--replay", "sample", "--config", "x.toml"), "settings of its own", "leave --config out"),
    ],
)
def test_run_without_paper_or_replay_is_refused(words: tuple[str, ...], message: str, fix: str, run: Run) -> None:
    code, out, err = run("run", *words)

    assert (2, "") == (code, out)
    assert message in err
    assert fix in err


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan", "", "max1"])
def test_run_at_a_speed_that_is_none_is_refused(speed: str, run: Run) -> None:
    code, out, err = run("run", "--paper", "--replay", "--speed", speed)

    assert (2, "") == (code, out)
    assert "must be rows per second, above 0, or max" in err


@pytest.mark.parametrize(
    ("value", "expected"), [("max", float("inf")), ("inf", float("inf")), ("0.5", 0.5), ("1e-3", 0.001), (7.0, 7.0)]
)
def test_speed_is_a_number_above_zero_or_max(value: Any, expected: float) -> None:
    assert expected == Speed().convert(value, None, None)


@pytest.mark.usefixtures("desk")
def test_run_of_a_recording_that_is_unknown_is_refused(run: Run) -> None:
    code, _, err = run("run", "--paper", "--replay", "yesterday")

    assert 2 == code
    assert "yesterday" in err


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("command", [("parity",), ("run", "--paper", "--replay", "--speed", "max")])
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--from", "2024-02-02", "--to", "2024-02-01"), 2, "empty range: 2024-02-02 is after 2024-02-01"),
        (("--from", "2024-03-01"), 2, "empty range: the prices end on 2024-02-29"),
        (("--from", "2024-03-01", "--to", "2024-03-05"), 2, "no price from 2024-03-01 to 2024-03-05"),
        (("--from", "soon"), 2, "soon"),
        (("--config", "gone.toml"), 3, "gone.toml"),
        (("--set", "strategies.hold.grosss=1"), 3, "grosss"),
        (("--set", "strategies.hold.optimizer=nobodys"), 3, "nobodys"),
    ],
)
def test_command_with_what_cannot_be_ends_with_the_code_of_its_kind(
    command: tuple[str, ...], words: tuple[str, ...], code: int, message: str, run: Run
) -> None:
    found, out, err = run(*command, *words)

    assert (code, "") == (found, out)
    assert message in err


@pytest.mark.usefixtures("desk")
def test_command_on_one_day_that_is_first_and_last_plays_it(run: Run) -> None:
    code, out, _ = run("parity", "--from", "2024-02-01", "--to", "2024-02-01", "--json")

    assert (0, 1) == (code, json.loads(out)["bars"])


@pytest.mark.parametrize("command", [("parity",), ("run", "--paper", "--replay", "--speed", "max")])
def test_command_when_two_strategies_trade_one_symbol_ends_with_3(
    command: tuple[str, ...], desk: Path, run: Run
) -> None:
    write(desk, more=OTHER.format(symbol="A"), overrides=HALF)
    code, out, err = run(*command, "--set", HALF[0])

    assert (3, "") == (code, out)
    assert "A is traded by hold already" in err


def test_command_when_prices_are_gone_is_an_error_of_the_data(desk: Path, run: Run) -> None:
    (desk / "data" / "A.csv").unlink()
    code, out, err = run("parity")

    assert ("", True) == (out, code in {3, 5})
    assert "A" in err


def test_command_when_a_rule_lacks_prices_names_its_line(desk: Path, run: Run) -> None:
    write(desk, more="[risk]\ntrading-window = {}")
    code, _, err = run("parity", *FEW)

    assert 5 == code
    assert "plugins.toml:" in err
    assert "trading-window" in err


# ---- the words of both -----------------------------------------------------------------------------------

AT = datetime(2024, 2, 27, 21, tzinfo=UTC)


def compared(**changes: Any) -> Parity:
    fields: dict[str, Any] = {
        "bars": 1_234,
        "orders": 5_678,
        "fills": 90,
        "differing": 0,
        "differences": (),
        "money": 1e-12,
    }
    return Parity(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "5,678 orders, all equal to the backtest's: 90 fills on 1,234 rows, equity within 1.0e-12\n"),
        (
            {"orders": 1, "fills": 1, "bars": 1},
            "1 order, all equal to the backtest's: 1 fill on 1 row, equity within 1.0e-12\n",
        ),
        (
            {"orders": 0, "fills": 0, "money": 0.0},
            "0 orders, all equal to the backtest's: 0 fills on 1,234 rows, equity within 0.0e+00\n",
        ),
    ],
)
def test_parity_that_holds_is_one_line(changes: Any, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    echo_parity(compared(**changes))

    assert line == capsys.readouterr().out


@pytest.mark.parametrize(
    ("differing", "words"), [(1, "1 number differs"), (2, "2 numbers differ"), (4_321, "4,321 numbers differ")]
)
def test_parity_that_differs_is_a_table(differing: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    one = Difference(what="limit", at=AT, strategy="hold", symbol="A", backtest=NAN, paper=101.123456789012)
    echo_parity(compared(differing=differing, differences=(one,)))
    lines = capsys.readouterr().out.splitlines()

    assert f"5,678 orders, not all equal to the backtest's: {words}" == lines[0]
    assert ["2024-02-27", "21:00", "limit", "hold", "A", "none", "101.123456789"] == lines[-1].split()


def test_parity_as_json_has_null_where_there_is_no_number() -> None:
    one = Difference(what="fill", at=AT, strategy="hold", symbol="A", backtest=5.0, paper=NAN)
    fields = parity_fields(compared(differing=1, differences=(one,)))

    assert KEYS[1:] == list(fields)
    assert [
        {
            "at": "2024-02-27T21:00:00+00:00",
            "what": "fill",
            "strategy": "hold",
            "symbol": "A",
            "backtest": 5.0,
            "paper": None,
        }
    ] == fields["differences"]
    assert fields == json.loads(json.dumps(fields, allow_nan=False))


# ---- whose settings --------------------------------------------------------------------------------------


def test_settings_are_those_of_the_file(desk: Path) -> None:
    found = read_settings(Path("plugins.toml"), ("seed=11",), sample=False)

    assert read(desk / "plugins.toml", ("seed=11",)).as_table() == found.as_table()
    assert 11 == found.seed


def test_settings_of_the_sample_need_no_file_and_live_in_this_folder(workspace: Path) -> None:
    found = read_settings(Path("plugins.toml"), ("strategies.trend.gross=0.2",), sample=True)

    assert (["trend"], 0.2, ["sample-data"]) == (
        list(found.strategies),
        found.strategies["trend"].gross,
        [feed.source for feed in found.data.values()],
    )
    assert workspace == found.workspace
    assert [] == list(workspace.iterdir())


def test_prices_of_a_desk_are_those_that_the_tests_think_of(desk: Path) -> None:
    rows = (desk / "data" / "A.csv").read_text("utf-8").split()

    assert (61, "2024-02-29", repr(RISING[-1].item())) == (len(rows), *rows[-1].split(","))
