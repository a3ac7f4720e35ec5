"""What an instrument accepts as its lot and tick."""

from __future__ import annotations

import math

import pytest
from tradewright.values.instrument import Instrument


@pytest.mark.parametrize("lot", [1e-12, 1e-8, 0.1, 1.0, 1e9])
def test_lot_when_within_its_bounds_is_kept(lot: float) -> None:
    assert lot == Instrument(symbol="A", lot=lot).lot


@pytest.mark.parametrize("lot", [0.0, -1.0, math.nextafter(1e-12, 0.0), math.nextafter(1e9, 2e9), math.inf, math.nan])
def test_lot_when_beyond_its_bounds_is_refused(lot: float) -> None:
    with pytest.raises(ValueError, match=r"lot must be 1e-12 to 1e\+09 units, was"):
        Instrument(symbol="A", lot=lot)


@pytest.mark.parametrize("tick", [0.0, 1e-12, 0.01, 1e6])
def test_tick_when_none_or_within_its_bounds_is_kept(tick: float) -> None:
    assert tick == Instrument(symbol="A", tick=tick).tick


@pytest.mark.parametrize("tick", [-0.01, 1e-16, math.nextafter(1e-12, 0.0), math.nextafter(1e6, 2e6), math.nan])
def test_tick_when_beyond_its_bounds_is_refused(tick: float) -> None:
    with pytest.raises(ValueError, match=r"tick must be 0 or 1e-12 to 1e\+06 in currency, was"):
        Instrument(symbol="A", tick=tick)
