"""The series, their notes and their quirks; what is not there; and that nothing heavy is imported."""

from __future__ import annotations

import gzip
import subprocess
import sys
from datetime import date
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tradewright as tw
from tradewright.data.quality import check
from tradewright.sessions import all_sessions, cache_folder
from tradewright.testing import DataSourceContract
from tradewright_sample_data import SampleData, SampleDataOptions, reader
from tradewright_sample_data.catalogue import CATALOGUE

if TYPE_CHECKING:
    from pathlib import Path

INDICES = ("SPX", "COMP", "VIX")
STOCKS = [
    *("AAPL", "AMD", "BAC", "BBY", "CVX", "GE", "HD", "JNJ", "JPM", "KO"),
    *("LLY", "MRK", "MSFT", "PEP", "PFE", "PG", "RRC", "UNH", "WMT", "XOM"),
]
DOUBTFUL = [("RRC", "1990-04-10"), ("BBY", "1991-12-19"), ("AMD", "2002-10-03"), ("BAC", "2009-01-20")]
"""Nights that look like splits, and days that look like misprints: the first is one, the last two happened."""
FACTORS = ["MTUM", "QUAL", "SIZE", "USMV", "VLUE"]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    all_sessions("XNYS", cache=cache_folder(folder))
    return folder


def ask(workspace: Path | None, *symbols: str, **request: Any) -> tw.Bars:
    return SampleData(SampleDataOptions()).history(tw.DataRequest(symbols=symbols, workspace=workspace, **request))


def is_installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


@pytest.fixture
def skfolio() -> None:
    if not is_installed("skfolio"):
        pytest.skip("skfolio is not installed: its stocks and funds cannot be read")


@pytest.fixture
def without_skfolio(monkeypatch: pytest.MonkeyPatch) -> None:
    found = reader._folder
    monkeypatch.setattr(reader, "_folder", lambda package: None if package == "skfolio" else found(package))


# ---- the contract, and imports ---------------------------------------------------------------------------


class TestSampleData(DataSourceContract):
    symbols = ("SPX", "COMP")


def test_prices_are_read_without_importing_the_packages_that_ship_them(workspace: Path) -> None:
    program = (
        "import sys, tradewright as tw; from pathlib import Path; from tradewright_sample_data import SampleData;"
        "SampleData().history(tw.DataRequest(symbols=('SPX', 'COMP'), workspace=Path(sys.argv[1])));"
        "print(sorted({'pandas', 'arch', 'skfolio', 'scipy', 'exchange_calendars'} & set(sys.modules)))"
    )

    out = subprocess.run(
        [sys.executable, "-c", program, str(workspace)], capture_output=True, text=True, check=True
    ).stdout

    assert out == "[]\n"


# ---- indices ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "first", "last", "n_bars", "first_close", "last_close"),
    [
        ("SPX", "1999-01-04", "2018-12-31", 5031, 1228.099976, 2506.850098),
        ("COMP", "1999-01-04", "2018-12-31", 5031, 2208.050049, 6635.279785),
        ("VIX", "2014-01-03", "2019-01-03", 1259, 13.76, 25.45),
    ],
)
def test_index_is_the_packages_series(
    workspace: Path, symbol: str, first: str, last: str, n_bars: int, first_close: float, last_close: float
) -> None:
    bars = ask(workspace, symbol)

    assert (str(bars.session[0]), str(bars.session[-1]), bars.n_bars) == (first, last, n_bars)
    assert (bars.close[0, 0], bars.close[-1, 0]) == (first_close, last_close)
    assert bars.traded.all()


def test_first_bar_of_the_index_has_every_column_in_its_place(workspace: Path) -> None:
    bars = ask(workspace, "SPX")

    assert bars.open is not None
    assert bars.high is not None
    assert bars.low is not None
    assert bars.volume is not None
    first = [float(column[0, 0]) for column in (bars.open, bars.high, bars.low, bars.close, bars.volume)]
    assert first == [1229.22998, 1248.810059, 1219.099976, 1228.099976, 877000000]
    assert str(bars.opened_at[0]) == "1999-01-04T14:30:00.000000000"
    assert str(bars.closed_at[0]) == "1999-01-04T21:00:00.000000000"


@pytest.mark.parametrize("symbol", INDICES)
def test_index_says_that_it_cannot_be_traded(workspace: Path, symbol: str) -> None:
    (instrument,) = ask(workspace, symbol).instruments

    assert "not tradable" in instrument.note
    assert instrument.currency == "USD"


