"""The command line: arguments in, one table or one JSON object out, everything else is done below.

A command is a module of this package; it is imported when it runs, so that `--help` stays quick.
To add one, add its line to `COMMANDS`; its group in `--help` is in `program.GROUPS`.
"""

from __future__ import annotations

import click

from tradewright import __version__
from tradewright.cli.program import Lazy, Program

COMMANDS = (
    Lazy("init", "tradewright.cli.init:init", "Write a commented plugins.toml to begin with."),
    Lazy("backtest", "tradewright.cli.backtest:backtest", "Trade the configured strategies over their history."),
    Lazy("parity", "tradewright.cli.parity:parity", "Compare paper trading with the backtest, order by order."),
    Lazy("runs", "tradewright.cli.runs:runs", "List the saved backtests, or show one."),
    Lazy("data", "tradewright.cli.data:data", "Check price files, and keep prices on this disk."),
    Lazy("signals", "tradewright.cli.signals:signals", "Check that signals do not look ahead."),
    Lazy("plugins", "tradewright.cli.plugins:plugins", "Show plugins and what they provide, or begin one."),
    Lazy("run", "tradewright.cli.run:run", "Trade bar by bar with the agent."),
    Lazy("drill", "tradewright.cli.drill:drill", "Kill an agent, lose its disk, restore it; on a copy."),
    Lazy("ledger", "tradewright.cli.ledger:ledger", "Verify, show, copy and restore ledgers."),
    Lazy("replay", "tradewright.cli.replay:replay", "Live a ledger again, and compare every decision."),
    Lazy("simtest", "tradewright.cli.simtest:simtest", "Trade simulated days full of faults; nothing may go wrong."),
    Lazy("why", "tradewright.cli.why:why", "Walk one order back to the prices that led to it."),
    Lazy("doctor", "tradewright.cli.doctor:doctor", "Check this installation."),
)
"""The commands; `program.GROUPS` says under what `--help` lists them."""

_EXAMPLES = """\b
Examples:
  tradewright init                  write a first plugins.toml
  tradewright backtest              what would it have earned, and at what risk?
  tradewright backtest --from 2008-01-01 --set costs.spread_bps=10
  tradewright parity                would paper trading have sent the same orders?
  tradewright runs                  which backtests were run here
  tradewright backtest --run ID     does a saved run still give the same, bit for bit?
  tradewright data check FILE       can these prices be true?
  tradewright data fetch            keep the prices of every feed on this disk
  tradewright signals check NAME    does a signal look ahead?
  tradewright plugins list          which plugins there are, and why one is off
  tradewright plugins info NAME     what a plugin provides, with every option
  tradewright plugins new NAME --kind signal   begin a plugin of your own
  tradewright run --paper --replay sample --speed max   the agent, over twenty years
  tradewright drill                 would an agent outlive a kill, and a lost disk?
  tradewright ledger verify         can everything that was recorded be believed?
  tradewright replay                does a ledger lead to the same decisions again?
  tradewright why last              what led to the newest order, and what became of it?
  tradewright simtest               does the agent bear a venue full of faults?
  tradewright doctor                is everything in order here?

\b
Exit codes: 0 done, 1 a bug, 2 usage, 3 configuration, 4 plugin, 5 data,
6 refused for safety, 7 ledger, 8 venue, 9 a check failed.
"""


@click.group(
    cls=Program,
    commands=COMMANDS,
    epilog=_EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks; TRADEWRIGHT_DEBUG=1 does too.")
@click.version_option(__version__, "--version", prog_name="tradewright")
def main() -> None:
    """Backtest and trade strategies made of plugins, under fixed limits."""
