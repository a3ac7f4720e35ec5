"""A plugins.toml with feeds from files of a few rows, and the small components that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import numpy as np
import pytest
from sentence_parts import Always, Broken, Keeps, Momentum
from tradewright import builtins, hookimpl
from tradewright.config import Settings, read
from tradewright.host.components import OptimizerSpec, SignalSpec
from tradewright.host.loading import load
from tradewright.host.plugins import PluginRecord, Plugins

SETTINGS = """\
{top}
[plugins]
enabled = []
[data.mine]
source = "files"
symbols = [{symbols}]
calendar = "24/7"
[strategies.hold]
data = ["mine"]
optimizer = "{optimizer}"
no_trade_band = 0.0
[strategies.hold.signals.{signal}]
weight = 1.0
{more}
"""
OTHER = """\
[data.second]
source = "files"
symbols = ["{symbol}"]
calendar = "24/7"
[strategies.other]
data = ["second"]
capital_share = 0.25
[strategies.other.signals.always]
weight = 1.0
"""
"""A second strategy on a feed of its own; the first takes its share by `HALF`."""
HALF = ("strategies.hold.capital_share=0.5",)
N_ROWS = 60
RISING = np.linspace(100.0, 130.0, N_ROWS)
FIRST_ON = np.datetime64("2024-01-01")


@attrs.frozen
class NoOptions:
    """What components without options take."""


def save(folder: Path, **closes: Sequence[float] | Any) -> None:
    """Write a file per symbol, one row a day from the first of January 2024 on."""
    (folder / "data").mkdir(exist_ok=True)
    for symbol, close in closes.items():
        days = FIRST_ON + np.arange(len(close))
        rows = [f"{day},{price!r}" for day, price in zip(days, np.asarray(close).tolist(), strict=True)]
        (folder / "data" / f"{symbol}.csv").write_text("\n".join(["date,close", *rows, ""]), "utf-8")


def write(
    folder: Path,
    closes: Mapping[str, Any] | None = None,
    *,
    signal: str = "always",
    optimizer: str = "equal-weight",
    top: str = "",
    more: str = "",
    symbols: str = '"A"',
    overrides: tuple[str, ...] = (),
) -> Settings:
    """Write prices and plugins.toml, and read it."""
    save(folder, **(closes or {"A": RISING}))
    text = SETTINGS.format(top=top, symbols=symbols, optimizer=optimizer, signal=signal, more=more)
    (folder / "plugins.toml").write_text(text, "utf-8")
    return read(folder / "plugins.toml", overrides)


def parts(optimizer: Callable[[], Any] = Keeps) -> Plugins:
    """Return the built-in components and the small ones."""
    signals = {"always": Always, "momentum": Momentum, "broken": Broken}
    own = (
        *(
            SignalSpec(name=name, factory=lambda _, make=make: make(), config=NoOptions)
            for name, make in signals.items()
        ),
        OptimizerSpec(name="keeps", factory=lambda _: optimizer(), config=NoOptions),
    )
    mine = PluginRecord(name="mine", status="active", components=own)
    return Plugins((*load([], entry_points=[], builtin=builtins).records, mine))


@hookimpl
def tradewright_signals() -> Any:
    for name, make in {"always": Always, "momentum": Momentum}.items():
        yield SignalSpec(name=name, factory=lambda _, make=make: make(), config=NoOptions)


def enrolled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the file, and put its signals among the built-in components."""
    own = SimpleNamespace(
        **{name: getattr(builtins, name) for name in dir(builtins) if name.startswith("tradewright_")}
    )
    own.tradewright_signals = tradewright_signals
    monkeypatch.setattr("tradewright.cli.inventory.own_components", own)
    write(folder)
    return folder