def test_levels_of_volatility_have_closes_only(workspace: Path) -> None:
    bars = ask(workspace, "VIX")

    assert (bars.open, bars.high, bars.low, bars.volume) == (None, None, None, None)


@pytest.mark.parametrize("symbols", [INDICES, *((symbol,) for symbol in INDICES)])
def test_index_passes_the_kernels_check_without_a_finding(workspace: Path, symbols: tuple[str, ...]) -> None:
    """Together they show that the volatility index was written two sessions longer than the others."""
    bars = ask(workspace, *symbols)
    ends = [("gap", symbol) for symbol in symbols if symbol != "VIX"] if len(symbols) > 1 else []

    found = check(bars, all_sessions("XNYS", cache=cache_folder(workspace)))

    assert ends == [(one.kind, one.symbol) for one in found]


def test_days_without_volume_are_those_in_the_note(workspace: Path) -> None:
    bars = ask(workspace, "COMP")

    assert bars.volume is not None
    days = bars.session[bars.volume[:, 0] == 0].astype(str).tolist()
    assert days == ["2015-05-12", "2018-01-09"]
    assert bars.instruments[0].note.endswith(f"volume 0 on {' and '.join(days)}")


def test_symbols_come_in_the_order_asked_for(workspace: Path) -> None:
    bars = ask(workspace, "COMP", "SPX")

    assert bars.symbols == ("COMP", "SPX")
    assert bars.close[0].tolist() == [2208.050049, 1228.099976]


def test_index_beside_levels_is_marked_where_it_did_not_trade(workspace: Path) -> None:
    bars = ask(workspace, "SPX", "VIX")

    assert bars.n_bars == 5033
    assert bars.traded.sum(axis=0).tolist() == [5031, 1259]
    assert np.isnan(bars.close[0, 1])
    assert bars.open is None


def test_range_of_the_request_is_kept(workspace: Path) -> None:
    bars = ask(workspace, "SPX", first_on=date(2008, 1, 1), last_on=date(2008, 12, 31))

    assert (str(bars.session[0]), str(bars.session[-1]), bars.n_bars) == ("2008-01-02", "2008-12-31", 253)


def test_prices_come_without_a_workspace_too() -> None:
    assert ask(None, "VIX").n_bars == 1259


# ---- what is not there -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("without_skfolio")
@pytest.mark.parametrize(
    ("symbol", "request_", "message", "fix"),
    [
        ("FOO", {}, "symbols: unknown symbol FOO", "choose one of SPX, COMP, VIX"),
        ("spx", {}, "symbols: unknown symbol spx", "choose one of SPX, COMP, VIX"),
        (
            "AAPL",
            {"adjustment": "all"},
            "symbols: AAPL needs skfolio, not installed",
            "run `pip install skfolio`, or choose one of SPX, COMP, VIX",
        ),
        (
            "SPX",
            {"adjustment": "all"},
            "adjustment: SPX has adjustment 'none', was asked for 'all'",
            'set adjustment = "none"',
        ),
        ("SPX", {"bar": "1h"}, "bar: has daily bars, was asked for 1h", 'set bar = "1d"'),
    ],
)
def test_request_that_cannot_be_met_says_what_can(
    workspace: Path, symbol: str, request_: dict[str, str], message: str, fix: str
) -> None:
    with pytest.raises(tw.DataError) as caught:
        ask(workspace, symbol, **request_)

    assert (str(caught.value), caught.value.fix) == (message, fix)


def test_calendar_that_does_not_fit_is_refused(workspace: Path) -> None:
    """Frankfurt was closed on Easter Monday 1999, New York was not."""
    with pytest.raises(tw.DataError, match="SPX has a price on 1999-04-05, no session of XETR") as caught:
        ask(workspace, "SPX", calendar="XETR")

    assert caught.value.fix == 'set calendar = "XNYS"'


# ---- other releases of the packages ----------------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that holds a distribution `skfolio` with files of our own."""
    about = tmp_path / "skfolio-99.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: skfolio\nVersion: 99\n")
    (tmp_path / "skfolio" / "datasets" / "data").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / "skfolio" / "datasets" / "data"


def ship(package: Path, text: str) -> None:
    (package / "factors_dataset.csv.gz").write_bytes(gzip.compress(text.encode()))


