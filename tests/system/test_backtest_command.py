"""`tradewright backtest` and `tradewright runs` as a user runs them, on real prices that the workspace installs.

The whole history is played twice, each time in a process of its own; what does not need it plays a year or three.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import variance
from typing import Any

import pytest
from installed_module import install_module
from own_process import process
from tradewright.metrics.significance import expected_best_sharpe

ROOT = Path(__file__).parents[2]
YEAR = ("--to", "1999-12-31")
"""The first year of the prices; its average of 200 sessions is there from October on."""
THREE_YEARS = ("--to", "2001-12-31")
KEYS = [
    *("schema", "run_id", "status", "config", "versions", "data", "period", "currency", "capital", "net", "gross"),
    *("benchmarks", "costs", "rules", "halts", "trials", "warnings", "seconds"),
]
# A shorter and rougher way that halts in April 2000 and, once lifted, again in 2001.
ROUGH = [
    *THREE_YEARS,
    *("--set", "strategies.trend.gross=1.0"),
    *("--set", "risk.drawdown-halt.limit=0.06"),
    *("--set", "risk.risk-per-trade.multiple=1.0"),
]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def desk(workspace: Path, share_cache: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace with the committed settings and without any saved run."""
    monkeypatch.delenv("COLUMNS", raising=False)
    shutil.copy(ROOT / "plugins.toml", workspace)
    share_cache(workspace)
    return workspace


@pytest.fixture
def run(desk: Path, run: Run) -> Run:
    """Return what runs a command at the desk, in this process."""
    return run


def result(run: Run, *words: str) -> dict[str, Any]:
    code, out, err = run("backtest", "--json", *words)
    assert (0, "") == (code, err)
    found: dict[str, Any] = json.loads(out)
    return found


def numbers(shown: str, name: str) -> list[float]:
    (line,) = [line for line in shown.splitlines() if line.startswith(f"  {name}  ")]
    return [float(number.replace(",", "")) for number in re.findall(r"-?[\d,]+\.\d+", line)]


