"""`tradewright backtest` and `tradewright runs` as a user runs them, on real prices that the workspace installs."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import variance
from typing import Any

import pytest
from tradewright.metrics.significance import expected_best_sharpe

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 120.0
KEYS = [
    *("schema", "run_id", "status", "config", "versions", "data", "period", "currency", "capital", "net", "gross"),
    *("benchmarks", "costs", "rules", "halts", "trials", "warnings", "seconds"),
]
# A shorter and rougher way that halts in April 2000, to have something to lift.
ROUGH = [
    *("--set", "strategies.trend.gross=1.0"),
    *("--set", "risk.drawdown-halt.limit=0.06"),
    *("--set", "risk.risk-per-trade.multiple=1.0"),
]

Command = Callable[..., subprocess.CompletedProcess[str]]


def process(folder: Path, words: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("TRADEWRIGHT_PLUGINS", "TRADEWRIGHT_DEBUG", "COLUMNS"))
    }
    return subprocess.run(
        [sys.executable, "-m", "tradewright.cli", *words],
        cwd=folder,
        env={**clean, "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS_MAX,
        check=False,
    )


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory, share_cache: Callable[[Path], None]) -> Path:
    """Return a workspace whose rules are compiled, which takes 20 s once."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(ROOT / "plugins.toml", folder)
    share_cache(folder)
    done = process(folder, ["backtest", "--no-save"])
    assert (0, "") == (done.returncode, done.stderr)
    return folder


@pytest.fixture
def desk(warm: Path) -> Path:
    """Return the same workspace without any saved run."""
    for file in (warm / ".tradewright").glob("runs.db*"):
        file.unlink()
    return warm


@pytest.fixture
def run(desk: Path) -> Command:
    return lambda *words, **environment: process(desk, words, **environment)


