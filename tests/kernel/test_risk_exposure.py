"""Caps on gross and net exposure: docs/reference/rules/exposure.md."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_market import PLAIN_BOOK
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tradewright.risk.contract import Sides
from tradewright.risk.exposure import Exposure, Parameters, limit_exposure, make

WEIGHTS = arrays(np.float64, 4, elements=st.floats(-2.0, 2.0))


def ask(
    target: Any, held: Any = 0.0, *, gross: float = 1.0, net: float = 1.0, band: float = 0.02
) -> tuple[float, float]:
    wanted = np.array(target, dtype=float)
    owned = np.broadcast_to(np.array(held, dtype=float), wanted.shape)
    sides = limit_exposure(wanted, owned, PLAIN_BOOK, Parameters(gross, net, band))
    return float(sides.long), float(sides.short)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param([0.5, -0.5], (1, 1), id="gross at the cap"),
        pytest.param([0.5, -0.4999], (1, 1), id="gross just below"),
        pytest.param([0.75, -0.5], (0.8, 0.8), id="gross above: both sides by 1 / 1.25"),
        pytest.param([0.0, 0.0], (1, 1), id="nothing wanted"),
    ],
)
def test_exposure_gross_at_below_and_above_the_cap(target: list[float], expected: tuple[float, float]) -> None:
    assert expected == pytest.approx(ask(target))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param([0.5, -0.25], (1, 1), id="net at the cap"),
        pytest.param([0.49, -0.25], (1, 1), id="net just below"),
        pytest.param([0.60, -0.25], (0.5 / 0.6, 1), id="longs above: to 0.25 + 0.25"),
        pytest.param([-0.60, 0.25], (1, 0.5 / 0.6), id="shorts above: the same"),
        pytest.param([0.5, 0.0], (0.5, 1), id="longs alone"),
        pytest.param([0.0, -0.5], (1, 0.5), id="shorts alone"),
    ],
)
def test_exposure_net_at_below_and_above_the_cap(target: list[float], expected: tuple[float, float]) -> None:
    assert expected == pytest.approx(ask(target, net=0.25))


def test_exposure_scales_gross_first_and_net_then() -> None:
    """1.6 and 0.4 become 0.8 and 0.2 by gross; net 0.6 is 0.1 too much: longs by 0.7 / 0.8."""
    assert ask([1.6, -0.4], net=0.5) == pytest.approx((0.5 * 0.7 / 0.8, 0.5))


@pytest.mark.parametrize(
    ("held", "factor"),
    [
        pytest.param(1.0, 1 / 1.1, id="held at the cap"),
        pytest.param(1.01, 1.01 / 1.1, id="held within the band: kept, nothing added"),
        pytest.param(1.02, 1.02 / 1.1, id="held at the band"),
        pytest.param(1.0201, 1 / 1.1, id="held just above the band: trimmed to the cap"),
        pytest.param(0.5, 1 / 1.1, id="held below the cap"),
    ],
)
def test_exposure_lets_the_market_drift_within_the_band(held: float, factor: float) -> None:
    assert ask([1.1], [held], net=1.0) == pytest.approx((factor, 1.0 if factor == 1 else factor), rel=1e-12)


def test_exposure_of_no_number_gives_no_factor() -> None:
    """The engine takes a factor that is not finite for a broken answer and adds nothing."""
    assert np.isnan(ask([np.nan, 0.5])).all()


@given(WEIGHTS, WEIGHTS, st.floats(0.05, 1.0), st.floats(0.05, 1.0), st.floats(0.0, 0.02))
def test_exposure_never_raises_obeys_its_caps_and_is_idempotent(
    target: Any, held: Any, gross: float, net: float, band: float
) -> None:
    long, short = ask(target, held, gross=gross, net=net, band=band)
    after = np.where(target > 0, target * long, target * short)
    again = ask(after, held, gross=gross, net=net, band=band)

    assert 0.0 <= long <= 1.0
    assert 0.0 <= short <= 1.0
    assert np.abs(after).sum() <= gross + band + 1e-12
    assert abs(after.sum()) <= net + band + 1e-12
    assert again == pytest.approx((1.0, 1.0), abs=1e-9)
    assert np.all(np.abs(after) - np.abs(np.where(after > 0, after * again[0], after * again[1])) <= 1e-12)


def test_exposure_is_made_from_its_options() -> None:
    rule = make(Exposure(gross=0.8, net=0.5, trim_band=0.01))

    assert (rule.phase, rule.parameters) == ("sides", Parameters(0.8, 0.5, 0.01))
    assert limit_exposure(np.zeros(1), np.zeros(1), PLAIN_BOOK, Parameters(1.0, 1.0, 0.0)) == Sides(1.0, 1.0)