# ---- the result ------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def whole(
    tmp_path_factory: pytest.TempPathFactory, share_cache: Callable[[Path], None]
) -> tuple[dict[str, Any], str]:
    """Return what the committed settings give, as JSON and as text."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(ROOT / "plugins.toml", folder)
    share_cache(folder)
    shown = [process(folder, "backtest", "--no-save", *words) for words in (["--json"], [])]
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
    run: Run, whole: tuple[dict[str, Any], str]
) -> None:
    found, shown = whole
    brief = run("backtest", "--no-save", "--brief")[1]

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


def test_backtest_where_charts_cannot_be_written_leaves_them_out(desk: Path) -> None:
    done = process(desk, "backtest", *YEAR, PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.isascii()
    assert "Sharpe ratio" in done.stdout


# ---- options ---------------------------------------------------------------------------------------------


def test_backtest_of_a_range_trades_only_that(run: Run) -> None:
    found = result(run, "--from", "2005-01-01", "--to", "2005-12-31")

    assert {"first_on": "2005-01-03", "last_on": "2005-12-30", "sessions": 252, "sessions_per_year": 252} == found[
        "period"
    ]
    assert found["net"]["annual_return"] is not None


def test_backtest_of_less_than_a_year_annualises_nothing(run: Run) -> None:
    found = result(run, "--from", "2005-06-01", "--to", "2005-12-31")

    assert found["net"]["annual_return"] is None


def test_backtest_options_change_the_configuration_that_ran(run: Run) -> None:
    words = ["--capital", "60_000", "--seed", "11", "--set", "strategies.trend.signals.ma-crossover.fast=20"]
    found = result(run, *words)

    assert 60_000.0 == found["config"]["capital"]["start"]
    assert "60000.00" == found["capital"]["start"]
    assert 11 == found["config"]["seed"]
    assert 20 == found["config"]["strategies"]["trend"]["signals"]["ma-crossover"]["fast"]


def test_backtest_that_halts_is_a_result_and_leads_with_the_halt(run: Run) -> None:
    found = result(run, *ROUGH)
    code, out, _ = run("backtest", *ROUGH)

    assert ("halted", "2000-04-14") == (found["status"], found["period"]["last_on"])
    assert "2000-04-13" == found["net"]["at_halt"]["on"]
    assert float(found["net"]["profit"]) < float(found["net"]["at_halt"]["profit"])
    assert found["net"]["after_halt"]["flat"]
    assert (True, None) == (found["halts"][0]["latched"], found["halts"][0]["lifted_at"])
    assert 0 == code
    assert out.startswith("HALTED on 2000-04-13: drawdown-halt in trend at 6.3 %, limit 6.0 %")
    assert "stop on 2000-04-14, the first session without a position" in " ".join(out.split())


def test_backtest_with_resume_after_shows_both_results_and_each_lift(run: Run) -> None:
    halted = result(run, *ROUGH)
    found = result(run, *ROUGH, "--resume-after", "20")
    shown = run("backtest", *ROUGH, "--resume-after", "20")[1]
    lifts = [halt["lifted_at"] for halt in found["halts"]]

    assert ("complete", "2001-12-31") == (found["status"], found["period"]["last_on"])
    assert halted["net"]["total_return"] == found["until_halt"]["net"]["total_return"]
    assert halted["period"] == found["until_halt"]["period"]
    assert len(lifts) > 1
    assert all(lift in shown for lift in (lift[:10] for lift in lifts))
    assert numbers(shown.split("The whole period")[0], "Return")[0] == round(100 * halted["net"]["total_return"], 1)


def test_backtest_without_limits_shows_what_they_cost_and_saved(desk: Path, run: Run) -> None:
    words = [*ROUGH, "--without-limits"]
    code, out, err = run("backtest", "--brief", "--report", "sheet.html", *words)
    found = result(run, *words)
    other = found["without_limits"]

    assert (0, "") == (code, err)
    assert out.startswith("COMPARISON: ")
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
def test_backtest_refuses_what_cannot_be(run: Run, words: list[str], code: int, said: str) -> None:
    found, out, err = run("backtest", *words)

    assert (code, "") == (found, out)
    assert said in err
    assert "fix: " in err
    assert "Traceback" not in err


@pytest.mark.parametrize(("amount", "code"), [("200_000", 0), ("200_000.01", 3)])
def test_backtest_capital_may_be_all_there_is(run: Run, amount: str, code: int) -> None:
    assert code == run("backtest", "--capital", amount, *YEAR, "--no-save")[0]


# ---- plugins ---------------------------------------------------------------------------------------------


def test_backtest_without_any_active_signal_ends_with_4(desk: Path) -> None:
    done = process(desk, "backtest", "--json", TRADEWRIGHT_PLUGINS="sample-data,ma-crossover==9.9")

    assert (4, "") == (done.returncode, done.stdout)
    assert "no active signal" in json.loads(done.stderr)["error"]["message"]


def test_backtest_with_a_quarantined_part_warns_and_runs(
    desk: Path, run: Run, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The missing signal keeps its weight, so that nothing is held instead of it."""
    site = tmp_path_factory.mktemp("site")
    for name in ("gone", "idle"):
        install_module(site, name, "raise RuntimeError('broken')")
    monkeypatch.syspath_prepend(str(site))
    settings = (ROOT / "plugins.toml").read_text("utf-8")
    settings = settings.replace("weight = 1.0", "weight = 0.6", 1)
    settings = settings.replace('"ma-crossover"]', '"ma-crossover", "gone", "idle"]', 1)
    (desk / "other.toml").write_text(settings + "\n[strategies.trend.signals.gone]\nweight = 0.4\n", "utf-8")
    found = result(run, "--config", "other.toml", "--no-save", *YEAR)

    assert found["net"]["fills"] > 0
    unchecked, lost = found["warnings"][:2]
    told = "signal ma-crossover has no pass of the causality gate; run tradewright signals check ma-crossover"
    assert f"UNCHECKED: {told}" == unchecked
    assert lost.startswith("NO VOTE: gone of trend: ")
    assert any(line.startswith("plugin idle is quarantined: ") for line in found["warnings"])
    assert 1 == sum("plugin gone" in line for line in found["warnings"])
    assert {"sample-data", "ma-crossover"} == set(found["versions"]["plugins"])


# ---- saved runs ------------------------------------------------------------------------------------------


def test_backtest_is_saved_listed_and_shown_again(run: Run) -> None:
    found = result(run, *YEAR)
    listed = json.loads(run("runs", "--json")[1])["runs"]
    table = run("runs")[1]
    shown = run("runs", "show", found["run_id"])[1]

    assert found == json.loads(run("runs", "show", found["run_id"], "--json")[1])
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
    assert [round(100 * found["net"]["total_return"], 1)] == numbers(shown, "Return")[:1]
    assert f"Run {found['run_id']}, saved in .tradewright/runs.db" in shown


