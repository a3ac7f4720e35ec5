"""A run as CSV files: what stands in each column, and which folders are refused."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from backtest_by_hand import EQUITY, backtest, prices
from tradewright.backtest import Backtest
from tradewright.errors import UsageError
from tradewright.reports.export import CURVE, FILLS, TARGETS, TRADES, export
from tradewright.reports.summary import summarise

NAMES = ("equity.csv", "fills.csv", "trades.csv", "targets.csv")


def written(ran: Backtest, folder: Path) -> dict[str, list[dict[str, str]]]:
    assert NAMES == export(ran, folder)
    assert sorted(NAMES) == sorted(file.name for file in folder.glob("*.csv*"))
    tables = {}
    for name in NAMES:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            tables[name] = list(csv.DictReader(file))
    return tables


def out(folder: Path) -> Path:
    made = folder / "out"
    made.mkdir(exist_ok=True)
    return made


def test_fill_of_a_delisting_is_an_exit_at_the_open(tmp_path: Path) -> None:
    fills = [(1, 0, 0, 0, 50.0, 11.0, 1.0, 2.0), (3, 0, 0, 2, -50.0, 12.0, 0.0, 0.0)]
    ran = backtest(tmp_path, fills=fills)

    assert ("exit", "2024-01-05T14:00:00Z") == tuple(
        written(ran, out(tmp_path))["fills.csv"][1][name] for name in ("reason", "at")
    )


# ---- columns ---------------------------------------------------------------------------------------------


def test_equity_has_a_row_per_session_for_the_account_and_each_strategy(tmp_path: Path) -> None:
    rows = written(backtest(tmp_path), out(tmp_path))["equity.csv"]

    assert ["session", *CURVE, *(f"trend.{name}" for name in CURVE)] == list(rows[0])
    assert ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-06"] == [row["session"] for row in rows]
    assert EQUITY == [float(row["equity"]) for row in rows] == [float(row["trend.equity"]) for row in rows]
    assert [0.0, 0.001, 0.0] == [pytest.approx(float(row["drawdown"])) for row in rows[:3]]
    assert float(rows[1]["gross_exposure"]) == 550 / 999


def test_equity_goes_on_after_a_halt(tmp_path: Path) -> None:
    ran = backtest(tmp_path, events=[(2, 0, 0, 0, 2, 0.125, 0.12, 0.0)])

    assert (4, 5) == (summarise(ran).figures.sessions, len(written(ran, out(tmp_path))["equity.csv"]))


def test_fills_are_dated_by_the_bar_and_say_why(tmp_path: Path) -> None:
    fills = [(1, 0, 0, 0, 50.0, 11.0, 1.0, 2.0), (3, 0, 0, 1, -50.0, 12.0, 1.0, 2.0)]
    bars = prices()
    whole = attrs.evolve(bars, open=bars.close, high=bars.close, low=bars.close)
    bought, sold = written(backtest(tmp_path, fills=fills, bars=whole), out(tmp_path))["fills.csv"]

    assert list(FILLS) == list(bought)
    assert {
        "at": "2024-01-03T14:00:00Z",
        "session": "2024-01-03",
        "strategy": "trend",
        "symbol": "A",
        "side": "buy",
        "quantity": "50.0",
        "price": "11.0",
        "fee": "1.0",
        "slippage": "2.0",
        "reason": "order",
    } == bought
    assert ("2024-01-05T15:00:00Z", "sell", "50.0", "stop") == tuple(
        sold[name] for name in ("at", "side", "quantity", "reason")
    )


def test_fills_at_the_close_are_dated_by_it(tmp_path: Path) -> None:
    first, *_ = written(backtest(tmp_path), out(tmp_path))["fills.csv"]

    assert "2024-01-03T15:00:00Z" == first["at"]


def test_trades_are_lots_whose_profits_are_the_realised_gain(tmp_path: Path) -> None:
    fills = [
        (1, 0, 0, 0, 50.0, 11.0, 1.0, 2.0),
        (2, 0, 0, 0, 10.0, 12.0, 1.0, 0.0),
        (3, 0, 0, 0, -55.0, 12.0, 1.1, 2.0),
        (3, 0, 1, 0, -2.0, 30.0, 1.0, 0.0),
        (4, 0, 1, 0, 2.0, 25.0, 1.0, 0.0),
    ]
    ran = backtest(tmp_path, fills=fills)
    rows = written(ran, out(tmp_path))["trades.csv"]

    assert list(TRADES) == list(rows[0])
    assert [("A", "long", "50.0"), ("A", "long", "5.0"), ("B", "short", "2.0")] == [
        (row["symbol"], row["side"], row["quantity"]) for row in rows
    ]
    assert ("2024-01-03", "2024-01-05", "2") == tuple(
        rows[0][name] for name in ("opened_on", "closed_on", "sessions")
    )
    assert [11.02, 12.1, 29.5] == [pytest.approx(float(row["entry_price"])) for row in rows]
    assert [11.98, 11.98, 25.5] == [pytest.approx(float(row["exit_price"])) for row in rows]
    assert sum(float(row["profit"]) for row in rows) == pytest.approx(float(summarise(ran).figures.lots.realised))


def test_targets_are_the_decisions_before_any_rule(tmp_path: Path) -> None:
    ran = backtest(tmp_path, target=[[0.5, np.nan]] * 5, start=1)
    ran.decisions.made[2] = False
    rows = written(ran, out(tmp_path))["targets.csv"]

    assert list(TARGETS) == list(rows[0])
    assert ["2024-01-03", "2024-01-05", "2024-01-06"] == [row["session"] for row in rows if row["symbol"] == "A"]
    assert {("A", "0.5"), ("B", "")} == {(row["symbol"], row["weight"]) for row in rows}


def test_numbers_are_written_in_full(tmp_path: Path) -> None:
    rows = written(backtest(tmp_path, equity=[1000.0, 1000.0 / 3, 1.0, 1.0, 1.0]), out(tmp_path))["equity.csv"]

    assert 1000.0 / 3 == float(rows[1]["equity"])


def test_files_of_an_earlier_export_are_replaced(tmp_path: Path) -> None:
    written(backtest(tmp_path), out(tmp_path))

    assert [] == written(backtest(tmp_path, fills=[]), out(tmp_path))["fills.csv"]


# ---- folders ---------------------------------------------------------------------------------------------


def test_failed_export_leaves_the_earlier_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = out(tmp_path)
    export(backtest(tmp_path), folder)
    before = {name: (folder / name).read_text() for name in NAMES}

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tradewright.reports.export.trades", full)
    with pytest.raises(UsageError, match="cannot be written to: No space left on device"):
        export(backtest(tmp_path, fills=[]), folder)

    assert before == {file.name: file.read_text() for file in folder.iterdir()}
