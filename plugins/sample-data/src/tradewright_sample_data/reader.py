"""The packages' files into bars, without importing the packages."""

from __future__ import annotations

import csv
import gzip
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tradewright as tw
from tradewright.data.align import join, select
from tradewright.data.quality import check
from tradewright.data.stamps import place_days
from tradewright.sessions import all_sessions, cache_folder

from tradewright_sample_data.catalogue import CATALOGUE

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tradewright.data.stamps import Placed
    from tradewright.sessions import Sessions

    from tradewright_sample_data.catalogue import Series


def read(request: tw.DataRequest) -> tw.Bars:
    """Return the bars asked for; `SampleData.history` says what it raises."""
    if request.bar != "1d":
        raise tw.DataError(f"has daily bars, was asked for {request.bar}", key="bar", fix='set bar = "1d"')
    wanted = [_series(symbol, request.adjustment) for symbol in request.symbols]
    tables = {series.file: _table(series) for series in wanted}
    calendar = all_sessions(request.calendar, cache=cache_folder(request.workspace))
    parts = [_bars(series, tables[series.file], calendar) for series in wanted]
    return select(join(parts), request.first_on, request.last_on)


def available() -> list[str]:
    """Return the symbols whose package is installed."""
    installed = {package: _folder(package) is not None for package in ("arch", "skfolio")}
    return [symbol for symbol, series in CATALOGUE.items() if installed[series.package]]


def _folder(package: str) -> Path | None:
    try:
        return Path(str(distribution(package).locate_file("")))
    except PackageNotFoundError:
        return None


def _series(symbol: str, adjustment: str) -> Series:
    series = CATALOGUE.get(symbol)
    choice = f"choose one of {', '.join(available())}"
    if series is None:
        raise tw.DataError(f"unknown symbol {symbol}", key="symbols", fix=choice)
    if _folder(series.package) is None:
        fix = f"run `pip install {series.package}`, or {choice}"
        raise tw.DataError(f"{symbol} needs {series.package}, not installed", key="symbols", fix=fix)
    if series.adjustment != adjustment:
        message = f"{symbol} has adjustment {series.adjustment!r}, was asked for {adjustment!r}"
        raise tw.DataError(message, key="adjustment", fix=f'set adjustment = "{series.adjustment}"')
    return series


def _path(series: Series) -> Path:
    return (_folder(series.package) or Path()) / series.file


def _table(series: Series) -> dict[str, list[str]]:
    """Return the columns of a file; its packages are trusted to be CSV, not to have kept their files."""
    try:
        with gzip.open(_path(series), "rt", encoding="utf-8", newline="") as text:
            header, *rows = csv.reader(text)
        return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
    except (OSError, EOFError, ValueError, csv.Error) as error:
        fix = f"install another version of {series.package}: this one ships other files"
        raise tw.DataError(f"cannot be read: {error}", file=_path(series), fix=fix) from error


def _bars(series: Series, table: dict[str, list[str]], calendar: Sessions) -> tw.Bars:
    try:
        days = _days(table["Date"], series.dates)
        texts = [table[name] for name in series.columns]
        kept = [row for row, close in enumerate(texts[0]) if close != series.holidays]
        values = [np.array([float(text[row]) for row in kept]) for text in texts]
    except (KeyError, ValueError) as error:
        fix = f"install another version of {series.package}: this one has other columns"
        raise tw.DataError(f"cannot be understood: {error}", file=_path(series), fix=fix) from error
    placed = place_days(days[kept], calendar)
    _refuse_outside(series, placed, calendar)
    columns: dict[str, Any] = {
        name: column[:, np.newaxis]
        for name, column in zip(("close", "open", "high", "low", "volume"), values, strict=False)
    }
    columns["instruments"] = (tw.Instrument(symbol=series.symbol, note=series.note),)
    bars = tw.Bars(
        **columns,
        opened_at=placed.opened_at,
        closed_at=placed.closed_at,
        session=placed.session,
        traded=np.ones((len(kept), 1), dtype=bool),
        adjustment=series.adjustment,
    )
    _refuse_impossible(bars, calendar)
    return bars


def _days(texts: list[str], written: str) -> NDArray[np.datetime64]:
    if written == "us":
        parts = [text.split("/") for text in texts]
        texts = [f"{year}-{month:0>2}-{day:0>2}" for month, day, year in parts]
    return np.array(texts, dtype="datetime64[D]")


def _refuse_outside(series: Series, placed: Placed, calendar: Sessions) -> None:
    if not placed.inside.all():
        day = placed.session[~placed.inside][0]
        message = f"{series.symbol} has a price on {day}, no session of {calendar.calendar}"
        raise tw.DataError(message, file=_path(series), key="calendar", fix='set calendar = "XNYS"')


def _refuse_impossible(bars: tw.Bars, calendar: Sessions) -> None:
    for finding in check(bars, calendar):
        if finding.fatal:
            raise finding.error()
