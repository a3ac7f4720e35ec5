"""The one file: nothing is loaded beside it, nothing of a stranger's is markup in it, and it stays small."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from backtest_by_hand import HALT, LIFT, RULES, STEP, TICKET, backtest
from tearsheet_market import market, played
from tradewright.backtest import Backtest
from tradewright.engine.state import COUNTER, table
from tradewright.reports.machine import report
from tradewright.reports.summary import summarise
from tradewright.reports.tearsheet.page import page
from tradewright.reports.tearsheet.panels import TRIPS_MAX, panels

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
SIZE_MAX = 3_000_000
VERSIONS = {"tradewright": "0.1.0", "plugins": {HOSTILE: "1.0"}}


def sheet(ran: Backtest, **changes: Any) -> str:
    summary = summarise(ran)
    return page(attrs.evolve(report(summary, TICKET, VERSIONS), **changes), panels(ran, summary))


class Tags(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._inside = ""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside not in {"script", "style"}:
            self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [found for name, found in self.tags if name == tag]

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())


def test_page_names_version_run_currency_and_period(tmp_path: Path) -> None:
    words = Tags(sheet(backtest(tmp_path))).words

    assert f"tradewright 0.1.0 · run {TICKET.run_id}" in words
    assert "2024-01-02 to 2024-01-06, 5 sessions · amounts in USD · net of all costs unless it says gross" in words


def test_page_tells_halts_and_warnings_before_anything_else(tmp_path: Path) -> None:
    words = Tags(sheet(backtest(tmp_path, events=[HALT], warnings=("prices end early",)))).words

    assert -1 < words.index("HALTED on 2024-01-04") < words.index("prices end early") < words.index("Return")


def test_page_lists_lifts_and_both_results(tmp_path: Path) -> None:
    words = Tags(sheet(backtest(tmp_path, events=[HALT, LIFT, STEP]))).words

    assert "Halts lifted by the person whom --resume-after plays" in words
    assert "Until the first halt" in words


def test_page_without_a_trade_says_so_and_leaves_the_trades_out(tmp_path: Path) -> None:
    flat = [1000.0] * 5
    found = Tags(sheet(backtest(tmp_path, fills=[], equity=flat, gross=[0.0] * 5, costs=[0.0] * 5)))

    assert "NO TRADES" in found.words
    assert "trades" not in [section.get("id") for section in found.named("section")]


def test_page_loads_nothing(tmp_path: Path) -> None:
    content = sheet(backtest(tmp_path))
    found = Tags(content)
    loading = [
        found[name]
        for _, found in found.tags
        for name in ("src", "href", "action", "data", "poster")
        if name in found
    ]
    (policy,) = [meta["content"] for meta in found.named("meta") if meta.get("http-equiv")]
    (style,) = re.findall(r"<style>(.*?)</style>", content, flags=re.DOTALL)

    assert ["data:,"] == loading
    assert str(policy).startswith("default-src 'none';")
    assert "url(" not in style
    assert "@import" not in style


def test_page_keeps_the_licence_of_the_chart_library(tmp_path: Path) -> None:
    assert "Redistributions in binary form must reproduce the above copyright notice" in sheet(backtest(tmp_path))


def test_page_writes_strangers_out(tmp_path: Path) -> None:
    ran = backtest(tmp_path, warnings=(HOSTILE, "\x1b[31mred"), events=[HALT])
    found = Tags(sheet(attrs.evolve(ran, books=(HOSTILE,)), run_id=HOSTILE))

    assert 3 == len(found.named("script"))
    assert not found.named("img")
    assert found.words.count(HOSTILE) >= 4  # Run, warning, halt and book; a long key is cut.
    assert "\\x1b[31mred" in found.words


def test_page_describes_every_chart_for_who_cannot_see_it(tmp_path: Path) -> None:
    found = Tags(sheet(backtest(tmp_path)))
    pictures = [div["aria-label"] for div in found.named("div") if div.get("role") == "img"]

    assert 8 > len(pictures) > 5
    assert all(len(str(text)) > 20 for text in pictures)
    assert len(found.named("table")) == len(found.named("caption"))
    assert 1 == len(found.named("h1"))


@pytest.mark.compiled
def test_page_of_twenty_years_and_twenty_assets_stays_small(tmp_path: Path, rule_cache: Path) -> None:
    n_rules, n_segments = 12, 500
    bars = market(3, 2 * 5_040, tuple(f"SYM{i}" for i in range(20)), acting=False)
    ran = played(tmp_path, rule_cache, bars, seed=3)
    cuts = np.arange(n_segments * n_rules).reshape(n_segments, n_rules)
    counters = table(cuts.shape, COUNTER, cuts=cuts, bars=cuts, notional=10.0 * cuts, first=0, last=1)
    state = ran.trace.state._replace(counters=counters[-1])
    ends = np.linspace(20, bars.n_bars - 1, n_segments).astype(int)
    trace = attrs.evolve(ran.trace, state=state, counted=ends, counters=counters)
    rules = tuple((f"rule-{i}", RULES[0][1]) for i in range(n_rules))
    ran = attrs.evolve(ran, trace=trace, rules=rules)
    content = sheet(ran)

    assert 5_040 == summarise(ran).figures.sessions
    assert f"the newest {TRIPS_MAX:,} of" in content
    assert 1_500_000 < len(content.encode()) < SIZE_MAX
