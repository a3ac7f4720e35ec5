"""What was tried for each bar, for the page to say where one is missed."""

_LOOP = (
    "Tried: telling the compiler that the tables lie apart, a loop for one asset alone, sharing frozen prices instead"
    " of copying them; together three times as fast as without."
)

TRIED: dict[str, str] = {
    "crossover": (
        f"{_LOOP} Of the time about half is the loop, a quarter the measures (round trips are counted in"
        " Python, 1.3 us a fill) and a tenth laying out the prices."
    ),
    "mission": (
        f"{_LOOP} Half of the time is the loop, which asks the rules a second time after each cut, and a tenth the"
        " volatility that sizes the stops."
    ),
    "rules": (
        f"{_LOOP} Two of the eight remember something, so all eight are asked on every bar, also where"
        " nothing is held."
    ),
    "by-hand": _LOOP,
    "class": _LOOP,
    "momentum": (
        "The loop takes a tenth of it. The rest is what the rules look at, for all 500 assets: 120 matrices of"
        " correlations and their copies take half, volatilities a quarter. Tried: one product of matrices instead of"
        " four where no return is missing (a third of the time); not asking rules about assets that are neither"
        " wanted nor held. Not tried: correlations of the held assets alone, which the contract of a rule"
        " has no words for."
    ),
    "warm": (
        "Nearly all of it is start-up: importing numba, pandas and pyarrow, loading the compiled loop (numba imports"
        " half of itself for that), and 0.2 s of imports for the charts. Tried: switching the collector of garbage"
        " off, a gain of less than the runs differ."
    ),
}