def result(run: Command, *words: str, **environment: str) -> dict[str, Any]:
    done = run("backtest", "--json", *words, **environment)
    assert (0, "") == (done.returncode, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def numbers(shown: str, name: str) -> list[float]:
    (line,) = [line for line in shown.splitlines() if line.startswith(f"  {name}  ")]
    return [float(number.replace(",", "")) for number in re.findall(r"-?[\d,]+\.\d+", line)]


# ---- the result ------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def whole(warm: Path) -> tuple[dict[str, Any], str]:
    """Return what the committed settings give, as JSON and as text."""
    shown = [process(warm, ["backtest", "--no-save", *words]) for words in (["--json"], [])]
    assert [(0, ""), (0, "")] == [(done.returncode, done.stderr) for done in shown]
    return json.loads(shown[0].stdout), shown[1].stdout


def test_backtest_of_the_committed_settings_prints_the_numbers_of_its_json(whole: tuple[dict[str, Any], str]) -> None:
    found, shown = whole
    held = ("buy_and_hold", "buy_and_hold_at_average_exposure")
    four = [found["net"], found["gross"], *(found["benchmarks"][name] for name in held)]

    assert KEYS == list(found)
    for name, key, digits in (
        ("Return", "total_return", 1),
        ("Return per year", "annual_return", 2),
        ("Volatility per year", "volatility", 1),
    ):
        assert [round(100 * one[key], digits) for one in four] == numbers(shown, name)
    assert [round(one["sharpe"], 2) for one in four] == numbers(shown, "Sharpe ratio")
    assert [round(100 * one["max_drawdown"]["depth"], 1) for one in four] == numbers(shown, "Largest drawdown")
    assert [round(100 * one["value_at_risk"], 2) for one in four] == numbers(shown, "VaR 95 %, one day")
    assert f"{float(found['net']['equity']):,.2f}" in shown


def test_backtest_that_is_asked_to_be_brief_prints_figures_and_warnings_alone(
    run: Command, whole: tuple[dict[str, Any], str]
) -> None:
    found, shown = whole
    brief = run("backtest", "--no-save", "--brief").stdout

    assert shown[: shown.index("Value of one unit")].rstrip("\n") in brief
    assert all(word in " ".join(brief.split()) for line in found["warnings"] for word in line.split())
    assert len(brief.splitlines()) < len(shown.splitlines()) / 2
    assert "Behaviour" not in brief


def test_backtest_keeps_the_limits_of_the_mission(whole: tuple[dict[str, Any], str]) -> None:
    found, _ = whole

    assert {"SPX", "COMP"} == set(found["net"]["largest_weights"]["trend"])
    assert max(found["net"]["largest_weights"]["trend"].values()) <= 0.32 + 1e-9
    assert "complete" == found["status"]
    assert found["net"]["max_drawdown"]["depth"] < 0.12
    limits = ["risk-per-trade", "position-limit", "exposure", "drawdown-halt", "daily-loss"]
    checks = ["finite", "session", "halt", "buying-power", "price-collar", "volume-share"]
    assert sorted([*limits, *checks]) == sorted(rule["name"] for rule in found["rules"])


def test_backtest_adds_up(whole: tuple[dict[str, Any], str]) -> None:
    found, _ = whole
    capital, net, costs = found["capital"], found["net"], found["costs"]
    granted = sum(float(step["amount"]) for step in capital["steps"])
    paid = [float(costs[name]["amount"]) for name in ("fees", "slippage", "borrow")]

    assert float(capital["end"]) == float(capital["start"]) + granted
    assert float(net["equity"]) == pytest.approx(float(capital["end"]) + float(net["profit"]))
    assert float(costs["total"]["amount"]) == pytest.approx(sum(paid), abs=1e-9)
    assert found["gross"]["total_return"] > net["total_return"]
    gained = [net["lots"]["realised"], net["lots"]["unrealised"], net["lots"]["income"], costs["interest"]["amount"]]
    assert float(net["profit"]) == pytest.approx(sum(map(float, gained)) - float(costs["borrow"]["amount"]), abs=0.03)
    period = {"first_on": "1999-01-04", "last_on": "2018-12-31", "sessions": 5031, "sessions_per_year": 252}
    assert found["period"] == period


def test_backtest_without_a_terminal_is_80_columns_of_plain_text(whole: tuple[dict[str, Any], str]) -> None:
    lines = whole[1].splitlines()

    assert max(map(len, lines)) <= 80
    assert not any("\x1b" in line for line in lines)
    assert any("┤" in line for line in lines)


def test_backtest_says_what_the_data_cannot_tell(whole: tuple[dict[str, Any], str]) -> None:
    found, shown = whole

    assert any("not tradable" in line for line in found["warnings"])
    assert "not tradable" in shown


def test_backtest_where_charts_cannot_be_written_leaves_them_out(run: Command) -> None:
    done = run("backtest", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.isascii()
    assert "Sharpe ratio" in done.stdout


# ---- options ---------------------------------------------------------------------------------------------


def test_backtest_of_a_range_trades_only_that(run: Command) -> None:
    found = result(run, "--from", "2005-01-01", "--to", "2005-12-31")

    assert {"first_on": "2005-01-03", "last_on": "2005-12-30", "sessions": 252, "sessions_per_year": 252} == found[
        "period"
    ]
    assert found["net"]["annual_return"] is not None


def test_backtest_of_less_than_a_year_annualises_nothing(run: Command) -> None:
    found = result(run, "--from", "2005-06-01", "--to", "2005-12-31")

    assert found["net"]["annual_return"] is None


def test_backtest_options_change_the_configuration_that_ran(run: Command) -> None:
    words = ["--capital", "60_000", "--seed", "11", "--set", "strategies.trend.signals.ma-crossover.fast=20"]
    found = result(run, *words)

    assert 60_000.0 == found["config"]["capital"]["start"]
    assert "60000.00" == found["capital"]["start"]
    assert 11 == found["config"]["seed"]
    assert 20 == found["config"]["strategies"]["trend"]["signals"]["ma-crossover"]["fast"]


def test_backtest_that_halts_is_a_result_and_leads_with_the_halt(run: Command) -> None:
    found = result(run, *ROUGH)
    done = run("backtest", *ROUGH)

    assert ("halted", "2000-04-14") == (found["status"], found["period"]["last_on"])
    assert "2000-04-13" == found["net"]["at_halt"]["on"]
    assert float(found["net"]["profit"]) < float(found["net"]["at_halt"]["profit"])
    assert found["net"]["after_halt"]["flat"]
    assert (True, None) == (found["halts"][0]["latched"], found["halts"][0]["lifted_at"])
    assert 0 == done.returncode
    assert done.stdout.startswith("HALTED on 2000-04-13: drawdown-halt in trend at 6.3 %, limit 6.0 %")
    assert "stop on 2000-04-14, the first session without a position" in " ".join(done.stdout.split())


def test_backtest_with_resume_after_shows_both_results_and_each_lift(run: Command) -> None:
    halted = result(run, *ROUGH)
    found = result(run, *ROUGH, "--resume-after", "20")
    shown = run("backtest", *ROUGH, "--resume-after", "20").stdout
    lifts = [halt["lifted_at"] for halt in found["halts"]]

    assert "complete" == found["status"]
    assert halted["net"]["total_return"] == found["until_halt"]["net"]["total_return"]
    assert halted["period"] == found["until_halt"]["period"]
    assert len(lifts) > 1
    assert all(lift in shown for lift in (lift[:10] for lift in lifts))
    assert numbers(shown.split("The whole period")[0], "Return")[0] == round(100 * halted["net"]["total_return"], 1)


def test_backtest_without_limits_shows_what_they_cost_and_saved(desk: Path, run: Command) -> None:
    words = [*ROUGH, "--to", "2001-12-31", "--without-limits"]
    done = run("backtest", "--brief", "--report", "sheet.html", *words)
    found = result(run, *words)
    other = found["without_limits"]

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("COMPARISON: ")
    assert "COMPARISON: " in (desk / "sheet.html").read_text("utf-8")
    assert "halted" == found["status"]
    assert found["period"]["last_on"] < other["period"]["last_on"] == "2001-12-31"
    outcomes = other["outcomes"]
    assert outcomes["with_limits"]["max_drawdown"] < outcomes["without_limits"]["max_drawdown"]
    assert outcomes["with_limits"]["largest_weight"] < outcomes["without_limits"]["largest_weight"] <= 1.0
    assert 1 == found["trials"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--from", "2026-13-40"], 2, "'2026-13-40' is not a date"),
        (["--to", "yesterday"], 2, "'yesterday' is not a date"),
        (["--from", "2010-01-02", "--to", "2010-01-01"], 2, "--from: empty range: 2010-01-02 is after 2010-01-01"),
        (["--from", "2999-01-01"], 2, "--from: empty range: the prices end on 2018-12-31, before 2999-01-01"),
        (
            ["--from", "2018-12-29", "--to", "2018-12-30"],
            2,
            "--from: empty range: no price from 2018-12-29 to 2018-12-30, the last one before is of 2018-12-28",
        ),
        (["--to", "1990-01-01"], 2, "--to: empty range"),
        (["--to", "1980-01-01"], 2, "--to: calendar XNYS starts 1990-01-02, asked for 1980-01-01"),
        (["--report", "plugins.toml"], 2, "--report: must end in .html or .htm"),
        (["--to", "2095-01-01"], 2, "--to: calendar XNYS ends "),
        (["--capital", "-5"], 2, "must be positive and at most 1,000,000,000, was -5"),
        (["--capital", "0"], 2, "must be positive and at most 1,000,000,000, was 0"),
        (["--capital", "1e30"], 2, "must be positive and at most 1,000,000,000, was 1e30"),
        (["--capital", "nan"], 2, "must be positive and at most 1,000,000,000, was nan"),
        (["--capital", "much"], 2, "'much' is not a number"),
        (["--capital", "200_001"], 3, "capital.start: must be at most capital.total = 200000, was 200001"),
        (["--seed", "abc"], 2, "must be an integer from 0 to"),
        (["--seed", "-1"], 2, "must be an integer from 0 to"),
        (["--resume-after", "0"], 2, "must be an integer from 1 to 1000000, was '0'"),
        (["--set", "strategies.trend.gros=1"], 3, "gros"),
        (["--config", "absent.toml"], 3, "absent.toml: not found"),
        (["--form", "2010-01-01"], 2, "No such option '--form'"),
    ],
)
def test_backtest_refuses_what_cannot_be(run: Command, words: list[str], code: int, said: str) -> None:
    done = run("backtest", *words)

    assert (code, "") == (done.returncode, done.stdout)
    assert said in done.stderr
    assert "fix: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("amount", "code"), [("200_000", 0), ("200_000.01", 3)])
def test_backtest_capital_may_be_all_there_is(run: Command, amount: str, code: int) -> None:
    assert code == run("backtest", "--capital", amount, "--to", "1999-12-31", "--no-save").returncode


# ---- plugins ---------------------------------------------------------------------------------------------


def test_backtest_without_any_active_signal_ends_with_4(run: Command) -> None:
    done = run("backtest", "--json", TRADEWRIGHT_PLUGINS="sample-data,ma-crossover==9.9")

    assert (4, "") == (done.returncode, done.stdout)
    assert "no active signal" in json.loads(done.stderr)["error"]["message"]


def test_backtest_with_a_quarantined_part_warns_and_runs(desk: Path, run: Command, tmp_path: Path) -> None:
    """The missing signal keeps its weight, so that nothing is held instead of it."""
    for name in ("gone", "idle"):
        installed = tmp_path / f"{name}-0.1.dist-info"
        installed.mkdir()
        (installed / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
        (installed / "entry_points.txt").write_text(f"[tradewright]\n{name} = {name}\n")
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('broken')")
    settings = (ROOT / "plugins.toml").read_text("utf-8")
    settings = settings.replace("weight = 1.0", "weight = 0.6", 1)
    settings = settings.replace('"ma-crossover"]', '"ma-crossover", "gone", "idle"]', 1)
    (desk / "other.toml").write_text(settings + "\n[strategies.trend.signals.gone]\nweight = 0.4\n", "utf-8")
    found = result(run, "--config", "other.toml", "--no-save", PYTHONPATH=str(tmp_path))

    assert found["net"]["fills"] > 0
    unchecked, lost = found["warnings"][:2]
    told = "signal ma-crossover has no pass of the causality gate; run tradewright signals check ma-crossover"
    assert f"UNCHECKED: {told}" == unchecked
    assert lost.startswith("NO VOTE: gone of trend: ")
    assert any(line.startswith("plugin idle is quarantined: ") for line in found["warnings"])
    assert 1 == sum("plugin gone" in line for line in found["warnings"])
    assert {"sample-data", "ma-crossover"} == set(found["versions"]["plugins"])


# ---- saved runs ------------------------------------------------------------------------------------------


def test_backtest_is_saved_listed_and_shown_again(run: Command) -> None:
    found = result(run)
    listed = json.loads(run("runs", "--json").stdout)["runs"]
    table = run("runs").stdout
    shown = run("runs", "show", found["run_id"])

    assert found == json.loads(run("runs", "show", found["run_id"], "--json").stdout)
    assert [
        {
            "run_id": found["run_id"],
            "at": listed[0]["at"],
            "status": "complete",
            "strategies": ["trend"],
            "symbols": ["SPX", "COMP"],
            "period": found["period"],
            "total_return": found["net"]["total_return"],
            "sharpe": found["net"]["sharpe"],
            "max_drawdown": found["net"]["max_drawdown"]["depth"],
            "trials": 1,
            "fingerprints": {"indices": found["data"][0]["fingerprint"]},
            "changed": {},
        }
    ] == listed
    assert found["run_id"] in table
    assert [round(100 * found["net"]["total_return"], 1)] == numbers(shown.stdout, "Return")[:1]
    assert f"Run {found['run_id']}, saved in .tradewright/runs.db" in shown.stdout


def test_backtest_deflates_the_sharpe_ratio_by_the_saved_trials(run: Command) -> None:
    first = result(run)["net"]
    narrow = result(run, "--set", "strategies.trend.gross=0.3")["net"]
    again = result(run)["net"]
    spread = variance([first["sharpe"], narrow["sharpe"]])

    assert (1, first["probabilistic_sharpe"]) == (
        first["deflated_sharpe"]["trials"],
        first["deflated_sharpe"]["probability"],
    )
    for one in (narrow, again):
        assert 2 == one["deflated_sharpe"]["trials"]
        assert one["deflated_sharpe"]["expected_best"] == pytest.approx(expected_best_sharpe(2, spread))
        assert one["deflated_sharpe"]["probability"] < one["probabilistic_sharpe"]
    assert first["sharpe_interval"] == again["sharpe_interval"]


def test_backtest_counts_distinct_trials(run: Command) -> None:
    wider = ["--set", "costs.spread_bps=4"]

    assert [1, 1, 2, 2] == [
        result(run, "--to", "1999-12-31", *words)["trials"]
        for words in ([], [], wider, [*wider, "--from", "1999-06-01"])
    ]


def test_backtest_that_is_not_to_be_saved_says_so(run: Command) -> None:
    found = result(run, "--to", "1999-12-31", "--no-save")

    assert 1 == found["trials"]
    assert "not saved, so not counted among later trials" == found["warnings"][-1]
    assert {"schema": "tradewright.runs/1", "runs": []} == json.loads(run("runs", "--json").stdout)
    assert run("runs").stdout.startswith("No backtest has been saved here")


def test_backtest_where_runs_cannot_be_kept_is_still_a_result(desk: Path, run: Command) -> None:
    (desk / ".tradewright/runs.db").write_bytes(b"damaged " * 1000)
    found = result(run, "--to", "1999-12-31")
    listed = run("runs")

    assert (None, "complete") == (found["trials"], found["status"])
    assert "saved runs cannot be used: file is not a database" in found["warnings"][-1]
    assert (5, "") == (listed.returncode, listed.stdout)
    assert "move it away" in listed.stderr


def test_backtests_at_the_same_time_are_all_saved(desk: Path, run: Command) -> None:
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: run("backtest", "--json", "--to", "1999-12-31"), range(3)))
    names = {json.loads(one.stdout)["run_id"] for one in done}

    with sqlite3.connect(desk / ".tradewright/runs.db") as db:
        saved = {name for (name,) in db.execute("SELECT run_id FROM runs")}
    db.close()

    assert 3 == len(names)
    assert names == saved


