"""`tradewright backtest --run`: the same run again, or what has changed since."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tradewright.reports.reproduction import Difference, _leaves, compare_figures, compare_versions
from tradewright.sentence.provenance import code, trace_hashes

SETTINGS = """
seed = 11
[plugins]
enabled = ["ma-crossover"]
[data.mine]
source = "files"
symbols = ["A"]
calendar = "24/7"
[strategies.trend]
data = ["mine"]
[strategies.trend.signals.ma-crossover]
weight = 1.0
fast = 3
slow = 8
"""
DAYS = np.arange("2024-01-01", "2024-07-01", dtype="datetime64[D]")
CLOSES = 100.0 * np.exp(0.2 * np.sin(np.arange(len(DAYS)) / 7.0))

Run = Callable[..., tuple[int, str, str]]


def write_prices(desk: Path, days: int = 150, changes: dict[int, float] | None = None) -> None:
    closes = CLOSES.copy()
    for row, value in (changes or {}).items():
        closes[row] = value
    rows = [f"{day},{close!r}" for day, close in zip(DAYS[:days], closes.tolist(), strict=False)]
    (desk / "data").mkdir(exist_ok=True)
    (desk / "data" / "A.csv").write_text("\n".join(["date,close", *rows, ""]), "utf-8")


@pytest.fixture
def desk(workspace: Path, share_cache: Callable[[Path], None]) -> Path:
    """Return a workspace with prices and a cache of compiled rules."""
    (workspace / "plugins.toml").write_text(SETTINGS, "utf-8")
    share_cache(workspace)
    write_prices(workspace)
    return workspace


def played(run: Run, *words: str) -> dict[str, Any]:
    code, out, err = run("backtest", "--json", *words)
    assert (0, "") == (code, err)
    found: dict[str, Any] = json.loads(out)
    return found


def again(run: Run, run_id: str, code: int = 0) -> dict[str, Any]:
    found, out, err = run("backtest", "--run", run_id, "--json")
    assert (code, "") == (found, err)
    result: dict[str, Any] = json.loads(out)
    assert (run_id, code == 0) == (result["run_id"], result["reproduced"])
    return result


def change(desk: Path, column: str, edit: Callable[[Any], Any]) -> None:
    """Change what is saved of the only run."""
    with sqlite3.connect(desk / ".tradewright" / "runs.db") as db:
        (text,) = db.execute(f"SELECT {column} FROM runs").fetchone()
        db.execute(f"UPDATE runs SET {column} = ?", (json.dumps(edit(json.loads(text))),))
    db.close()


# ---- the same --------------------------------------------------------------------------------------------


def test_run_again_is_the_same_bit_for_bit_and_neither_saved_nor_counted(desk: Path, run: Run) -> None:
    first = played(run, "--from", "2024-02-01", "--capital", "60000", "--set", "strategies.trend.gross=0.5")
    code, out, err = run("backtest", "--run", first["run_id"][:13])

    assert (0, "") == (code, err)
    assert f"Run {first['run_id']} of " in out
    assert "UTC: trend on A, 2024-02-01 to 2024-05-29\n\nReproduced bit for bit.\n" in out
    assert [first["run_id"]] == [one["run_id"] for one in json.loads(run("runs", "--json")[1])["runs"]]
    assert 2 == played(run)["trials"]


def test_run_again_as_json_has_no_differences(desk: Path, run: Run) -> None:
    run_id = played(run, "--to", "2024-03-31", "--resume-after", "5")["run_id"]

    assert {
        "schema": "tradewright.reproduction/1",
        "run_id": run_id,
        "reproduced": True,
        "traced": True,
        "differences": [],
    } == again(run, run_id)


def asked(desk: Path) -> list[dict[str, Any]]:
    """Return what is saved as the request of each run, in the order in which they were run."""
    with sqlite3.connect(desk / ".tradewright" / "runs.db") as db:
        rows = db.execute("SELECT request FROM runs ORDER BY rowid").fetchall()
    db.close()
    return [json.loads(text) for (text,) in rows]


def test_run_beside_itself_without_limits_is_one_trial_and_the_governed_run(desk: Path, run: Run) -> None:
    alone, beside = played(run), played(run, "--without-limits")
    listed = json.loads(run("runs", "--json")[1])["runs"]

    assert (1, 1) == (alone["trials"], beside["trials"])
    assert [alone["net"]["total_return"]] * 2 == [one["total_return"] for one in listed]
    for part in ("net", "rules", "halts", "config", "capital"):
        assert alone[part] == beside[part]
    assert beside["without_limits"]["net"]["total_return"] != beside["net"]["total_return"]
    quiet = {"from": None, "to": None, "resume_after": None}
    assert [quiet, {**quiet, "without_limits": True}] == asked(desk)


def test_run_again_of_a_comparison_plays_and_compares_both(desk: Path, run: Run) -> None:
    run_id = played(run, "--without-limits")["run_id"]
    assert [] == again(run, run_id)["differences"]

    def other_figure(report: dict[str, Any]) -> dict[str, Any]:
        report["without_limits"]["outcomes"]["without_limits"]["worst_day"] = -0.5
        return report

    change(desk, "result", other_figure)
    (found,) = again(run, run_id, 9)["differences"]
    assert "without_limits.outcomes.without_limits.worst_day" == found["name"]
    assert -0.5 == found["then"]


def test_run_that_was_played_beside_itself_is_shown_with_its_notice(desk: Path, run: Run) -> None:
    run_id = played(run, "--without-limits")["run_id"]
    code, out, err = run("runs", "show", run_id)

    assert (0, "") == (code, err)
    assert out.startswith("COMPARISON: ")
    assert "What the limits cost and saved" in out


@pytest.mark.parametrize("settings", [None, "", SETTINGS.replace("slow = 8", "slow = 9")])
def test_run_again_does_not_mind_what_became_of_the_settings(desk: Path, run: Run, settings: str | None) -> None:
    run_id = played(run)["run_id"]
    (desk / "plugins.toml").unlink()
    if settings is not None:
        (desk / "plugins.toml").write_text(settings, "utf-8")

    assert [] == again(run, run_id)["differences"]


def test_run_again_after_the_prices_have_grown_ends_where_it_ended(desk: Path, run: Run) -> None:
    run_id = played(run)["run_id"]
    write_prices(desk, 180)

    assert [] == again(run, run_id)["differences"]


def test_run_beside_a_benchmark_trades_as_without_it_and_is_the_same_again(desk: Path, run: Run) -> None:
    """The benchmark's feed has other days than what is traded, and grows after the run."""
    settings = SETTINGS.replace(
        "[strategies.trend]\n", '[data.market]\nsource = "files"\nsymbols = ["B"]\n[strategies.trend]\n', 1
    )
    (desk / "plugins.toml").write_text(settings, "utf-8")
    days = np.arange("2024-01-02", "2024-07-01", dtype="datetime64[D]")
    days = days[np.is_busday(days, holidays=["2024-01-15", "2024-02-19", "2024-03-29", "2024-05-27", "2024-06-19"])]
    rows = [f"{day},{50.0 + i / 2!r}" for i, day in enumerate(days)]
    (desk / "data" / "B.csv").write_text("\n".join(["date,close", *rows[:103], ""]), "utf-8")
    alone, beside = played(run), played(run, "--set", "benchmark=B")
    (desk / "data" / "B.csv").write_text("\n".join(["date,close", *rows, ""]), "utf-8")

    assert alone["net"]["total_return"] == beside["net"]["total_return"]
    assert alone["benchmarks"]["buy_and_hold"] == beside["benchmarks"]["buy_and_hold"]
    assert ("buy_and_hold", "B") == tuple(one["net"]["relative"]["benchmark"] for one in (alone, beside))
    assert ["mine", "market"] == [feed["name"] for feed in beside["data"]]
    assert ("2024-01-02", "2024-05-29") == tuple(
        beside["benchmarks"]["chosen"][name] for name in ("first_on", "last_on")
    )
    assert [] == again(run, beside["run_id"])["differences"]
    assert "trend on A, 2024-01-01 to 2024-05-29" in run("backtest", "--run", beside["run_id"])[1]


