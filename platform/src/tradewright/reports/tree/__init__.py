"""A report as one typed tree: what is printed, kept, and read by every page.

    part -> report -> form (JSON and back) <- steps (what older versions kept)

Money is `Decimal` to the cent, a day is a `date`, an instant a `datetime` in UTC, and what cannot be known is None,
never NaN.  The names are those of the JSON object; docs/reference/backtest.md explains each.
"""
