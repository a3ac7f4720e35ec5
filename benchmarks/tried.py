"""What was tried for each bar, for the page to say where one is missed."""

_LOOP = (
    "Tried: telling the compiler that the tables lie apart, a loop for one asset alone, sharing frozen prices instead"
    " of copying them, writing the curve per session; together four times as fast as without."
)

_CALL = (
    "Nearly all of it is numba looking at the type of every number of every tuple that it is given: 2 us for the"
    " state, 2.5 for the tape, 2 for the settings, 5 for the parameters of the rules; the machine code itself takes"
    " half a microsecond. Tried: no fence where no rule is a plugin's (6 us), no copies of what is empty (39 us)."
    " Not tried: calling the machine code past numba, which would look no more whether a table is what it must be."
)

TRIED: dict[str, str] = {
    "crossover": (
        f"{_LOOP} Of the time three quarters are the loop: a row of state that every bar reads and writes, where"
        " others keep one number."
    ),
    "mission": (
        f"{_LOOP} Four fifths are the loop, which asks the rules a second time after each cut, and a tenth the"
        " volatility that sizes the stops."
    ),
    "rules": (
        f"{_LOOP} Rules that remember nothing are left unasked where nothing is wanted or held. What remains is"
        " mostly division after division: three in the rules, two in the book."
    ),
    "by-hand": _LOOP,
    "class": _LOOP,
    "momentum": (
        "A quarter of it is the loop. The rest is what the rules look at, for all 500 assets: 120 matrices of"
        " correlations take a third, volatilities a quarter. Tried: one product of matrices instead of four where no"
        " return is missing (a third of the time), each matrix made where it is to lie, a block of them at a time"
        " (no copy, 64 MB instead of 10 GB in 20 years), the volatilities of sixteen neighbours at once, not asking"
        " rules about assets that are neither wanted nor held. Not tried: correlations of the held assets alone,"
        " which the contract of a rule has no words for, and updating a matrix by the rows that changed, which is"
        " less exact."
    ),
    **dict.fromkeys(("begin", "take", "close", "decide", "check"), _CALL),
    "day": (
        "It is spread thin: writing and hashing entries a sixth, guards of the positions a tenth, numba a tenth,"
        " quotes and exact amounts the rest. Tried, for half of it: plain arrays in place of record arrays, no copies"
        " of what is empty, open orders kept apart. Not tried: leaving the guards unasked where nothing was heard."
    ),
    "warm": (
        "Nearly all of it is start-up: importing numba, and what numba imports before it runs the compiled loop."
        " Tried: an older and lighter version of the charts (0.2 s less), keeping numba from scipy's linear algebra"
        " (0.2 s), looking for garbage less often (0.1 s) and not at all at the end (0.2 s). Not tried: calling the"
        " machine code without numba, whose way of handing over arrays is its own affair."
    ),
    "first": (
        "It is numba's compiler from beginning to end: some ninety functions of the loop, 17 to 30 s as busy as the"
        " processor is. Tried: one version of a function for every constant it is called with (a fifth less), rules"
        " compiled once for the probe and the loop, splicing functions together (1 s, left out). The line that says"
        " what it is doing appears in a terminal."
    ),
}
