"""`tradewright plugins`: what is installed, enabled or broken, what each part offers, and a new one's files."""

from __future__ import annotations

import os
from math import isfinite
from typing import TYPE_CHECKING, Any, get_origin

import attrs
import click
from click.core import ParameterSource

from tradewright.cli.inventory import enabled_in, take_inventory
from tradewright.cli.new_plugin import new_plugin
from tradewright.cli.options import config_option, json_option
from tradewright.cli.output import echo_json, echo_table, printable
from tradewright.config import did_you_mean, show
from tradewright.errors import UsageError
from tradewright.host import lockfile
from tradewright.host.loading import allow_list, lock_installed
from tradewright.values.secret import Secret
from tradewright.workspace.paths import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from tradewright.host.components import Spec
    from tradewright.host.loading import AllowList
    from tradewright.host.plugins import PluginRecord, Plugins


@click.group()
def plugins() -> None:
    """Show plugins and what they provide, lock what they consist of, or begin one."""


plugins.add_command(new_plugin)


@plugins.command("list")
@config_option
@json_option
def list_plugins(config_file: Path, as_json: bool) -> None:  # noqa: FBT001  # click passes by name
    """List every plugin: installed or asked for, active or why not."""
    allowed, loaded = _inventory(config_file)
    if as_json:
        names = [str(pin) for pin in allowed.pins]
        records = [_fields(record) for record in loaded.records]
        lock = None if loaded.lock is None else str(_lock_file(config_file))
        echo_json("plugins", allow_list={"source": allowed.source, "names": names}, lock=lock, plugins=records)
        return
    rows = [(record.name, record.status, record.version or "-", _provided(record)) for record in loaded.records]
    echo_table(("plugin", "status", "version", "provides"), rows)
    for record in loaded.records:
        if record.reason:
            click.echo(f"\n{record.name} is {record.status}: {printable(record.reason)}")
    if loaded.lock is not None:
        click.echo(f"\n{_lock_file(config_file)} is in force: only what is as it was locked is loaded.")
    if allowed.source == "none":
        click.echo(
            f"\nThere is no {config_file} here, so no plugin is enabled."
            "\nWrite one that names them under [plugins] enabled, or set TRADEWRIGHT_PLUGINS=name,name."
        )


@plugins.command("info")
@click.argument("name")
@config_option
@json_option
def show_plugin(name: str, config_file: Path, as_json: bool) -> None:  # noqa: FBT001  # click passes by name
    """Show what the plugin or component NAME provides, with every option, its unit and default."""
    _, loaded = _inventory(config_file)
    record = loaded.bringing(name)
    if record is None:
        known = [record.name for record in loaded.records]
        parts = [spec.name for record in loaded.records for spec in record.components]
        raise UsageError(
            f"no plugin or component {show(name)} is installed{did_you_mean(name, [*known, *parts])}",
            fix=f"install its package, or name one of: {', '.join(known) or 'none is installed'}",
        )
    if as_json:
        components = [_component(spec) for spec in record.components]
        echo_json("plugin", **{**_fields(record), "components": components})
        return
    about = (
        ("status", f"{record.status}: {record.reason}" if record.reason else record.status),
        ("package", f"{record.distribution or '-'} {record.version or ''}"),
        ("needs", f"tradewright {record.kernel_requires or 'of any version'}"),
    )
    click.echo("\n".join([record.name, *(f"  {word:<8} {printable(value)}" for word, value in about)]))
    for spec in record.components:
        click.echo(f"\n{spec.kind} {spec.name}" + (f": {printable(spec.summary)}" if spec.summary else ""))
        _echo_options(spec)
        for word, declared in (("talks to", spec.hosts), ("reads", spec.secrets)):
            if declared:
                click.echo(f"  {word} {', '.join(declared)}")


@plugins.command("lock")
@config_option
def lock_plugins(config_file: Path) -> None:
    """Write plugins.lock beside the settings: of what each enabled plugin consists now.

    From then on a plugin that differs from it is not loaded. Remove the file to end that.
    """
    allowed = allow_list(enabled_in(config_file, required=True), os.environ)
    lock = lock_installed(allowed.pins)
    lockfile.write(_lock_file(config_file), lock)
    rows = [(name, locked.version, locked.sha256) for name, locked in lock.plugins.items()]
    echo_table(("plugin", "version", "sha256"), rows)
    click.echo(
        f"\nWrote {_lock_file(config_file)}: the plugins that {allowed.source} enables, as they are installed now."
    )


def _inventory(config_file: Path) -> tuple[AllowList, Plugins]:
    source = click.get_current_context().get_parameter_source("config_file")
    enabled = enabled_in(config_file, required=source is not ParameterSource.DEFAULT)
    return take_inventory(enabled, config_file.parent)


def _lock_file(config_file: Path) -> Path:
    return Workspace(config_file.parent).plugins_lock


def _provided(record: PluginRecord) -> str:
    return ", ".join(f"{spec.kind} {spec.name}" for spec in record.components) or "-"


def _fields(record: PluginRecord) -> dict[str, Any]:
    """Return the record as `--json` shows it."""
    fields = attrs.asdict(record, recurse=False)
    return fields | {"components": [{"kind": spec.kind, "name": spec.name} for spec in record.components]}


def _component(spec: Spec) -> dict[str, Any]:
    options = [_option(field) for field in attrs.fields(spec.config)]
    return {
        "kind": spec.kind,
        "name": spec.name,
        "summary": spec.summary,
        "api": spec.api,
        "hosts": list(spec.hosts),
        "secrets": list(spec.secrets),
        "options": options,
    }


def _option(field: attrs.Attribute[Any]) -> dict[str, Any]:
    """Return what the config class says of one option; a default unknown to JSON is written as text."""
    required = field.default is attrs.NOTHING
    made = isinstance(field.default, attrs.Factory)  # type: ignore[arg-type]  # Factory is a class at run time
    default = None if required or made else field.default
    if isinstance(default, Secret):
        default = default.reference
    if not (default is None or isinstance(default, int | str) or (isinstance(default, float) and isfinite(default))):
        default = str(default)
    # A type stands there as text until its options are first read.
    of: Any = field.type
    kind = of.__name__ if isinstance(of, type) and get_origin(of) is None else str(of).replace("typing.", "")
    words = {word: field.metadata.get(word) or None for word in ("unit", "bounds", "doc")}
    return {"name": field.alias, "type": kind, "required": required, "default": default, **words}


def _echo_options(spec: Spec) -> None:
    options = [_option(field) for field in attrs.fields(spec.config)]
    if not options:
        click.echo("  no options")
        return
    rows = [
        (
            f"  {option['name']}",
            "required" if option["required"] else show(option["default"]),
            option["unit"] or "-",
            option["bounds"] or "-",
            option["doc"] or "-",
        )
        for option in options
    ]
    echo_table(("  option", "default", "unit", "bounds", "meaning"), rows)
