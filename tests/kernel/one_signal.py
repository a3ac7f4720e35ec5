"""One signal as the kernel's only component, for tests of commands that show what there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import metadata
from types import SimpleNamespace

import attrs
import pytest
from tradewright import hookimpl
from tradewright.config import count, fraction
from tradewright.host.components import SignalSpec

SETTINGS = """
    [plugins]
    enabled = []
    [data.daily]
    source = "own"
    symbols = ["SPX"]
    [strategies.trend]
    data = ["daily"]
    [strategies.trend.signals.own]
    weight = 1.0
    limit = 0.5
"""


@attrs.frozen(kw_only=True)
class Options:
    fast: int = count(50, doc="short average", unit="bars")
    limit: float = fraction(doc="largest weight")
    mode: str = "long"
    never: float = float("inf")
    names: tuple[str, ...] = attrs.field(factory=tuple)


@hookimpl
def tradewright_signals() -> Iterator[SignalSpec]:
    yield SignalSpec(name="own", factory=lambda options: options, config=Options, summary="a [bold]summary\x1b[0m")


def install(
    monkeypatch: pytest.MonkeyPatch,
    signals: Callable[[], object] = tradewright_signals,
    **hooks: Callable[[], object],
) -> None:
    """Give the kernel one component and install no plugin, whatever this environment holds."""
    monkeypatch.setattr(
        "tradewright.cli.inventory.own_components", SimpleNamespace(tradewright_signals=signals, **hooks)
    )
    monkeypatch.setattr(metadata, "entry_points", lambda **_: metadata.EntryPoints(()))