def test_run_again_of_cached_prices_is_the_same(desk: Path, run: Run) -> None:
    assert 0 == run("data", "fetch")[0]
    run_id = played(run, "--set", "data.mine.cache=true")["run_id"]
    (desk / "data" / "A.csv").unlink()

    assert [] == again(run, run_id)["differences"]


def test_run_again_of_an_older_version_compares_the_figures(desk: Path, run: Run) -> None:
    run_id = played(run)["run_id"]
    with sqlite3.connect(desk / ".tradewright" / "runs.db") as db:
        db.execute("ALTER TABLE runs DROP COLUMN trace")
        db.execute("PRAGMA user_version = 1")
    db.close()
    change(desk, "versions", lambda kept: {key: value for key, value in kept.items() if key != "code"})
    change(desk, "result", lambda kept: kept | {"versions": {}})

    assert (False, []) == (again(run, run_id)["traced"], again(run, run_id)["differences"])
    assert "Reproduced: every figure is the same." in run("backtest", "--run", run_id)[1]


def test_run_again_of_a_version_that_noted_fewer_parts_of_the_trace_compares_those(desk: Path, run: Run) -> None:
    run_id = played(run)["run_id"]
    change(desk, "trace", lambda kept: {part: text for part, text in kept.items() if part != "actions"})

    assert [] == again(run, run_id)["differences"]


