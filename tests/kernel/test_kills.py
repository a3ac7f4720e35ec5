"""Some kills of the campaign: `python tests/kernel/kills.py` plays as many as are asked for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from kills import Recording, campaign, lived, wrong
from tradewright.execute.paper import process

KILLS = 3


@pytest.mark.slow
def test_agents_that_are_killed_lose_nothing_and_send_nothing_twice(tmp_path: Path) -> None:
    counts, failures = campaign(KILLS, 7, tmp_path)

    assert [] == failures
    assert counts["kills"] >= KILLS
    assert counts["orders"] > 10
    assert counts["fills"] > 5


@pytest.mark.slow
def test_campaign_sees_what_was_lost(tmp_path: Path) -> None:
    """The venue of one recording beside the ledger of another: nothing fits."""
    counts: Counter[str] = Counter(wanted=0)
    played = [Recording(seed, tmp_path / "rules") for seed in (7_000, 7_003)]
    for number, one in enumerate(played):
        assert not lived(one, tmp_path / f"{number}", Random(1), 1.0, counts)
        process.stop(tmp_path / f"{number}" / "v")
    (tmp_path / "0" / "v" / "venue.journal").rename(tmp_path / "kept")
    (tmp_path / "1" / "v" / "venue.journal").rename(tmp_path / "0" / "v" / "venue.journal")
    found = wrong(played[0], tmp_path / "0", [], counts)

    assert any("nobody has written down" in one for one in found)
    assert any("fills were lost" in one for one in found)
    assert any("it ended elsewhere" in one for one in found)
