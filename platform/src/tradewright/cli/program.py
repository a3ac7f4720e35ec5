"""How the program runs a command and what it says when that fails."""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import gc
import os
import sys
import traceback
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.shell_completion import shell_complete

from tradewright.cli.output import echo_error
from tradewright.cli.stopping import TERMINATED, TerminatedError, stoppable
from tradewright.errors import TradewrightError, UsageError
from tradewright.redaction import guard_streams

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PROGRAM = "tradewright"
_COMPLETE = "_TRADEWRIGHT_COMPLETE"  # What click's completion scripts set.
GROUPS = {
    "Start": ("init", "doctor", "data", "plugins"),
    "Research": ("backtest", "parity", "signals", "runs", "sweep", "walkforward", "montecarlo", "models"),
    "Operate": (
        *("run", "plan", "veto", "status", "monitor", "halt", "resume", "kill"),
        *("capital", "service", "drill"),
    ),
    "Account for": ("ledger", "replay", "why", "report", "export"),
    "Prove": ("simtest",),
}
"""What commands are for, in the order of `--help`; names that are planned have their place already."""
OTHERS = "Others"
COLLECTED_AFTER = (20_000, 20, 20)
"""When Python looks for garbage: it does so after 700 new objects by itself, and imports make 300,000 that stay."""
UNREAD = 141
"""Exit code when nobody read the output to its end, as after SIGPIPE: never 0, because a check may have said no."""


class BugError(TradewrightError):
    """Nobody foresaw this."""

    exit_code = 1


class SystemRefusedError(TradewrightError):
    """The operating system refused, where no command foresaw it: a full disk, a missing permission."""

    exit_code = 1


class StoppedError(TradewrightError):
    """Somebody pressed Ctrl-C."""

    exit_code = 130


class Lazy(click.Command):
    """A line of the command table: name and help, and where the command itself is found.

    Attributes:
        target: `module:attribute` of the click command.
    """

    def __init__(self, name: str, target: str, short_help: str) -> None:
        super().__init__(name, short_help=short_help)
        self.target = target

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


class Program(click.Group):
    """All commands: imports only the one that runs, and ends every failure with a sentence and a code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Keep the order of the table; click would sort by name."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """List the commands under what they are for, those of no group last."""
        grouped = {name for names in GROUPS.values() for name in names}
        others = tuple(name for name in self.commands if name not in grouped)
        for group, names in {**GROUPS, OTHERS: others}.items():
            there = [(name, self.commands[name]) for name in names if name in self.commands]
            if there:
                with formatter.section(group):
                    formatter.write_dl([(name, one.get_short_help_str(formatter.width)) for name, one in there])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command and import it."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Lazy) else command, rest

    def main(self, args: Sequence[str] | None = None, **_: Any) -> NoReturn:  # type: ignore[override]  # always ends the process
        """Run the command and exit with one of the codes of the reference page.

        Args:
            args: The words after the program's name, None for those of the process.
            **_: What click's own `main` takes; the program has one name and one way to end.
        """
        words = list(sys.argv[1:] if args is None else args)
        if _COMPLETE in os.environ:
            sys.exit(shell_complete(self, {}, PROGRAM, _COMPLETE, os.environ[_COMPLETE]))
        # Both are looked for here because they also govern what is said about a line that cannot be parsed.
        as_json = "--json" in words
        debug = "--debug" in words or os.environ.get("TRADEWRIGHT_DEBUG", "") not in {"", "0"}
        words = [word for word in words if word != "--debug"]
        if args is None:
            _spare_the_collector()
        guard_streams()
        if sys.stderr is not None and not faulthandler.is_enabled():
            # A crash in C code leaves the name of the component last asked, as the name of a frame.
            with contextlib.suppress(OSError):  # Not a file: whoever took it is in this process.
                faulthandler.enable()
        with stoppable():
            try:
                code = _outcome(lambda: self._run(words), as_json, debug)
            except BrokenPipeError:
                # The reader of `| head` has seen enough; Python would complain when it flushes at the end.
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                code = UNREAD
        sys.exit(code)

    def _run(self, words: list[str]) -> int:
        """Return the command's own exit code; click's `main` would hide a broken pipe behind a 1."""
        try:
            with self.make_context(PROGRAM, words) as ctx:
                code = self.invoke(ctx)
        except click.exceptions.Exit as end:  # `--help` and `--version` end here.
            code = end.exit_code
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else 0


def _spare_the_collector() -> None:
    """Let a process that ends with its command look for less garbage: a quarter of the time of a short backtest.

    A tenth goes into looking while modules are imported; more goes, at the end, into taking every object apart that
    the operating system is about to take back whole.
    """
    gc.set_threshold(*COLLECTED_AFTER)
    atexit.register(gc.freeze)


def _outcome(run: Callable[[], int], as_json: bool, debug: bool) -> int:  # noqa: FBT001  # the caller names both
    """Run and return the exit code, having said what went wrong."""
    try:
        return run()
    except BrokenPipeError:
        raise
    except TerminatedError:
        return TERMINATED
    except (click.Abort, KeyboardInterrupt):
        failure: TradewrightError = StoppedError("stopped by Ctrl-C")
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return UsageError.exit_code
    except click.ClickException as error:
        failure = _misspoken(error, as_json)
    except TradewrightError as error:
        failure = error
        _trace(debug)
    except OSError as error:
        failure = SystemRefusedError(error.strerror or str(error), file=error.filename)
        _trace(debug)
    except Exception as error:  # noqa: BLE001  # the last resort: even a bug ends with a sentence
        failure = BugError(
            f"this is a bug in tradewright: {type(error).__name__}: {error}",
            fix="please report it, with what the same command prints when --debug is added",
        )
        _trace(debug)
    echo_error(failure, as_json=as_json)
    return failure.exit_code


def _misspoken(error: click.ClickException, as_json: bool) -> UsageError:  # noqa: FBT001  # one private switch
    """Keep click's words, which name the nearest option or command when one was misspelled."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    if ctx is None:
        return UsageError(error.format_message(), fix=f"see {PROGRAM} --help")
    if not as_json:
        click.echo(ctx.get_usage(), err=True)
    return UsageError(error.format_message(), fix=f"see {ctx.command_path} --help")


def _trace(debug: bool) -> None:  # noqa: FBT001  # one private switch
    if debug:
        click.echo(traceback.format_exc(), err=True)