# ---- not the same ----------------------------------------------------------------------------------------


def test_run_again_by_other_versions_with_the_same_result_names_them_and_ends_with_0(desk: Path, run: Run) -> None:
    run_id = played(run)["run_id"]
    change(desk, "versions", lambda kept: kept | {"numpy": "1.0", "plugins": {"ma-crossover": "0.0.9", "gone": "3"}})
    found = again(run, run_id)
    code, out, _ = run("backtest", "--run", run_id)

    named = {(one["kind"], one["name"]): (one["then"], one["now"]) for one in found["differences"]}
    assert {("version", "numpy"): ("1.0", np.__version__), ("version", "gone"): ("3", None)}.items() <= named.items()
    assert "0.0.9" == named["version", "ma-crossover"][0]
    assert 0 == code
    assert "Reproduced bit for bit, although not by the same:" in out
    assert ["version", "numpy", "1.0", np.__version__] in [line.split() for line in out.splitlines()]


def test_run_again_of_revised_prices_names_the_feed_and_ends_with_9(desk: Path, run: Run) -> None:
    first = played(run)
    write_prices(desk, changes={100: 101.5})
    found = again(run, first["run_id"], code=9)
    code, out, err = run("backtest", "--run", first["run_id"])

    kinds = {one["kind"] for one in found["differences"]}
    (told,) = [one for one in found["differences"] if one["kind"] == "data"]
    assert {"data", "trace", "figure"} <= kinds
    assert not kinds & {"version", "code"}
    assert ("mine fingerprint", first["data"][0]["fingerprint"]) == (told["name"], told["then"])
    assert told["then"] != told["now"]
    assert (9, "") == (code, err)
    assert "Not reproduced. This has changed since:" in out
    assert ["data", "mine", "fingerprint", told["then"][:12], told["now"][:12]] in [
        line.split() for line in out.splitlines()
    ]


def test_run_again_of_other_prices_that_change_nothing_still_ends_with_9(desk: Path, run: Run) -> None:
    """The last close is marked, so the first is changed: nothing is held there, and no average reaches it later."""
    run_id = played(run, "--from", "2024-03-01")["run_id"]
    write_prices(desk, changes={0: 99.0})
    found = again(run, run_id, code=9)

    assert {"data"} == {one["kind"] for one in found["differences"]}
    assert "The result is the same bit for bit, but of other data:" in run("backtest", "--run", run_id)[1]