def test_backtest_deflates_the_sharpe_ratio_by_the_saved_trials(run: Run) -> None:
    first = result(run, *THREE_YEARS)["net"]
    narrow = result(run, *THREE_YEARS, "--set", "strategies.trend.gross=0.3")["net"]
    again = result(run, *THREE_YEARS)["net"]
    spread = variance([first["sharpe"], narrow["sharpe"]])

    assert (1, first["probabilistic_sharpe"]) == (
        first["deflated_sharpe"]["trials"],
        first["deflated_sharpe"]["probability"],
    )
    for one in (narrow, again):
        assert 2 == one["deflated_sharpe"]["trials"]
        assert one["deflated_sharpe"]["expected_best"] == pytest.approx(expected_best_sharpe(2, spread))
        assert one["deflated_sharpe"]["probability"] < one["probabilistic_sharpe"]
    assert None is not first["sharpe_interval"] == again["sharpe_interval"]


def test_backtest_counts_distinct_trials(run: Run) -> None:
    wider = ["--set", "costs.spread_bps=4"]

    assert [1, 1, 2, 2] == [
        result(run, *YEAR, *words)["trials"] for words in ([], [], wider, [*wider, "--from", "1999-06-01"])
    ]


def test_backtest_that_is_not_to_be_saved_says_so(run: Run) -> None:
    found = result(run, *YEAR, "--no-save")

    assert 1 == found["trials"]
    assert "not saved, so not counted among later trials" == found["warnings"][-1]
    assert {"schema": "tradewright.runs/1", "runs": []} == json.loads(run("runs", "--json")[1])
    assert run("runs")[1].startswith("No backtest has been saved here")


def test_backtest_where_runs_cannot_be_kept_is_still_a_result(desk: Path, run: Run) -> None:
    (desk / ".tradewright/runs.db").write_bytes(b"damaged " * 1000)
    found = result(run, *YEAR)
    code, out, err = run("runs")

    assert (None, "complete") == (found["trials"], found["status"])
    assert "saved runs cannot be used: file is not a database" in found["warnings"][-1]
    assert (5, "") == (code, out)
    assert "move it away" in err


def test_backtests_at_the_same_time_are_all_saved(desk: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: process(desk, "backtest", "--json", *YEAR), range(3)))
    names = {json.loads(one.stdout)["run_id"] for one in done}

    with sqlite3.connect(desk / ".tradewright/runs.db") as db:
        saved = {name for (name,) in db.execute("SELECT run_id FROM runs")}
    db.close()

    assert 3 == len(names)
    assert names == saved


def test_backtest_of_a_saved_run_gives_the_same_in_another_process(desk: Path, run: Run) -> None:
    found = result(run, "--from", "2005-01-01", "--to", "2006-12-31")
    again = process(desk, "backtest", "--run", found["run_id"])

    assert (0, "") == (again.returncode, again.stderr)
    assert again.stdout.endswith("\n\nReproduced bit for bit.\n")
    assert 1 == len(json.loads(run("runs", "--json")[1])["runs"])


def test_runs_show_of_an_unknown_name_ends_with_2(desk: Path) -> None:
    done = process(desk, "runs", "show", "nope")

    assert (2, "") == (done.returncode, done.stdout)
    assert "error: no run 'nope' in " in done.stderr
    assert "fix: run a backtest first; each is saved" in done.stderr


def test_runs_tell_what_was_changed_and_show_the_latest_or_a_beginning(run: Run) -> None:
    assert (2, "") == run("runs", "show", "latest")[:2]
    first = result(run, *YEAR)
    second = result(run, *YEAR, "--set", "strategies.trend.signals.ma-crossover.fast=20")
    newest, oldest = json.loads(run("runs", "--json")[1])["runs"]
    line = next(line for line in run("runs")[1].splitlines() if line.startswith(second["run_id"]))

    assert {"strategies.trend.signals.ma-crossover.fast": 20} == newest["changed"]
    assert {} == oldest["changed"]
    assert line.endswith("  fast=20")
    assert "trend  " in line
    assert "SPX, COMP  " in line
    for name in ("latest", second["run_id"], second["run_id"][:-1]):
        assert second == json.loads(run("runs", "show", name, "--json")[1])
    assert "2 runs begin with" in run("runs", "show", first["run_id"][:8])[2]


def test_backtest_exports_where_it_is_told(desk: Path, run: Run) -> None:
    code, out, err = run("backtest", *YEAR, "--export", "out/of")
    rows = (desk / "out" / "of" / "equity.csv").read_text("utf-8").splitlines()

    assert (0, "") == (code, err)
    folder = desk / "out" / "of"
    assert out.endswith(f"Exported equity.csv, fills.csv, trades.csv, targets.csv to {folder}\n")
    assert 1 + 252 == len(rows)
    assert f"{float(rows[-1].split(',')[2]):,.2f}" in out
    for name in ("../elsewhere", "plugins.toml"):
        code, out, err = run("backtest", *YEAR, "--export", name)
        assert (2, "") == (code, out)
        assert "error: --export: must" in err
