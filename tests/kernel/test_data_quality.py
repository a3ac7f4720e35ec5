"""What cannot be true of bars, each limit at, just below and just above."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from march_bars import DAYS, HOUR, OPENED_AT, WEEKS, bars, instruments, kinds
from tradewright.data.findings import FINDINGS_MAX
from tradewright.data.quality import check, marked, rounded
from tradewright.errors import DataError
from tradewright.sessions import Sessions
from tradewright.values.bars import Bars


def test_check_of_good_bars_finds_nothing() -> None:
    good = bars([10, 11], open=[10, 11], high=[12, 11], low=[9, 11], volume=[0, 1e9])

    assert check(good, WEEKS) == ()


@pytest.mark.parametrize("price", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
def test_price_that_is_no_number_is_found(column: str, price: float) -> None:
    columns: dict[str, Any] = {name: [10.0, 10.0, 10.0] for name in ("open", "high", "low", "close")}
    columns[column][1] = price

    found = check(bars(**columns), WEEKS)

    assert ("number", column, 1) in kinds(found)
    assert ("price", column, 1) not in kinds(found)


@pytest.mark.parametrize(("price", "expected"), [(0.0, 1), (-5e-324, 1), (5e-324, 0), (-3.0, 1)])
def test_price_must_be_above_zero(price: float, expected: int) -> None:
    found = [finding for finding in check(bars([10.0, price], adjustment="all"), WEEKS) if finding.fatal]

    assert [("price", "close", 1)] * expected == kinds(tuple(found))


@pytest.mark.parametrize(
    ("open_", "high", "low", "close", "expected"),
    [
        (10, 12, 9, 11, []),
        (12, 12, 12, 12, []),
        (9, 12, 9, 12, []),
        (10, 8.999, 9, 9, [("range", "high", 0)]),
        (10, 12, 9, 12.001, [("range", "close", 0)]),
        (10, 12, 9, 8.999, [("range", "close", 0)]),
        (12.5, 12, 9, 10, [("range", "open", 0)]),
        (8, 12, 9, 13, [("range", "open", 0), ("range", "close", 0)]),
    ],
)
def test_prices_must_lie_between_low_and_high(
    open_: float, high: float, low: float, close: float, expected: list[tuple[str, str, int]]
) -> None:
    assert kinds(check(bars([close], open=[open_], high=[high], low=[low]), WEEKS)) == expected


def test_high_below_low_says_both() -> None:
    (finding,) = check(bars([10], open=[10], high=[9.5], low=[10.25]), WEEKS)

    assert finding.message == "high 9.5 < low 10.25"


@pytest.mark.parametrize(
    ("volume", "expected"),
    [(0, []), (-1, [("volume", "volume", 0)]), (np.nan, [("number", "volume", 0)]), (-0.0, [])],
)
def test_volume_must_be_a_number_not_below_zero(volume: float, expected: list[tuple[str, str, int]]) -> None:
    assert kinds(check(bars([10.0], volume=[volume]), WEEKS)) == expected


@pytest.mark.parametrize(
    ("before", "after", "suspected"),
    [
        (100.0, 10.0, True),  # a fall of exactly 90 %
        (100.0, 10.01, False),
        (100.0, 9.99, True),
        (2.3, 0.23, True),  # 90 %, though 0.23 / 2.3 is not 0.1 in binary
        (10.0, 100.0, True),  # a rise of exactly 900 %
        (10.0, 99.9, False),
        (10.0, 100.1, True),
        (0.23, 2.3, True),
    ],
)
def test_jump_of_ninety_percent_is_a_suspected_split(before: float, after: float, suspected: bool) -> None:
    found = check(bars([before, after]), WEEKS)

    assert [("jump" if suspected else "ratio", "close", 1)] == kinds(found)


@pytest.mark.parametrize(
    ("before", "opened", "expected"),
    [
        (100.0, 50.0, "2:1 split"),
        (103.0, 50.0, "2:1 split"),  # The market moved by 3 % over night, too.
        (103.01, 50.0, None),
        (97.0, 50.0, "2:1 split"),
        (96.99, 50.0, None),
        (645.0, 92.5, "7:1 split"),
        (20.0, 100.0, "1:5 reverse split"),
        (100.0, 66.7, "1.5:1 split"),
        (100.0, 68.7, "1.5:1 split"),
        (100.0, 68.8, None),  # Beyond 3 % of 3:2 a fall is the market's own.
        (100.0, 27.0, None),
        (100.0, 25.8, None),  # From 3 % below 4:1 on, the market does not come near by itself.
        (100.0, 25.7, "4:1 split"),
        (90.0, 10.2, "9:1 split"),
        (100.0, 10.3, "10:1 split"),  # over a gain of 3 %
        (10.0, 97.0, "1:10 reverse split"),  # over a loss of 3 %
        (100.0, 100.0, None),
    ],
)
def test_ratio_of_a_split_over_night_is_a_warning(before: float, opened: float, expected: str | None) -> None:
    prices = bars([before, opened], open=[before, opened], high=[before, opened * 1.2], low=[before, opened])

    found = check(prices, WEEKS)

    assert [] == [finding for finding in found if finding.fatal]
    assert [("ratio", "close", 1)] * (expected is not None) == kinds(found)
    if expected is not None:
        words = f"looks like a {expected} on 2026-03-03: {before:.10g} to {opened:.10g} overnight"
        assert words == found[0].message


def test_ratio_of_prices_with_closes_only_looks_at_the_closes() -> None:
    assert [("ratio", "close", 1)] == kinds(check(bars([100.0, 25.0]), WEEKS))


def test_ratio_within_a_session_is_a_real_one() -> None:
    opened: Any = DAYS[0].astype("datetime64[ns]") + np.array([15, 16]) * HOUR
    hours = bars([100.0, 50.0], opened_at=opened, closed_at=opened + HOUR, session=np.repeat(DAYS[:1], 2))

    assert () == check(hours, WEEKS)


@pytest.mark.parametrize("adjustment", ["splits", "all"])
@pytest.mark.parametrize(
    ("after", "guess"), [(50.0, "2:1 split"), (5.0, "20:1 split"), (1000.0, "1:10 reverse split")]
)
def test_ratio_in_adjusted_prices_is_a_warning_that_names_the_declaration(
    after: float, guess: str, adjustment: str
) -> None:
    """Prices that contain every split have no cliff: more likely they do not contain it."""
    (finding,) = check(bars([100.0, after], adjustment=adjustment), WEEKS)

    assert "ratio" == finding.kind
    assert f"looks like a {guess} on 2026-03-03" in finding.message
    assert f'adjustment = "{adjustment}"' in finding.message


def test_ratio_that_its_action_explains_is_none() -> None:
    told = bars([100.0, 50.0], split=[[1.0], [2.0]], dividend=[[0.0], [0.0]])

    assert () == check(told, WEEKS)


def test_jump_names_both_prices_and_asks_for_the_action() -> None:
    (finding,) = check(bars([100.0, 5.0]), WEEKS)

    assert finding.message == "suspected split: 100 to 5 (-95%)"
    assert finding.fix.startswith("supply the split as an action")


@pytest.mark.parametrize("adjustment", ["splits", "all"])
def test_jump_in_adjusted_prices_is_no_error(adjustment: str) -> None:
    assert [] == [one for one in check(bars([100.0, 5.0], adjustment=adjustment), WEEKS) if one.fatal]


def test_jump_across_a_missing_bar_is_seen() -> None:
    found = check(bars([100.0, 5.0], rows=[0, 2]), WEEKS)

    assert sorted(kinds(found)) == [("gap", "date", 1), ("jump", "close", 1)]


def test_cells_without_a_trade_are_not_judged() -> None:
    nothing = bars([10.0, np.nan, 11.0], volume=[1, np.nan, 1], traded=[[True], [False], [True]])

    assert [finding.message for finding in check(nothing, WEEKS)] == [
        "gap 2026-03-03: no bar in 1 of XNYS's sessions"
    ]


def test_instrument_that_never_traded_has_no_findings() -> None:
    assert check(bars([np.nan, np.nan], traded=[[False], [False]]), WEEKS) == ()


def test_each_instrument_is_judged_on_its_own() -> None:
    pair = Bars(
        instruments=instruments("SPY", "QQQ"),
        opened_at=OPENED_AT[:2],
        closed_at=OPENED_AT[:2] + HOUR,
        session=DAYS[:2],
        close=np.array([[10.0, 200.0], [11.0, 1.0]]),
        traded=np.ones((2, 2), dtype=bool),
    )

    assert [(finding.symbol, finding.kind) for finding in check(pair, WEEKS)] == [("QQQ", "jump")]


@pytest.mark.parametrize(("bad", "expected"), [(20, 20), (21, 21), (22, 21)])
def test_findings_of_one_kind_are_one_more_than_a_screen_shows(bad: int, expected: int) -> None:
    assert FINDINGS_MAX == 21
    days = np.arange("2026-01-01", "2026-02-01", dtype="datetime64[D]")
    always = Sessions(calendar="24/7", date=days, opened_at=days, closed_at=days + np.timedelta64(1, "D"))
    month = Bars(
        instruments=instruments("BTC"),
        opened_at=always.opened_at,
        closed_at=always.closed_at,
        session=days,
        close=np.where(np.arange(len(days)) < bad, 0.0, 10.0)[:, np.newaxis],
        traded=np.ones((len(days), 1), dtype=bool),
    )

    assert len(check(month, always)) == expected


def test_error_of_a_finding_without_a_file_names_the_symbol() -> None:
    (finding,) = check(bars([-1.0]), WEEKS)

    error = finding.error()

    assert isinstance(error, DataError)
    assert str(error) == "SPY.close: must be > 0, was -1 (2026-03-02)"
    assert error.fix == "remove the bar, or correct the price"


# ---- rounding --------------------------------------------------------------------------------------------

ROUNDING = 1e-9


@pytest.mark.parametrize(
    ("open_", "high", "low", "close", "passes"),
    [
        pytest.param(10, 12, 9, 12 * (1 + 0.9e-9), True, id="close, below the slack"),
        pytest.param(10, 12, 9, 12 * (1 + 1.1e-9), False, id="close, above it"),
        pytest.param(9 * (1 - 0.9e-9), 12, 9, 10, True, id="open under the low, below it"),
        pytest.param(9 * (1 - 1.1e-9), 12, 9, 10, False, id="open under the low, above it"),
        pytest.param(10, 10, 10 * (1 + 0.9e-9), 10, True, id="high under low, below it"),
        pytest.param(10, 10, 10 * (1 + 1.1e-9), 10, False, id="high under low, above it"),
    ],
)
def test_price_beyond_its_bar_by_rounding_passes_and_is_counted(
    open_: float, high: float, low: float, close: float, passes: bool
) -> None:
    prices = bars([close, 10], open=[open_, 10], high=[high, 10], low=[low, 10])

    assert passes == (check(prices, WEEKS) == ())
    assert int(passes) == rounded(prices)


def test_rounded_of_closes_alone_is_none() -> None:
    assert 0 == rounded(bars([10.0]))


# ---- spikes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("closes", "found"),
    [
        pytest.param([100, 140, 100], True, id="+40 %"),
        pytest.param([100, 139.9, 100], False, id="just below"),
        pytest.param([140, 100, 140], True, id="down by as much"),
        pytest.param([140, 100.1, 140], False, id="down, just below"),
        pytest.param([100, 160, 110], True, id="back to 10 % above"),
        pytest.param([100, 160, 110.1], False, id="back, but further off"),
        pytest.param([100, 160, 160], False, id="it stays"),
        pytest.param([100, 160], False, id="nothing follows"),
    ],
)
def test_spike_that_is_gone_at_the_next_bar_is_a_warning(closes: list[float], found: bool) -> None:
    spikes = [one for one in check(bars(closes), WEEKS) if one.kind == "spike"]

    assert [("close", 1, False)] * found == [(one.column, one.row, one.fatal) for one in spikes]


def test_spike_says_when_and_between_which_prices() -> None:
    (finding,) = check(bars([100, 141, 101]), WEEKS)

    assert "spike of +41% on 2026-03-03, gone at the next bar: 100, 141, 101" == finding.message


def test_spike_that_two_splits_explain_is_none() -> None:
    told = bars([100, 50, 101], split=[[1.0], [2.0], [0.5]], dividend=[[0.0]] * 3)

    assert () == check(told, WEEKS)


# ---- days, and bars that are left out --------------------------------------------------------------------


def test_bad_bar_names_its_day() -> None:
    (finding,) = check(bars([10, 10], open=[10, 10], high=[12, 8], low=[9, 9]), WEEKS)[:1]

    assert ("2026-03-03", 1) == (finding.on, finding.row)
    assert str(finding.error()).endswith("(2026-03-03)")


def test_bad_bar_of_a_session_with_several_names_its_time() -> None:
    opened: Any = DAYS[0].astype("datetime64[ns]") + np.array([15, 16]) * HOUR
    hours = bars([10.0, -1.0], opened_at=opened, closed_at=opened + HOUR, session=np.repeat(DAYS[:1], 2))

    assert ["2026-03-02 16:00:00 UTC"] == [finding.on for finding in check(hours, WEEKS)]


def test_marked_leaves_out_what_cannot_be_true_and_names_each_once() -> None:
    dirty = bars(
        [10, np.nan, 10, 10, 10],
        open=[10, -1, 10, 10, 10],
        high=[12, 12, 8, 12, 12],
        low=[9, 9, 9, 9, 9],
        volume=[1, 1, 1, -1, 1],
    )
    clean, found = marked(dirty)

    assert [True, False, False, False, True] == clean.traded[:, 0].tolist()
    assert [(1, "2026-03-03"), (2, "2026-03-04"), (3, "2026-03-05")] == [(one.row, one.on) for one in found]
    assert {"gap"} == {one.kind for one in check(clean, WEEKS)}
    assert np.isnan(clean.close[1:4, 0]).all()


def test_marked_of_good_bars_is_the_same() -> None:
    good = bars([10.0, 11.0])

    assert (good, ()) == marked(good)


@pytest.mark.parametrize("bad", [20, 21, 22, 43])
def test_marked_leaves_out_more_than_a_screen(bad: int) -> None:
    days: Any = np.arange("2026-01-01", "2026-04-01", dtype="datetime64[D]")
    long = Bars(
        instruments=instruments("BTC"),
        opened_at=days,
        closed_at=days + np.timedelta64(1, "D"),
        session=days,
        close=np.where(np.arange(len(days)) < bad, 0.0, 10.0)[:, np.newaxis],
        traded=np.ones((len(days), 1), dtype=bool),
    )
    clean, found = marked(long)

    assert (len(days) - bad, bad) == (int(clean.traded.sum()), len(found))
