"""`tradewright data fetch` and `tradewright data list`: prices kept below the workspace, and what they are."""

from __future__ import annotations

import contextlib
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import attrs
import click

from tradewright.cli.inventory import take_inventory
from tradewright.cli.options import Day, config_option, json_option
from tradewright.cli.output import echo_json, echo_table, printable
from tradewright.cli.program import StoppedError
from tradewright.cli.progress import progress_bar
from tradewright.cli.stopping import TerminatedError
from tradewright.config import did_you_mean, read, show
from tradewright.data.spans import Span
from tradewright.errors import CheckError, DataError, TradewrightError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tradewright.config import Settings
    from tradewright.data.cached import Label
    from tradewright.data.fetch import Outcome
    from tradewright.data.store import PriceStore
    from tradewright.host.plugins import Plugins

_DIGITS_SHOWN = 12  # Of a fingerprint: enough to tell two apart.
_KILOBYTE = 1000
_LABEL_FIELDS = (
    *("source", "plugin_version", "bar", "calendar", "adjustment", "asked_from", "asked_to"),
    *("first_on", "last_on", "bars", "fingerprint", "fetched_at"),
)


@click.command()
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@config_option
@click.option("--from", "first_on", type=Day(), metavar="DATE", help="First session; the earliest unless given.")
@click.option("--to", "last_on", type=Day(), metavar="DATE", help="Last session; the latest unless given.")
@click.option("--refresh", is_flag=True, help="Ask for everything anew, and replace what is kept.")
@json_option
def fetch(
    feeds: tuple[str, ...],
    config_file: Path,
    first_on: date | None,
    last_on: date | None,
    refresh: bool,  # noqa: FBT001  # click passes by name
    as_json: bool,  # noqa: FBT001  # click passes by name
) -> int:
    """Keep the prices of feeds on this disk: of each FEED of plugins.toml, or of all.

    Only what is missing is asked for, so an interrupted fetch goes on where it stopped. It ends with 5 when a symbol
    could not be fetched, or when its source has revised what is kept.
    """
    if first_on is not None and last_on is not None and first_on > last_on:
        raise UsageError(f"empty range: {first_on} is after {last_on}", key="--from", fix="swap the two dates")
    settings = read(config_file)
    names = _known(settings, feeds)
    _, plugins = take_inventory(settings.plugins.enabled, settings.workspace)
    outcomes = _fetched(settings, plugins, names, Span(first_on, last_on), refresh=refresh)
    ok = all(outcome.ok for outcome in outcomes)
    if as_json:
        echo_json("data-fetch", ok=ok, files=[_outcome_fields(settings.workspace, one) for one in outcomes])
    else:
        columns = ("feed", "symbol", "bar", "first", "last", "bars", "fingerprint", "status")
        echo_table(columns, [_outcome_row(one) for one in outcomes])
        _echo_remarks(outcomes)
    return 0 if ok else DataError.exit_code


def _known(settings: Settings, feeds: Sequence[str]) -> tuple[str, ...]:
    for name in feeds:
        if name not in settings.data:
            fix = f"name one of: {', '.join(settings.data)}"
            raise UsageError(f"no feed {show(name)} in [data]{did_you_mean(name, settings.data)}", fix=fix)
    return tuple(dict.fromkeys(feeds or settings.data))


def _fetched(
    settings: Settings, plugins: Plugins, names: tuple[str, ...], span: Span, *, refresh: bool
) -> list[Outcome]:
    """Fetch, showing how far it is; a Ctrl-C says what it leaves."""
    from tradewright.data.fetch import fetch as bring  # noqa: PLC0415  # Parquet takes 0.2 s that `data check` does without

    wanted = [f"{name} {symbol}" for name in names for symbol in settings.data[name].symbols]
    done: list[Outcome] = []
    try:
        # What a plugin prints must not end up in the middle of `--json`.
        with progress_bar() as progress, contextlib.redirect_stdout(sys.stderr):
            coming = bring(settings, plugins, names, span, refresh=refresh, now=lambda: datetime.now(UTC))
            for i, what in enumerate(wanted):
                if progress is not None:
                    progress(f"fetching {what}", i, len(wanted))
                done.append(next(coming))
    except TerminatedError:
        raise
    except KeyboardInterrupt as error:
        message = f"stopped by Ctrl-C after {len(done)} of {len(wanted)} symbols; what was fetched is kept"
        raise StoppedError(message, fix="run the same again: it goes on with what is missing") from error
    return done


def _outcome_row(one: Outcome) -> tuple[str, ...]:
    cells = ("-", "-", "-", "-", "-") if one.label is None else _numbers(one.label)
    return (one.feed, one.symbol, *cells, one.status)


def _numbers(label: Label) -> tuple[str, ...]:
    return (
        str(label.question["bar"]),
        str(label.first_on),
        str(label.last_on),
        f"{label.n_bars:,}",
        label.fingerprint[:_DIGITS_SHOWN],
    )


