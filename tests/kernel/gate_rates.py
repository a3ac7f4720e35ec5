"""Print how often the causality gate finds each planted leak, and how often it suspects a clean signal.

Run as `python tests/kernel/gate_rates.py --paths 20`.  Exits 9 when a leak is missed or a clean signal suspected.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from contextlib import nullcontext
from functools import partial

import numpy as np
import tradewright as tw
from fresh_signal import fresh
from planted_leaks import CLEAN, LEAKS, MEMORIES, FromFrames
from tradewright.signals.causality import CUTS_EACH, Verdict, check

CHECK_FAILED = 9


def path(seed: int, n_bars: int = 1_000, n_assets: int = 3) -> tw.Bars:
    """Return random walks with gaps in the middle and an asset that starts later."""
    random = np.random.default_rng(seed)
    days = np.arange("2010-01-04", "2030-01-01", dtype="datetime64[D]")
    days = days[np.is_busday(days)][:n_bars]
    shocks = random.standard_t(4, (n_bars, n_assets)) * 0.01
    close = 100.0 * np.exp(np.cumsum(shocks, axis=0))
    opening = close * np.exp(0.003 * random.standard_normal(close.shape))
    reach = 1.0 + 0.005 * random.random(close.shape)
    traded = random.random(close.shape) > 0.02
    traded[: n_bars // 4, 1] = False
    traded[n_bars // 2 : n_bars // 2 + 7, 0] = False
    grids = {
        "open": opening,
        "high": np.maximum(opening, close) * reach,
        "low": np.minimum(opening, close) / reach,
        "close": close,
        "volume": np.floor(1e6 * np.exp(0.5 * random.standard_normal(close.shape))),
    }
    return tw.Bars(
        instruments=[tw.Instrument(symbol=f"A{asset}") for asset in range(n_assets)],
        opened_at=days,
        closed_at=days + 1,
        session=days,
        traded=traded,
        **{name: np.where(traded, grid, np.nan) for name, grid in grids.items()},
    )


def verdict(kind: str, name: str, seed: int, each: int) -> Verdict:
    here = {"leak": LEAKS, "clean": CLEAN}
    making = fresh(name) if kind == "memory" else nullcontext(partial(FromFrames, here[kind][name]))
    with making as make:
        return check("planted", make, tw.History(path(seed)), each=each, seed=seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=20)
    parser.add_argument("--each", type=int, default=CUTS_EACH)
    parser.add_argument("--only")
    asked = parser.parse_args()
    wrong = 0
    for kind, signals in (("leak", LEAKS), ("memory", MEMORIES), ("clean", CLEAN)):
        for name in signals:
            if asked.only and asked.only != name:
                continue
            began = time.perf_counter()
            found = [verdict(kind, name, seed, asked.each) for seed in range(asked.paths)]
            seconds = (time.perf_counter() - began) / asked.paths
            rate = sum(not one.passed for one in found) / asked.paths
            causes = Counter(one.cause.kind for one in found if one.cause is not None)
            share = np.mean([len(one.leaks) / len(one.cuts) for one in found])
            wrong += rate != (0.0 if kind == "clean" else 1.0)
            kinds = ", ".join(f"{kind} {count}" for kind, count in causes.most_common())
            print(f"{kind:<6} {name:<34} {rate:5.2f}  {share:5.1%} of cuts  {seconds:5.2f} s  {kinds}", flush=True)  # noqa: T201
    sys.exit(CHECK_FAILED if wrong else 0)


if __name__ == "__main__":
    main()