def test_backtest_of_a_saved_run_gives_the_same_in_another_process(run: Command) -> None:
    found = result(run, "--from", "2005-01-01", "--to", "2006-12-31")
    again = run("backtest", "--run", found["run_id"])

    assert (0, "") == (again.returncode, again.stderr)
    assert again.stdout.endswith("\n\nReproduced bit for bit.\n")
    assert 1 == len(json.loads(run("runs", "--json").stdout)["runs"])


def test_runs_show_of_an_unknown_name_ends_with_2(run: Command) -> None:
    done = run("runs", "show", "nope")

    assert (2, "") == (done.returncode, done.stdout)
    assert "error: no run 'nope' in " in done.stderr
    assert "fix: run a backtest first; each is saved" in done.stderr


def test_runs_tell_what_was_changed_and_show_the_latest_or_a_beginning(run: Command) -> None:
    done = run("runs", "show", "latest")
    assert (2, "") == (done.returncode, done.stdout)
    first = result(run, "--to", "1999-12-31")
    second = result(run, "--to", "1999-12-31", "--set", "strategies.trend.signals.ma-crossover.fast=20")
    newest, oldest = json.loads(run("runs", "--json").stdout)["runs"]
    line = next(line for line in run("runs").stdout.splitlines() if line.startswith(second["run_id"]))

    assert {"strategies.trend.signals.ma-crossover.fast": 20} == newest["changed"]
    assert {} == oldest["changed"]
    assert line.endswith("  fast=20")
    assert "trend  " in line
    assert "SPX, COMP  " in line
    for name in ("latest", second["run_id"], second["run_id"][:-1]):
        assert second == json.loads(run("runs", "show", name, "--json").stdout)
    assert "2 runs begin with" in run("runs", "show", first["run_id"][:8]).stderr


def test_backtest_exports_where_it_is_told(desk: Path, run: Command) -> None:
    done = run("backtest", "--to", "1999-12-31", "--export", "out/of")
    rows = (desk / "out" / "of" / "equity.csv").read_text("utf-8").splitlines()

    assert (0, "") == (done.returncode, done.stderr)
    folder = desk / "out" / "of"
    assert done.stdout.endswith(f"Exported equity.csv, fills.csv, trades.csv, targets.csv to {folder}\n")
    assert 1 + 252 == len(rows)
    assert f"{float(rows[-1].split(',')[2]):,.2f}" in done.stdout
    for name in ("../elsewhere", "plugins.toml"):
        refused = run("backtest", "--to", "1999-12-31", "--export", name)
        assert (2, "") == (refused.returncode, refused.stdout)
        assert "error: --export: must" in refused.stderr
