"""The benchmarks: their harness plays to the end, and judges as it says; times are not looked at."""

from __future__ import annotations

import importlib
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def bench(root: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what imports a module of benchmarks/."""
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    return importlib.import_module


@pytest.mark.slow
def test_bench_quick_plays_every_workload_and_writes_the_page(root: Path, tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    command = [sys.executable, str(root / "benchmarks" / "bench.py"), "--quick", "--page", str(page)]
    # Interpreted: what is tested is the harness, and nothing then waits for a compiler.
    done = subprocess.run(
        command, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stderr
    text = page.read_text("utf-8")
    labels = ("ours, no rules", "ours, mission's rules", "ours, 8 rules", "ours, mission's rules and correlation")
    assert [] == [label for label in labels if f"| {label} |" not in text]
    steps = [
        line for line in text.partition("## Bar by bar")[2].partition("## ")[0].splitlines() if "at most" in line
    ]
    assert 9 == len(steps)
    assert [] == [line for line in steps if "nan" in line]
    pictures = sorted(picture.name for picture in (tmp_path / "images").iterdir())
    assert ["benchmark-assets.svg", "benchmark-bars.svg", "benchmark-rules.svg"] == pictures


def measure(bench: Any, **changes: Any) -> Any:
    contest = bench("contest")
    entry = contest.Entry(who="tradewright", label="ours", workload="rules", source="intraday")
    return contest.Measure(**{"entry": entry, "seconds": 0.5, "bars": 1_000, "fills": 9, "last_fill": 990} | changes)


@pytest.mark.parametrize(("last_fill", "expected"), [(989, False), (990, True), (999, True)])
def test_measure_when_orders_fill_in_the_last_hundredth_has_traded_to_the_end(
    bench: Any, last_fill: int, expected: bool
) -> None:
    assert expected == measure(bench, last_fill=last_fill).traded_to_the_end


def test_best_of_several_sittings_is_the_shortest_one_that_was_measured(bench: Any) -> None:
    slow = measure(bench, seconds=0.5, rate_on_both=7.0)
    quick = measure(bench, seconds=0.25, rate_on_both=6.0)
    failed = measure(bench, seconds=float("nan"), reason="took too long")
    best = bench("contest").best

    assert quick._replace(rate_on_both=7.0) == best([slow, failed, quick])
    assert failed == best([failed, failed])


@pytest.mark.parametrize(("cuts", "expected"), [(99, 1), (100, 0)])
def test_faults_when_a_rule_hardly_cuts_names_it(bench: Any, cuts: int, expected: int) -> None:
    found = list(bench("goals").faults([measure(bench, cuts=(("cap", cuts),))]))

    assert expected == len(found)
    assert all("cap cut 99 times" in fault for fault in found)


def test_faults_when_a_peer_stops_early_are_none_of_ours(bench: Any) -> None:
    entry = bench("contest").Entry(who="bt", label="bt", workload="crossover", source="few")

    assert [] == list(bench("goals").faults([measure(bench, entry=entry, last_fill=0)]))


@pytest.mark.parametrize(
    ("found", "at_least", "expected"),
    [
        (0.3, False, "holds"),
        (0.45, False, "misses by a factor of 1.5"),
        (0.3, True, "holds"),
        (0.15, True, "misses by a factor of 2"),
        (float("nan"), False, "not measured"),
    ],
)
def test_goal_when_compared_with_its_limit_says_by_how_much_it_is_missed(
    bench: Any, found: float, at_least: bool, expected: str
) -> None:
    assert expected == bench("goals").Goal("key", "text", found, 0.3, "x", at_least).verdict


def test_goals_when_a_peer_did_not_run_do_not_hold(bench: Any) -> None:
    goals = list(bench("goals").goals([], []))

    assert 8 == len(goals)
    assert [] == [goal for goal in goals if goal.holds]


@pytest.mark.parametrize(("microseconds", "expected"), [(6.9, True), (7.0, True), (7.1, False), (math.nan, False)])
def test_goals_when_a_step_of_the_agent_takes_longer_than_its_aim_do_not_hold(
    bench: Any, microseconds: float, expected: bool
) -> None:
    steps = bench("steps")
    found = steps.told({step.key: microseconds / 1e6 for step in steps.STEPS})
    begins = next(goal for goal in bench("goals").goals([], [], found) if goal.key == "begin")

    assert expected == begins.holds
    assert begins.found == pytest.approx(microseconds, nan_ok=True)


def test_market_when_made_twice_gives_the_same_bytes(bench: Any) -> None:
    market = bench("market")
    first, second = market.intraday(500), market.intraday(500)

    assert {name: array.tobytes() for name, array in first.items()} == {
        name: array.tobytes() for name, array in second.items()
    }
    assert first["entry"][:200].sum() == 0


def test_environment_when_a_program_fails_says_so_in_one_line(bench: Any) -> None:
    peers = bench("peers")

    with pytest.raises(peers.PeerError, match=r"failed with exit code 3: no wheel"):
        peers.call(sys.executable, "-c", "import sys; sys.stderr.write('long\\nno wheel'); sys.exit(3)")


def test_chart_when_drawn_shows_every_line_and_escapes_its_words(bench: Any) -> None:
    picture = bench("chart").chart("A & B", "bars", "s", {"ours": [(1.0, 2.0), (100.0, 3.0)], "theirs": [(1.0, 1.0)]})

    assert 2 == picture.count("<polyline")
    assert 3 == picture.count("<circle")
    assert "A &amp; B" in picture


def test_equality_has_our_side_of_every_case(bench: Any) -> None:
    equality = bench("equality")
    for case in equality.make_cases():
        ours = equality.run_engine(case)

        assert len(case.close) == len(ours.curve)
        assert ours.fills > 100
        assert 0.0 == equality.largest_difference(ours, ours)
