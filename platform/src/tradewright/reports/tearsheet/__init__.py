"""A backtest as one HTML file that needs nothing else.

    profits, shares -> panels (numbers) -> charts, markup -> page

Only `panels` knows the backtest; what follows lays numbers out.  What the terminal says too comes from the same
machine's report and the same wording.
"""
