"""What `[instruments.SYMBOL]` may say, and that a file without it is the trial and the prices that it was before."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tradewright.config import Settings, restore
from tradewright.data.fingerprint import fingerprint
from tradewright.errors import ConfigError
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument
from tried_settings import trial, written

PLAIN = """\
[plugins]
enabled = ["sample-data"]
[data.mine]
source = "files"
symbols = ["SPY", "BRK.B"]
[strategies.trend]
data = ["mine"]
[strategies.trend.signals.some]
weight = 1.0
[risk]
position-limit = { limit = 0.25 }
"""


def settings(folder: Path, more: str = "") -> Settings:
    return written(folder, PLAIN + more)


def test_table_when_it_says_everything_is_read_and_restored(tmp_path: Path) -> None:
    made = settings(
        tmp_path,
        '[instruments."BRK.B"]\nlot = 0.5\ntick = 0.01\ndelisted_on = 2024-03-28\ndelisted_cash = 412.5\n',
    )
    said = made.instruments["BRK.B"]

    assert (0.5, 0.01, date(2024, 3, 28), 412.5) == (said.lot, said.tick, said.delisted_on, said.delisted_cash)
    assert "2024-03-28" == made.as_table()["instruments"]["BRK.B"]["delisted_on"]
    assert made == restore(made.as_table(), made.path)


@pytest.mark.parametrize(
    ("line", "line_number", "message"),
    [
        ("lot = 1e-12", None, ""),
        ("lot = 9e-13", 13, "must be >= 1e-12, was 9e-13"),
        ("lot = 0", 13, "must be >= 1e-12, was 0"),
        ("lot = 1e9", None, ""),
        ("lot = 1.1e9", 13, "must be <= 1000000000, was 1100000000.0"),
        ("tick = 0", None, ""),
        ("tick = 1e-12", None, ""),
        ("tick = 9e-13", 13, "must be 0 or >= 1e-12, was 9e-13"),
        ("tick = 1e6", None, ""),
        ("tick = 1.1e6", 13, "must be <= 1000000, was 1100000.0"),
        ("tick = -1", 13, "must be >= 0, was -1"),
        ("delisted_on = 2024-01-31", 12, "delisted_on and delisted_cash come together, delisted_cash is missing"),
        ("delisted_cash = 0", 13, "delisted_on and delisted_cash come together, delisted_on is missing"),
        ("delisted_cash = 0\ndelisted_on = 2024-01-31", None, ""),
        ("delisted_cash = -1\ndelisted_on = 2024-01-31", 13, "must be >= 0, was -1"),
        ("delisted_cash = nan\ndelisted_on = 2024-01-31", 13, "must be finite, was nan"),
        ("delisted_cash = 1\ndelisted_on = 31", 14, "must be a date, was 31"),
        ('delisted_cash = 1\ndelisted_on = "31 January"', 14, 'must be a date, was "31 January"'),
        ("delisted_cash = 1\ndelisted_on = 2024-01-31T00:00:00", 14, "must be a date"),
        ("lots = 1", 13, "unknown key; did you mean lot?"),
    ],
)
def test_key_of_an_instrument_is_bounded(tmp_path: Path, line: str, line_number: int | None, message: str) -> None:
    more = f"[instruments.SPY]\n{line}\n"
    if line_number is None:
        assert "SPY" in settings(tmp_path, more).instruments
        return
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, more)

    assert line_number == caught.value.line
    assert message in str(caught.value)
    assert caught.value.fix


def test_symbol_that_no_feed_has_is_an_error_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, "[instruments.SPX]\nlot = 1\n")

    assert (12, "instruments.SPX") == (caught.value.line, caught.value.key)
    assert "no feed has the symbol" in str(caught.value)
    assert "name one of: SPY, BRK.B" == caught.value.fix


def test_file_without_the_table_is_the_trial_that_it_was_before(tmp_path: Path) -> None:
    """Computed by the version that did not know the table."""
    assert "9729dda7d3961a853c3d475f1cf8154a6e469929f658ef4f8e8561671b9ea92b" == trial(settings(tmp_path))


def test_file_with_the_table_is_another_trial(tmp_path: Path) -> None:
    assert trial(settings(tmp_path)) != trial(settings(tmp_path, "[instruments.SPY]\nlot = 1.0\n"))


def test_prices_that_are_not_delisted_have_the_fingerprint_that_they_had_before() -> None:
    days = np.arange("2024-01-02", "2024-01-05", dtype="datetime64[D]")

    def marked(**facts: object) -> str:
        known = {"symbol": "BRK.B", "lot": 0.5, "tick": 0.25, "note": "x", **facts}
        return fingerprint(
            Bars(
                instruments=[Instrument(symbol="SPY"), Instrument(**known)],  # type: ignore[arg-type]  # facts
                opened_at=days,
                closed_at=days,
                session=days,
                close=np.arange(6.0).reshape(3, 2) + 1,
                traded=np.ones((3, 2), bool),
            )
        )

    assert "b9ebdc52d8cb539e9593a7c833ec431d5dc8a6ed3f883a639ce61732abf845cd" == marked()
    assert 3 == len({marked(), marked(delisted_on=date(2024, 1, 4)), marked(delisted_on=date(2024, 1, 5))})