def test_run_again_of_fewer_prices_names_where_they_end(desk: Path, run: Run) -> None:
    run_id = played(run)["run_id"]
    write_prices(desk, 140)
    data = {one["name"]: (one["then"], one["now"]) for one in again(run, run_id, code=9)["differences"]}

    assert (150, 140) == data["mine bars"]
    assert ("2024-05-29", "2024-05-19") == data["mine last_on"]


def test_run_again_with_another_result_of_the_same_says_that_something_else_went_in(desk: Path, run: Run) -> None:
    run_id = played(run)["run_id"]
    change(desk, "trace", lambda kept: kept | {"fills": "0" * 64})
    found = again(run, run_id, code=9)

    assert [("trace", "fills", "0" * 64)] == [(one["kind"], one["name"], one["then"]) for one in found["differences"]]
    assert "no version, code or data has changed that is recorded" in run("backtest", "--run", run_id)[1]


def test_run_again_shows_a_few_figures_and_counts_the_rest(desk: Path, run: Run) -> None:
    run_id = played(run)["run_id"]
    write_prices(desk, changes={100: 101.5})
    figures = [one for one in again(run, run_id, code=9)["differences"] if one["kind"] == "figure"]
    lines = run("backtest", "--run", run_id)[1].splitlines()

    assert len(figures) > 8
    assert 8 == sum(line.startswith("figure ") for line in lines)
    assert f"{len(figures) - 8} more figures differ; --json lists them." == lines[-1]


@pytest.mark.parametrize(
    ("spoil", "kind", "message"),
    [
        (lambda desk: (desk / "data" / "A.csv").unlink(), "DataError", "file not found"),
        (lambda desk: change(desk, "config", lambda kept: kept | {"strange": 1}), "ConfigError", "strange"),
        (
            lambda desk: change(desk, "config", lambda kept: kept | {"plugins": {"enabled": []}}),
            "ConfigError",
            "plugin ma-crossover is installed but not enabled",
        ),
    ],
)
def test_run_again_that_does_not_run_any_more_says_why(
    desk: Path, run: Run, spoil: Callable[[Path], None], kind: str, message: str
) -> None:
    run_id = played(run)["run_id"]
    spoil(desk)
    failure = again(run, run_id, code=9)["differences"][-1]
    out = run("backtest", "--run", run_id)[1]

    assert ("error", kind) == (failure["kind"], failure["name"])
    assert message in failure["now"]
    assert "Not reproduced, because it does not run any more:" in out
    assert failure["now"] in out


def test_run_again_whose_settings_are_refused_names_the_versions_as_well(desk: Path, run: Run) -> None:
    run_id = played(run)["run_id"]
    change(desk, "versions", lambda kept: kept | {"tradewright": "0.0.1"})
    change(desk, "config", lambda kept: kept | {"strange": 1})
    found = again(run, run_id, code=9)["differences"]

    assert [("version", "tradewright"), ("error", "ConfigError")] == [(one["kind"], one["name"]) for one in found]


# ---- usage -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["--from", "2024-02-01"],
        ["--to", "2024-02-01"],
        ["--capital", "1000"],
        ["--seed", "0"],
        ["--set", "seed=1"],
        ["--resume-after", "3"],
        ["--without-limits"],
        ["--brief"],
        ["--no-save"],
    ],
)
def test_run_again_with_another_option_is_refused(desk: Path, run: Run, words: list[str]) -> None:
    code, out, err = run("backtest", "--run", "any", *words)

    assert (2, "") == (code, out)
    assert f"--run: a saved run is played as it was, without {words[0]}\n" in err


def test_run_again_of_an_unknown_run_names_the_latest(desk: Path, run: Run) -> None:
    run_id = played(run, "--to", "2024-02-29")["run_id"]
    code, out, err = run("backtest", "--run", "1999")

    assert (2, "") == (code, out)
    assert "error: no run '1999' in " in err
    assert f"fix: name one of the latest: {run_id}\n" in err


def test_run_again_of_the_latest_plays_the_newest(desk: Path, run: Run) -> None:
    played(run, "--to", "2024-02-29")
    run_id = played(run, "--to", "2024-02-28")["run_id"]

    code, out, _ = run("backtest", "--run", "latest", "--json")

    assert (0, run_id) == (code, json.loads(out)["run_id"])


