"""A component in a process of its own gets its own secrets, and no other variable that is one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from installed_module import install_module
from tradewright import builtins
from tradewright.config import read
from tradewright.errors import ConfigError, TradewrightError
from tradewright.host.isolation import Children
from tradewright.host.loading import load
from tradewright.host.plugins import choose
from tradewright.sentence.strategies import home_of, make_signal

PACKAGE = "tradewright_curious"
CODE = """
    import os
    import attrs
    import tradewright as tw

    NAMES = ("CURIOUS_OWN", "CURIOUS_FILE", "CURIOUS_OTHER", "CURIOUS_DECLARED", "CURIOUS_PLAIN")

    @attrs.frozen(kw_only=True)
    class Options:
        own: tw.Secret
        file: tw.Secret
        do: str = "look"

    def make(options):
        if options.do == "tell":
            raise RuntimeError(options.own.reveal() + os.environ["CURIOUS_DECLARED"])
        seen = ", ".join(name for name in NAMES if name in os.environ)
        raise tw.ConfigError(f"{len(options.own.reveal())} and {len(options.file.reveal())} letters, beside {seen}")

    @tw.hookimpl
    def tradewright_signals():
        yield tw.SignalSpec(name="curious", factory=make, config=Options, secrets=("env:CURIOUS_DECLARED",))
"""
SETTINGS = """\
[plugins]
enabled = ["curious"]
[venues.desk]
executor = "nobodys"
key = "env:CURIOUS_OTHER"
secret = "env:CURIOUS_DECLARED"
[data.mine]
source = "files"
symbols = ["A"]
[strategies.all]
data = ["mine"]
isolation = "process"
[strategies.all.signals.curious]
weight = 1.0
own = "env:CURIOUS_OWN"
file = "env:CURIOUS_FILE"
do = "{do}"
"""
OWN, FILE, OTHER, DECLARED = "an-own-one", "one-of-the-file", "one-of-another", "a-declared-one"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    site, desk = tmp_path / "site", tmp_path / "desk"
    site.mkdir()
    desk.mkdir()
    install_module(site, "curious", CODE)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)
    (desk / ".env").write_text(f"CURIOUS_FILE={FILE}\n")
    (desk / ".env").chmod(0o600)
    for name, text in (("OWN", OWN), ("OTHER", OTHER), ("DECLARED", DECLARED), ("PLAIN", "no secret")):
        monkeypatch.setenv(f"CURIOUS_{name}", text)
    yield desk
    sys.modules.pop(PACKAGE, None)


def refused(desk: Path, do: str) -> str:
    (desk / "plugins.toml").write_text(SETTINGS.format(do=do), "utf-8")
    settings = read(desk / "plugins.toml")
    plugins = load(settings.plugins.enabled, builtin=builtins)
    with Children() as children, pytest.raises(TradewrightError) as caught:
        make_signal(settings, plugins, "all", "curious", children)
    return str(caught.value)


def test_child_has_its_own_secrets_and_of_the_others_what_it_declares(folder: Path) -> None:
    said = refused(folder, "look")

    assert f"{len(OWN)} and {len(FILE)} letters, beside CURIOUS_DECLARED, CURIOUS_PLAIN" == said


def test_child_that_tells_a_secret_is_heard_without_it(folder: Path) -> None:
    said = refused(folder, "tell")

    assert "raised RuntimeError: [env:CURIOUS_OWN][env:CURIOUS_DECLARED]" in said


def test_home_shows_no_secret_and_is_sent_with_those_of_its_options_alone(folder: Path) -> None:
    (folder / "plugins.toml").write_text(SETTINGS.format(do="look"), "utf-8")
    settings = read(folder / "plugins.toml")
    plugins = load(settings.plugins.enabled, builtin=builtins)
    home = home_of(choose(settings, plugins, "signal", "curious", "strategies.all.signals.curious"), plugins)

    assert {"CURIOUS_OTHER", "CURIOUS_OWN", "CURIOUS_FILE"} == home.hidden
    assert [] == [text for text in (OWN, FILE, OTHER) if text in repr(attrs.evolve(home, texts={"env:X": OTHER}))]


def test_secret_that_is_nowhere_stops_before_a_process_starts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CURIOUS_OWN")
    (folder / "plugins.toml").write_text(SETTINGS.format(do="look"), "utf-8")
    settings = read(folder / "plugins.toml")
    plugins = load(settings.plugins.enabled, builtin=builtins)
    with (
        Children() as children,
        pytest.raises(ConfigError, match=r"plugins.toml:15: strategies.all.signals.curious.own: env CURIOUS_OWN not"),
    ):
        make_signal(settings, plugins, "all", "curious", children)