def test_file_of_closes_is_read_by_its_columns(package: Path, workspace: Path) -> None:
    ship(package, "Date,SIZE,MTUM\n2014-01-02,1.5,2.5\n2014-01-03,1.25,2.25\n")

    bars = ask(workspace, "MTUM", "SIZE", adjustment="all")

    assert bars.close.tolist() == [[2.5, 1.5], [2.25, 1.25]]
    assert (bars.adjustment, bars.open) == ("all", None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Date,SIZE\n2014-01-02,1.5\n", "cannot be understood: 'MTUM'"),
        ("Day,MTUM\n2014-01-02,1.5\n", "cannot be understood: 'Date'"),
        ("Date,MTUM\n2014-01-02,x\n", "cannot be understood: could not convert"),
        ("Date,MTUM\n1/2/2014,1.5\n", "cannot be understood: "),
        ("Date,MTUM\n2014-01-02,1.5,2\n", "cannot be read: "),
        ("", "cannot be read: "),
        ("Date,MTUM\n2014-01-02,-1.5\n", "must be > 0, was -1.5"),
        ("Date,MTUM\n2014-01-04,1.5\n", "MTUM has a price on 2014-01-04, no session of XNYS"),
    ],
)
def test_file_of_another_release_is_refused_with_its_fault(
    package: Path, workspace: Path, text: str, message: str
) -> None:
    ship(package, text)

    with pytest.raises(tw.DataError) as caught:
        ask(workspace, "MTUM", adjustment="all")

    assert caught.value.message.startswith(message)
    assert caught.value.fix


def test_file_that_is_gone_is_refused(package: Path, workspace: Path) -> None:
    with pytest.raises(tw.DataError, match=r"cannot be read: .*No such file") as caught:
        ask(workspace, "MTUM", adjustment="all")

    assert caught.value.file == str(package / "factors_dataset.csv.gz")


def test_file_that_is_damaged_is_refused(package: Path, workspace: Path) -> None:
    ship(package, "Date,MTUM\n2014-01-02,1.5\n")
    file = package / "factors_dataset.csv.gz"
    file.write_bytes(file.read_bytes()[:-6])

    with pytest.raises(tw.DataError, match="cannot be read"):
        ask(workspace, "MTUM", adjustment="all")


# ---- stocks and funds, where skfolio is installed --------------------------------------------------------


def test_catalogue_lists_every_series_once() -> None:
    assert list(CATALOGUE) == [*INDICES, *STOCKS, *FACTORS]
    assert {symbol for symbol, series in CATALOGUE.items() if "survivor" in series.note} == set(STOCKS)


@pytest.mark.usefixtures("skfolio")
@pytest.mark.parametrize(
    ("symbols", "n_bars", "first", "pointed_out"),
    [(STOCKS, 8313, "1990-01-02", DOUBTFUL), (FACTORS, 2264, "2014-01-02", [])],
)
def test_closes_of_stocks_and_funds_are_whole_and_pass_the_check(
    workspace: Path, symbols: list[str], n_bars: int, first: str, pointed_out: list[tuple[str, str]]
) -> None:
    bars = ask(workspace, *symbols, adjustment="all")

    assert (bars.n_bars, str(bars.session[0]), str(bars.session[-1])) == (n_bars, first, "2022-12-28")
    assert bars.traded.all()
    found = check(bars, all_sessions("XNYS", cache=cache_folder(workspace)))
    assert [] == [one for one in found if one.fatal]
    assert pointed_out == [(one.symbol, str(bars.session[one.row])) for one in found]


@pytest.mark.usefixtures("skfolio")
def test_quirk_of_rrc_is_as_its_note_says(workspace: Path) -> None:
    bars = ask(workspace, "RRC", adjustment="all")

    assert np.unique(bars.close[:69, 0]).tolist() == [3.322]
    assert (str(bars.session[69]), float(bars.close[69, 0])) == ("1990-04-10", 1.107)
    assert "stand still before 1990-04-10, then fall 67 %" in bars.instruments[0].note


@pytest.mark.usefixtures("skfolio")
def test_unknown_symbol_lists_the_stocks_too(workspace: Path) -> None:
    with pytest.raises(tw.DataError) as caught:
        ask(workspace, "FOO")

    assert str(caught.value.fix).endswith("SIZE, USMV, VLUE")
