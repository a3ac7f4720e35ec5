"""Fingerprints survive what instruments learn to tell later."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from tradewright.data.fingerprint import fingerprint
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

FUTURE = Instrument(symbol="ES", lot=2, tick=0.25, multiplier=50, currency="EUR", note="a future")


@attrs.frozen(kw_only=True, repr=False)
class LaterInstrument(Instrument):
    """An instrument as a later version may have it."""

    sector: str = ""


def bars(*instruments: Instrument) -> Bars:
    """Return two closes of each."""
    closed_at = np.array(["2024-01-02T21:00", "2024-01-03T21:00"], dtype="datetime64[ns]")
    close = np.array([[101.0], [102.5]]) + np.arange(len(instruments))
    return Bars(
        instruments=instruments,
        opened_at=closed_at - np.timedelta64(390, "m"),
        closed_at=closed_at,
        session=closed_at.astype("datetime64[D]"),
        close=close,
        traded=np.ones(close.shape, dtype=bool),
    )


@pytest.mark.parametrize(
    ("instruments", "expected"),
    [
        ((Instrument(symbol="SPY"),), "bf616e6db0d6fe446c4b5212223c124aacdc778abbe6ef562e51f9d70977d148"),
        ((Instrument(symbol="SPY"), FUTURE), "fa59f572904b654b020dd71c565ef11887783f36a632957325e314b348d9be37"),
    ],
)
def test_fingerprint_of_prices_kept_by_version_0_1_is_what_it_was(
    instruments: tuple[Instrument, ...], expected: str
) -> None:
    assert expected == fingerprint(bars(*instruments))


def test_fingerprint_when_instruments_gain_a_field_with_its_default_is_what_it_was() -> None:
    expected = fingerprint(bars(FUTURE))

    assert expected == fingerprint(bars(LaterInstrument(**attrs.asdict(FUTURE))))
    assert expected != fingerprint(bars(LaterInstrument(**attrs.asdict(FUTURE), sector="index")))
