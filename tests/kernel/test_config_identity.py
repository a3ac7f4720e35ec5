"""A run saved before plugins.toml knew more keys stays the same trial."""

from __future__ import annotations

from pathlib import Path

import pytest
from tradewright.data.store import question_of
from tried_settings import trial, written

FILE = """\
[plugins]
enabled = []
[data.a]
source = "files"
symbols = ["SPY"]
{feed}
[strategies.s]
data = ["a"]
{strategy}
[strategies.s.signals.x]
weight = 1
"""
COUNTED = "976b57e06c72e3c5e2000d978d11a1ce07a72c701a985b2661b6f195a710a13c"
"""What the same file counted as before there were a feed's `deadline` and `isolation = "auto"`."""


@pytest.mark.parametrize(
    ("feed", "strategy", "same"),
    [
        ("", "", True),
        ("deadline = 30", "", True),
        ("", 'isolation = "auto"', True),
        ("", 'isolation = "none"', True),
        ("", 'optimizer = "equal-weight"', True),
        ("", 'isolation = "process"', False),
        ("", 'optimizer = "inverse-volatility"', False),
    ],
)
def test_trial_of_a_file_written_before_new_keys_is_what_it_was(
    tmp_path: Path, feed: str, strategy: str, same: bool
) -> None:
    made = written(tmp_path, FILE.format(feed=feed, strategy=strategy))

    assert same is (COUNTED == trial(made, "abc"))


def test_question_of_cached_prices_does_not_mind_how_long_a_source_may_take(tmp_path: Path) -> None:
    """Otherwise every file that was fetched before would count as another one."""
    feeds = ("", "deadline = 30")
    questions = [question_of(written(tmp_path, FILE.format(feed=feed, strategy="")), "a") for feed in feeds]

    assert questions[0] == questions[1]
    assert ["source", "bar", "calendar", "adjustment"] == list(questions[0])
