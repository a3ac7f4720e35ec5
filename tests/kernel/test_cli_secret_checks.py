"""What `doctor` says of secrets: whether each is there and where, and nothing else of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import paper_file
import pytest
import tradewright as tw
from one_signal import install, tradewright_signals
from tradewright.cli.secret_checks import check_declared, check_secrets
from tradewright.config import Settings
from tradewright.engine import fuse, jit, warm
from tradewright.host.components import ExecutorSpec
from tradewright.risk import rulebook

Run = Callable[..., tuple[int, str, str]]
TEXT = "only-doctor-knows-5"
MORE = """
[venues.alpaca]
executor = "broker"
key = "env:OWN_KEY"
again = "env:OWN_KEY"
other = "env:OWN_OTHER"
"""


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OWN_KEY", "OWN_OTHER"):
        monkeypatch.delenv(name, raising=False)


def put(folder: Path, text: str, mode: int = 0o600) -> None:
    (folder / ".env").write_text(text, "utf-8")
    (folder / ".env").chmod(mode)


def found(settings: Settings) -> dict[str, tuple[bool, str, str | None]]:
    return {one.name: (one.ok, one.found, one.fix) for one in check_secrets(settings)}


def test_each_secret_is_told_of_once_with_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = paper_file.write(tmp_path, more=MORE)
    monkeypatch.setenv("OWN_KEY", TEXT)
    put(tmp_path, f"OWN_OTHER={TEXT}")

    assert {
        ".env": (True, "nobody else can read it", None),
        "secret env:OWN_KEY": (True, "set, from the environment", None),
        "secret env:OWN_OTHER": (True, "set, from .env", None),
    } == found(settings)


def test_secret_that_is_missing_is_wrong_with_its_place(tmp_path: Path) -> None:
    settings = paper_file.write(tmp_path, more=MORE)
    said = found(settings)["secret env:OWN_KEY"]

    line = settings.path.read_text("utf-8").splitlines().index('key = "env:OWN_KEY"') + 1
    assert (False, f"{settings.path}:{line}: venues.alpaca.key: env OWN_KEY not set") == said[:2]
    assert f"export OWN_KEY, or write a line OWN_KEY=... into {tmp_path / '.env'} and chmod 600 it" == said[2]
    assert ".env" not in found(settings)


def test_dotenv_that_others_can_read_is_wrong_even_where_nothing_is_taken_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = paper_file.write(tmp_path, more=MORE)
    monkeypatch.setenv("OWN_KEY", TEXT)
    put(tmp_path, f"OWN_OTHER={TEXT}", 0o644)
    file = tmp_path / ".env"

    assert {
        ".env": (False, f"{file}: others can read it: mode 0644", f"chmod 600 {file}"),
        "secret env:OWN_KEY": (True, "set, from the environment", None),
        "secret env:OWN_OTHER": (
            False,
            "not in the environment; wanted by venues.alpaca.other",
            f"mend {file} first",
        ),
    } == found(settings)


def test_broken_dotenv_is_no_excuse_for_the_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = paper_file.write(tmp_path, more=MORE.replace("env:OWN_OTHER", "keyring:desk/other"))
    monkeypatch.setitem(sys.modules, "keyring", None)
    put(tmp_path, "nonsense")
    said = found(settings)

    assert (False, f"{tmp_path / '.env'}:1: neither a comment nor NAME=text") == said[".env"][:2]
    assert said["secret env:OWN_KEY"][1].startswith("not in the environment")
    assert said["secret keyring:desk/other"][1].endswith("cannot be read: the package keyring is not installed")
    assert "pip install 'tradewright[keyring]'" == said["secret keyring:desk/other"][2]


def test_dotenv_is_of_no_interest_to_a_file_without_secrets(tmp_path: Path) -> None:
    settings = paper_file.write(tmp_path)
    put(tmp_path, "nonsense", 0o644)

    assert {} == found(settings)


def test_declared_secret_in_dotenv_counts_as_set(tmp_path: Path) -> None:
    spec = attrs.evolve(next(tradewright_signals()), secrets=("env:OWN_KEY",))
    missing = list(check_declared(spec, tmp_path))
    put(tmp_path, f"OWN_KEY={TEXT}")
    there = list(check_declared(spec, tmp_path))

    assert [(True, True, "reads the secret env:OWN_KEY, which is not set")] == [
        (one.ok, one.warning, one.found) for one in missing
    ]
    assert [(True, False, "reads the secret env:OWN_KEY")] == [(one.ok, one.warning, one.found) for one in there]


@attrs.frozen
class Account:
    key: tw.Secret
    again: tw.Secret | None = None
    other: tw.Secret = tw.Secret("env:OWN_OTHER")


@pytest.fixture
def settings(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a broker, and no rule that would be compiled."""
    broker = ExecutorSpec(name="broker", factory=lambda config: config, config=Account)
    install(monkeypatch, tradewright_executors=tw.hookimpl(lambda: [broker]))
    monkeypatch.setattr(jit, "COMPILING", True)
    monkeypatch.setattr(rulebook, "rules", lambda *_: ())
    monkeypatch.setattr(rulebook, "checks", lambda *_: ())
    monkeypatch.setattr(fuse, "fuse", lambda given, *_: type("Fused", (), {"parts": given, "interpreted": {}}))
    monkeypatch.setattr(warm, "warm", lambda *_: False)
    return paper_file.write(workspace, signal="own", more=f"limit = 0.5\n{MORE}").path


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(("text", "expected"), [(TEXT, 0), (TEXT * 3, 0), ("", 9)])
def test_doctor_when_a_secret_is_missing_ends_with_9_and_shows_none(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: int
) -> None:
    monkeypatch.setenv("OWN_KEY", text)
    put(workspace, f"OWN_OTHER={TEXT}")
    code, out, err = run("doctor", "--json")
    page = "".join(run("doctor")[1:])

    said = {one["name"]: one["ok"] for one in json.loads(out)["checks"] if one["name"].startswith("secret ")}
    wrong = [one for one in json.loads(out)["checks"] if not one["ok"]]
    assert expected == code, wrong
    assert {"secret env:OWN_KEY": bool(text), "secret env:OWN_OTHER": True} == said
    assert TEXT not in out + err + page
    assert ("env OWN_KEY not set" in page) == (not text)


@pytest.mark.usefixtures("settings")
def test_doctor_says_the_same_of_secrets_of_any_length(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(workspace, f"OWN_OTHER={TEXT}")
    told = []
    for text in ("x", TEXT, TEXT * 20):
        monkeypatch.setenv("OWN_KEY", text)
        told.append([one for one in json.loads(run("doctor", "--json")[1])["checks"] if "secret" in one["name"]])

    assert 2 == len(told[0])
    assert told[0] == told[1] == told[2]


def test_info_shows_the_reference_of_a_default(run: Run, settings: Path) -> None:
    _, out, _ = run("plugins", "info", "built-in", "--json")
    _, page, _ = run("plugins", "info", "built-in")

    account = next(one for one in json.loads(out)["components"] if one["name"] == "broker")
    by_name = {one["name"]: one for one in account["options"]}
    assert "env:OWN_OTHER" == by_name["other"]["default"]
    assert by_name["key"]["required"]
    assert '"env:OWN_OTHER"' in page
