"""`tradewright parity`: does paper trading give the orders of the backtest?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tradewright.cli.options import config_option, json_option
from tradewright.cli.output import echo_json
from tradewright.cli.paper import echo_parity, parity_fields, range_options, read_settings, trade
from tradewright.errors import CheckError

if TYPE_CHECKING:
    from pathlib import Path

_EXAMPLES = """\b
Examples:
  tradewright parity                       every order of plugins.toml's history
  tradewright parity --from 2015-01-01 --ahead
  tradewright parity --config desk.toml --json
"""


@click.command(epilog=_EXAMPLES)
@config_option
@range_options
@json_option
def parity(config_file: Path, as_json: bool, overrides: tuple[str, ...], **asked: Any) -> int:  # noqa: FBT001  # click passes by name
    """Play plugins.toml on paper, and its backtest beside it; compare orders, limits, stops, fills and equity.

    Every number is compared on every bar, within 1e-9; exit 9 when one differs.
    """
    settings = read_settings(config_file, overrides, sample=False)
    played, _ = trade(settings, **asked)
    if as_json:
        echo_json("parity", **parity_fields(played.parity))
    else:
        echo_parity(played.parity)
    return 0 if played.parity.holds else CheckError.exit_code
