"""Rules compiled before a backtest needs them: the same types, so the same machine code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numba
import numpy as np
import pytest
from engine_harness import mission, prices
from tradewright.engine import warm as warming
from tradewright.engine.matrices import Matrices
from tradewright.engine.run import features_of
from tradewright.engine.tape import make_tape
from tradewright.values.bars import Bars

_type: Any = numba.typeof


def tape_types(bars: Bars, fused: Any) -> Any:
    matrices = Matrices(bars, [(name, one) for name, rule in fused.rules for one in rule.matrices], 0)
    return _type(make_tape(bars, features_of(bars, fused), matrices.buffer, matrices.at))


@pytest.mark.parametrize(
    "columns", [(), ("volume",), ("open", "high", "low"), ("split", "dividend"), ("volume", "split", "dividend")]
)
def test_tape_is_of_one_type_whatever_columns_the_prices_have(fused: Any, columns: tuple[str, ...]) -> None:
    chosen = fused(mission())
    ones = np.ones((30, 2))
    given = attrs.evolve(prices(ones), **dict.fromkeys(columns, ones))

    assert tape_types(prices(ones), chosen) == tape_types(given, chosen)


@pytest.mark.parametrize(
    ("n_books", "n_assets", "loop"), [(1, 1, "advance_single"), (1, 2, "advance"), (2, 1, "advance")]
)
def test_warm_asks_the_loop_that_the_backtest_will_ask(
    fused: Any, monkeypatch: pytest.MonkeyPatch, n_books: int, n_assets: int, loop: str
) -> None:
    asked = []

    def played(name: str) -> Callable[..., int]:
        def play(state: Any, *_: Any) -> int:
            asked.append((name, state.positions.shape))
            return 2

        play.stats = type("Stats", (), {"cache_misses": {"signature": 1}})  # type: ignore[attr-defined]  # as numba's
        return play

    monkeypatch.setattr(warming, "COMPILING", True)
    chosen = attrs.evolve(fused(mission()), advance=played("advance"), advance_single=played("advance_single"))

    assert warming.warm(chosen, n_books, n_assets)
    assert [(loop, (n_books, n_assets))] == asked


@pytest.mark.parametrize("why", ["interpreted", "not compiling"])
def test_warm_of_what_is_not_compiled_plays_nothing(fused: Any, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    monkeypatch.setattr(warming, "COMPILING", why == "interpreted")
    chosen = attrs.evolve(fused(mission()), interpreted={"odd": "json"} if why == "interpreted" else {})
    monkeypatch.setattr(warming, "Simulation", None)

    assert not warming.warm(chosen, 1, 1)
