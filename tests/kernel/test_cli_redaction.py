"""What commands write holds no secret that was revealed: pages, JSON, errors, and the traceback of a bug."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tradewright.cli import doctor
from tradewright.cli.checking import Check
from tradewright.errors import PluginError
from tradewright.values.secret import Secret

Run = Callable[..., tuple[int, str, str]]
TEXT = 'told-by\\"accident"-4'


@pytest.fixture(autouse=True)
def revealed() -> None:
    Secret("env:ACCIDENT", TEXT)


def raising(error: Exception) -> Callable[..., Any]:
    def check(*_: object) -> Any:
        raise error from ValueError(f"caused by {TEXT}")

    return check


@pytest.mark.parametrize("words", [(), ("--json",), ("--debug",), ("--json", "--debug")])
@pytest.mark.parametrize(
    ("error", "code"),
    [(RuntimeError(f"401 {TEXT}"), 1), (OSError(5, f"disk of {TEXT}", f"/tmp/{TEXT}"), 1), (KeyError(TEXT), 1)],
)
def test_bug_that_quotes_a_secret_is_told_without_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], error: Exception, code: int
) -> None:
    monkeypatch.setattr(doctor, "check_all", raising(error))
    ended, out, err = run("doctor", *words)

    assert (code, "") == (ended, out)
    assert "[env:ACCIDENT]" in err
    assert "accident" not in err.lower().replace("[env:accident]", "")
    assert ("Traceback" in err) == ("--debug" in words)


def test_error_made_before_the_secret_was_known_is_told_without_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    error = PluginError("said late-and-long-secret", fix="late-and-long-secret", key="late-and-long-secret")
    Secret("env:LATE", "late-and-long-secret")
    monkeypatch.setattr(doctor, "check_all", raising(error))
    told = [run("doctor", *words) for words in ((), ("--json",))]

    assert [4, 4] == [code for code, _, _ in told]
    assert "error: [env:LATE]: said [env:LATE]\nfix: [env:LATE]\n" == told[0][2]
    assert {"key": "[env:LATE]", "message": "said [env:LATE]"}.items() <= json.loads(told[1][2])["error"].items()


def test_page_and_json_show_no_secret(run: Run, monkeypatch: pytest.MonkeyPatch, workspace: Path) -> None:
    monkeypatch.setattr(doctor, "check_all", lambda _: [Check(name="a", ok=True, found=f"is {TEXT}")])
    _, page, _ = run("doctor")
    _, out, _ = run("doctor", "--json")

    assert "is [env:ACCIDENT]" in page
    assert "is [env:ACCIDENT]" == json.loads(out)["checks"][0]["found"]
