"""What every contestant is given alike: the money, the wanted weight, and the limits of the eight rules."""

CAPITAL = 1_000_000.0
FEE = 0.000_02  # Fraction of each fill's value: small, so that thousands of round trips leave something to trade.
WEIGHT = 0.50  # What a crossover wants; above the caps below, so that each binds.

CAP = 0.45  # Largest weight.
RISK = 0.000_22  # Largest weight x volatility of one bar.
FALL, FALL_CAP = 0.01, 0.30  # Drawdown from which on the weight is capped.
DAY_LOSS = 0.001  # Loss of one day from which on nothing is added.
STRETCH = 0.003  # Distance above the mean from which on nothing is added.
STEP = 0.25  # Largest increase of weight at once.
HOLD = 400  # Bars after which a position is closed.
PAUSE = 60  # Bars after a close in which nothing is added.
