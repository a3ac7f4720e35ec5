"""Some sessions of the campaign: `python tests/kernel/replays.py` lives as many as are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
import replays
from replay_recordings import SESSIONS
from replays import campaign_of
from tradewright.live import replay


@pytest.mark.slow
def test_sessions_lived_again_are_the_same_and_what_was_changed_is_found(tmp_path: Path) -> None:
    counts, wrong = campaign_of(1_001, "XNYS", SESSIONS, tmp_path)

    assert [] == wrong
    assert (SESSIONS, SESSIONS) == (counts["sessions"], counts["sessions the same"])
    assert [1, 1, 1] == [counts[what] for what in counts if what.startswith("found: ")]
    assert counts["votes lost"] > 10
    assert counts["answers replaced"] > 1
    assert counts["orders"] > 50


@pytest.mark.slow
@pytest.mark.parametrize("forgotten", ["lost_of", "replaced_of"])
def test_campaign_sees_a_replay_that_is_given_no_loss(
    forgotten: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, forgotten, lambda *_: None if forgotten == "lost_of" else "")
    counts, wrong = campaign_of(1_001, "XNYS", SESSIONS, tmp_path)

    assert 0 == counts["sessions the same"]
    assert any("new components: entry " in one for one in wrong)


def test_campaign_names_what_has_never_happened() -> None:
    assert [*replays.WANTED] == replays.missing(replays.Counter())
    assert [] == replays.missing(replays.Counter(replays.WANTED))
