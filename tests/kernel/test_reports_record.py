"""A report is made from a record, whoever has played it."""

from __future__ import annotations

from pathlib import Path

import attrs
from backtest_by_hand import HALT, backtest
from tradewright.reports.summary import summarise
from tradewright.reports.tearsheet.panels import panels
from tradewright.sentence.record import Record


def test_report_needs_no_more_than_a_record(tmp_path: Path) -> None:
    ran = backtest(tmp_path, events=[HALT])
    record = Record(**{field.name: getattr(ran, field.name) for field in attrs.fields(Record)})

    assert isinstance(ran, Record)
    assert summarise(ran) == summarise(record)
    assert panels(ran, summarise(ran)).trips == panels(record, summarise(record)).trips