def test_run_again_of_the_latest_when_there_is_none_says_so(desk: Path, run: Run) -> None:
    code, out, err = run("backtest", "--run", "latest")

    assert (2, "") == (code, out)
    assert "error: no run is saved in " in err


def test_run_again_stays_in_the_workspace_that_holds_the_run(desk: Path, run: Run) -> None:
    run_id = played(run, "--to", "2024-02-29")["run_id"]
    (desk / "other").mkdir()

    assert 2 == run("backtest", "--run", run_id, "--config", "other/plugins.toml")[0]


# ---- parts -----------------------------------------------------------------------------------------------


def test_code_has_the_hash_of_the_kernel_and_of_each_plugin_named() -> None:
    found = code(("ma-crossover",))

    assert ["ma-crossover", "tradewright"] == sorted(found)
    assert {64} == {len(text) for text in found.values()}
    assert found["tradewright"] == code(())["tradewright"]


def test_trace_hashes_tell_one_bit_apart() -> None:
    class Trace:
        equity, curve, fills, actions, events = (np.zeros(n) for n in (4, 3, 2, 1, 0))

    before = trace_hashes(Trace)  # type: ignore[arg-type]  # has the parts
    Trace.fills = np.array([0.0, -0.0])

    assert ["equity", "curve", "fills", "actions", "events"] == list(before)
    assert ["fills"] == [part for part, text in trace_hashes(Trace).items() if text != before[part]]  # type: ignore[arg-type]  # likewise


def test_versions_without_a_note_of_the_code_are_no_difference() -> None:
    now = {"numpy": "2", "plugins": {}, "rules": "aa", "code": {"tradewright": "bb"}}

    assert [] == list(compare_versions({"numpy": "2", "plugins": {}, "rules": "aa"}, now))
    assert [Difference(kind="code", name="tradewright", then="cc", now="bb")] == list(
        compare_versions(now | {"code": {"tradewright": "cc"}}, now)
    )
    assert [Difference(kind="code", name="engine, rules, processor", then="dd", now="aa")] == list(
        compare_versions(now | {"rules": "dd"}, now)
    )
    assert [] == list(compare_versions(now | {"rules": "dd"}, now | {"rules": None}))


def test_figures_that_only_a_newer_version_knows_are_no_difference() -> None:
    then = {"status": "complete", "net": {"sharpe": 0.5, "halts": [1]}}
    now = {"status": "complete", "net": {"sharpe": 0.5, "halts": [1, 2], "interval": 0.1}, "seconds": 3}

    assert [Difference(kind="figure", name="net.halts.count", then=1, now=2)] == list(compare_figures(then, now))


def test_leaves_have_dotted_names() -> None:
    assert [("a.b", 1), ("a.c.count", 2), ("a.c.0", None), ("a.c.1.d", "x"), ("e", 2.5)] == list(
        _leaves({"a": {"b": 1, "c": [None, {"d": "x"}]}, "e": 2.5})
    )


# ---- runs of older versions ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["first", "before_breaches", "before_forms"])
def test_report_that_an_older_version_kept_is_listed_shown_and_compared(desk: Path, run: Run, name: str) -> None:
    run_id = played(run)["run_id"]
    older = json.loads((Path(__file__).with_name("saved_reports") / f"{name}.json").read_text("utf-8"))
    change(desk, "result", lambda _: {**older, "run_id": run_id})

    (row,) = json.loads(run("runs", "--json")[1])["runs"]
    code, out, err = run("runs", "show", run_id)

    assert ("halted", ["A"], older["period"]["last_on"]) == (row["status"], row["symbols"], row["period"]["last_on"])
    assert (0, "") == (code, err)
    assert f"Run {run_id}, saved in " in out
    found = {one["name"]: (one["then"], one["now"]) for one in again(run, run_id, 9)["differences"]}
    # It is played to the last session that its feed had then, when the first order was not yet filled.
    assert ("halted", "no_trades") == found["status"]
    assert ("sortino" in older["net"]) is ("net.sortino" in found)
