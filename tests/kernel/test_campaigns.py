"""What `make campaigns` plays: each in a hundredth, and what is said of one that passed or failed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import bugs
import pytest
from bugs import Rate, line
from campaigns import CAMPAIGNS, Campaign, Played
from planted_bugs import submit_before_intent
from tradewright.live.core import Agent
from tradewright.sessions import all_sessions

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ({0: 3, 2: 7, 5: 1}, Rate(found=2, seeds=4, first=0, invariants=(3, 7))),
        ({5: 4, 6: 1}, Rate(found=1, seeds=6, first=5, invariants=(4,))),
        ({8: 4}, Rate(found=0, seeds=8, first=None, invariants=())),
    ],
)
def test_bug_is_counted_over_some_seeds_and_played_on_until_one_finds_it(
    broken: dict[int, int], expected: Rate, rule_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bugs, "play", lambda case, *_: SimpleNamespace(case=case, invariant=broken.get(case.seed, 0)))

    assert expected == bugs.rate(submit_before_intent, 4, 8, 1, all_sessions("XNYS", cache=rule_cache), rule_cache)


def test_bug_is_planted_while_it_is_played_and_gone_afterwards(rule_cache: Path) -> None:
    calendar, handle = all_sessions("XNYS", cache=rule_cache), Agent.handle

    assert Rate(1, 1, 0, (3,)) == bugs.rate(submit_before_intent, 1, 1, 1, calendar, rule_cache)
    assert handle is Agent.handle


def test_bug_that_is_not_found_is_called_so() -> None:
    assert line(submit_before_intent, Rate(0, 9, None, ())).endswith(" 0 of    9  NOT FOUND\n")


@pytest.mark.parametrize(("code", "line", "said"), [(0, 0, "first"), (0, -1, "last"), (9, 0, "last")])
def test_campaign_that_fails_is_summed_up_by_its_last_line(code: int, line: int, said: str) -> None:
    campaign = Campaign("name", [], "--count", 1, line)

    assert said == Played(campaign, code, 1.0, "first\n\nlast \n").said


@pytest.mark.parametrize(("part", "count", "code"), [("100", "10 flips: ", 0), ("none", "invalid int value", 2)])
def test_campaigns_when_asked_for_a_part_play_it_and_sum_it_up(part: str, count: str, code: int) -> None:
    command = [sys.executable, str(HERE / "campaigns.py"), "--only", "flips", "--part", part]
    ended = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600
    )

    assert code == ended.returncode
    assert count in ended.stdout.splitlines()[-1]


def test_page_names_every_campaign_with_its_size(root: Path) -> None:
    page = (root / "docs/reference/campaigns.md").read_text("utf-8")

    assert [] == [
        one.name for one in CAMPAIGNS if f"| {one.name} | `" not in page or f" {one.option} {one.size}`" not in page
    ]