def _echo_remarks(outcomes: Sequence[Outcome]) -> None:
    """Write what went wrong, what was revised, and what a reader of the prices must know."""
    for one in outcomes:
        if one.error is not None:
            click.echo(f"\n{one.feed} {one.symbol} failed: {printable(str(one.error))}")
            if one.error.fix:
                click.echo(f"  fix: {printable(one.error.fix)}")
        if one.revision is not None:
            kept = "the file is left as it was" if one.status == "revised" else "the file was replaced"
            click.echo(f"\n{one.feed} {printable(str(one.revision))}: revised by the source, and {kept}")
        if one.status == "revised":
            click.echo(f"  fix: tradewright data fetch {one.feed} --refresh, or go on with what is kept")
        for line in one.warnings:
            click.echo(f"\n{one.feed}: {printable(line)}")


def _outcome_fields(workspace: Path, one: Outcome) -> dict[str, Any]:
    from tradewright.data.store import PriceStore  # noqa: PLC0415  # as above

    error, revision = one.error, one.revision
    path = None if one.label is None else PriceStore(workspace).path(one.feed, one.symbol).relative_to(workspace)
    return {
        "feed": one.feed,
        "symbol": one.symbol,
        "status": one.status,
        "path": None if path is None else path.as_posix(),
        **_label_fields(one.label),
        "revision": None
        if revision is None
        else {
            "on": None if revision.on is None else revision.on.isoformat(),
            "column": revision.column,
            "was": revision.was,
            "now": revision.now,
            "bars": revision.bars,
        },
        "error": None if error is None else _error_fields(error),
        "warnings": list(one.warnings),
    }


def _label_fields(label: Label | None) -> dict[str, Any]:
    if label is None:
        return dict.fromkeys(_LABEL_FIELDS)
    from_to = {name: getattr(label, name) for name in ("asked_from", "asked_to", "first_on", "last_on")}
    known = {
        **{name: label.question[name] for name in ("source", "bar", "calendar", "adjustment")},
        **{name: None if day is None else day.isoformat() for name, day in from_to.items()},
        "plugin_version": label.plugin_version,
        "bars": label.n_bars,
        "fingerprint": label.fingerprint,
        "fetched_at": f"{label.fetched_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    return {name: known[name] for name in _LABEL_FIELDS}


def _error_fields(error: TradewrightError) -> dict[str, Any]:
    return {"type": type(error).__name__, "message": str(error), "fix": error.fix}


# ---- what there is ---------------------------------------------------------------------------------------


@click.command("list")
@config_option
@click.option("--verify", is_flag=True, help="Compute every fingerprint anew from the numbers.")
@json_option
def list_prices(config_file: Path, verify: bool, as_json: bool) -> int:  # noqa: FBT001  # click passes by name
    """List the prices that `data fetch` has kept; exit 9 if a file is damaged or, with --verify, altered."""
    from tradewright.data.store import FOLDER, PriceStore  # noqa: PLC0415  # as above

    store = PriceStore(config_file.resolve().parent)
    found = [_looked_at(store, file, verify=verify) for file in store.files()]
    ok = all(one.error is None for one in found)
    if as_json:
        echo_json("data-list", ok=ok, verified=verify, files=[_kept_fields(one) for one in found])
    elif not found:
        click.echo(f"No prices are kept in {FOLDER.as_posix()}; `tradewright data fetch` brings them.")
    else:
        _echo_list(found, verify=verify)
    return 0 if ok else CheckError.exit_code


@attrs.frozen
class _Kept:
    """One file of prices: its path and size, what it says of itself, and what is wrong with it."""

    path: str
    size: int
    label: Label | None
    error: TradewrightError | None


def _looked_at(store: PriceStore, file: Path, *, verify: bool) -> _Kept:
    label, error = None, None
    try:
        label = store.label(file)
        if verify:
            store.verified(file)
    except TradewrightError as found:
        error = found
    size = file.lstat().st_size
    return _Kept(file.relative_to(store.workspace.resolve()).as_posix(), size, label, error)


def _echo_list(found: Sequence[_Kept], *, verify: bool) -> None:
    columns = ("feed", "source", "symbol", "bar", "first", "last", "bars", "fingerprint", "fetched at (UTC)", "size")
    echo_table(columns, [_kept_row(one) for one in found if one.label is not None])
    wrong = [one.error for one in found if one.error is not None]
    for error in wrong:
        click.echo(f"\n{printable(str(error))}\n  fix: {printable(error.fix or '')}")
    if verify and not wrong:
        click.echo("\nEvery file holds the numbers that its fingerprint names.")


def _kept_row(one: _Kept) -> tuple[str, ...]:
    label = one.label
    assert label is not None  # noqa: S101  # only files with a label have a row
    bar, *numbers = _numbers(label)
    fetched_at = f"{label.fetched_at:%Y-%m-%d %H:%M}"
    size = f"{one.size / _KILOBYTE:,.0f} kB"
    return (label.feed, str(label.question["source"]), label.symbol, bar, *numbers, fetched_at, size)


def _kept_fields(one: _Kept) -> dict[str, Any]:
    return {
        "path": one.path,
        "bytes": one.size,
        "feed": None if one.label is None else one.label.feed,
        "symbol": None if one.label is None else one.label.symbol,
        **_label_fields(one.label),
        "error": None if one.error is None else _error_fields(one.error),
    }
