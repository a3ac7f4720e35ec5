"""`tradewright backtest --report`: the file, what is said of it, and what a browser makes of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from own_process import process

ROOT = Path(__file__).parents[2]
BROWSER_SECONDS_MAX = 90.0
SIZE_MAX = 3_000_000
HOSTILE = '<img src=x onerror="document.documentElement.dataset.hostile=1">'
OFFLINE = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--proxy-server=127.0.0.1:9"),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, share_cache: Callable[[Path], None]) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(ROOT / "plugins.toml", folder)
    share_cache(folder)
    return folder


@pytest.fixture(scope="module")
def written(desk: Path) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Return what the command says of all the prices, in a process, and the file that it has written over another."""
    file = desk / "out.html"
    file.write_text("an older one", "utf-8")
    return process(desk, "backtest", "--no-save", "--report", "out.html"), file


@pytest.fixture
def browser() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine")
    return found


def test_report_ends_by_naming_the_file_and_its_size(
    written: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, file = written
    size = file.stat().st_size

    assert (0, "") == (done.returncode, done.stderr)
    assert f"Tearsheet out.html, {size / 1e6:.1f} MB" == done.stdout.splitlines()[-1]
    assert 1_000_000 < size < SIZE_MAX
    assert file.read_text("utf-8").lstrip().startswith("<!DOCTYPE html>")
    assert [] == list(file.parent.glob(".*.tmp"))


def test_report_shows_the_numbers_of_the_terminal(written: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, file = written
    (profit,) = re.findall(r"Profit +([\d,.]+) after costs", done.stdout)
    content = file.read_text("utf-8")

    assert f'<span class="value">{profit}</span>' in content
    assert "index level (price return), not tradable" in content
    assert 3 == len(re.findall(rf'<tr class="total">.*>{re.escape(profit)}</td></tr>', content))


def test_report_beside_json_is_one_key_more(
    desk: Path, workspace: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    file = workspace / "elsewhere.html"
    words = ("--no-save", "--json", "--to", "1999-12-31", "--report", str(file))
    code, out, err = run("backtest", "--config", str(desk / "plugins.toml"), *words)
    found = json.loads(out)

    assert (0, "") == (code, err)
    assert ("report", str(file)) == (list(found)[-1], found["report"])
    assert file.stat().st_size > 1_000_000


@pytest.mark.parametrize("width", [1280, 400])
def test_report_opens_without_network_and_without_an_error(
    written: tuple[subprocess.CompletedProcess[str], Path], browser: str, tmp_path: Path, width: int
) -> None:
    dom, errors = opened(browser, written[1], tmp_path, width)

    assert [] == errors
    assert 'data-charts="9"' in dom
    assert 9 == len(re.findall(r'<div[^>]* class="bk-Figure"', dom))


def test_report_with_strangers_in_it_runs_none_of_them(
    written: tuple[subprocess.CompletedProcess[str], Path], browser: str, tmp_path: Path
) -> None:
    """The names that a chart draws come in through the same door as those of the tables."""
    content = written[1].read_text("utf-8")
    as_text = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    file = tmp_path / "hostile.html"
    file.write_text(content.replace("ma-crossover", as_text), "utf-8")
    dom, errors = opened(browser, file, tmp_path, 1280)

    assert [] == errors
    assert "data-charts" in dom
    assert "data-hostile" not in dom


def opened(browser: str, file: Path, folder: Path, width: int) -> tuple[str, list[str]]:
    """Return the document as the browser leaves it, and what its console complains of."""
    profile = folder / f"profile-{width}"
    done = subprocess.run(
        [
            *(browser, *OFFLINE, f"--user-data-dir={profile}", f"--window-size={width},2000"),
            *("--enable-logging=stderr", "--virtual-time-budget=10000", "--dump-dom", file.as_uri()),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=BROWSER_SECONDS_MAX,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    assert 0 == done.returncode, done.stderr[-2_000:]
    return done.stdout, [line for line in said if "[bokeh" not in line]
