"""Where a contract class lives: the plugin's folder, its manifest and page, and what is installed of it."""

from __future__ import annotations

import importlib.metadata
import inspect
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradewright.errors import PluginError
from tradewright.host.hookspecs import PROJECT
from tradewright.host.registration import Guard, components
from tradewright.testing.wording import broken, refused

if TYPE_CHECKING:
    from tradewright.host.components import Spec

SECONDS_MAX = 10.0
"""What the kernel allows an import and each hook."""


def folder(contract: type) -> Path:
    """Return the nearest folder above the file of a contract class that has a pyproject.toml."""
    file = Path(inspect.getfile(contract)).resolve()
    for parent in file.parents:
        if (parent / "pyproject.toml").is_file():
            return parent
    raise broken(
        expected="the tests in a folder below the plugin's pyproject.toml",
        found=f"none in any folder above {file}",
        fix="move the tests into the plugin's folder",
    )


def plugin_of(contract: type) -> str:
    """Return the name under which the manifest of the folder registers its only plugin."""
    manifest = folder(contract) / "pyproject.toml"
    project: dict[str, Any] = tomllib.loads(manifest.read_text("utf-8")).get("project", {})
    names = list(project.get("entry-points", {}).get(PROJECT, {}))
    if len(names) == 1:
        return str(names[0])
    raise broken(
        expected=f"one name in [project.entry-points.{PROJECT}] of {manifest}",
        found=", ".join(names) or "none",
        fix='write it there, or name the plugin in the contract class: plugin = "NAME"',
    )


def readme(contract: type) -> str:
    """Return the text of the plugin's page, README.md beside its manifest."""
    page = folder(contract) / "README.md"
    if page.is_file():
        return page.read_text("utf-8")
    raise broken(expected=f"{page}, which says what each option means", found="no such file", fix="write it")


def entry_point(plugin: str) -> importlib.metadata.EntryPoint:
    """Return the entry point of an installed plugin."""
    found = tuple(importlib.metadata.entry_points(group=PROJECT, name=plugin))
    if len(found) == 1:
        return found[0]
    owners = ", ".join(str(entry.dist and entry.dist.name) for entry in found)
    raise broken(
        expected=f"plugin {plugin} installed once in this environment",
        found=f"installed by {owners}" if owners else "it is not installed",
        fix="run `pip install -e '.[test]'` in its folder",
    )


@cache
def specs_of(plugin: str) -> tuple[Spec, ...]:
    """Return what a plugin registers, loaded and checked as the kernel does at start-up."""
    entry = entry_point(plugin)
    try:
        return components(Guard(entry.module.partition(".")[0], SECONDS_MAX), plugin, entry.load)
    except PluginError as error:
        raise refused(
            error, expected=f"plugin {plugin} to load", fix="mend what it raises; `tradewright doctor` shows it too"
        ) from error


def find(plugin: str, kind: str, name: str | None) -> Spec:
    """Return the plugin's component of that kind: the one of that name, or of the plugin's, or the only one."""
    specs = {spec.name: spec for spec in specs_of(plugin) if spec.kind == kind}
    if name is None and len(specs) == 1:
        return next(iter(specs.values()))
    if (wanted := name or plugin) in specs:
        return specs[wanted]
    raise broken(
        expected=f"plugin {plugin} to register the {kind} {wanted}",
        found=f"it registers {', '.join(specs) or 'none of this kind'}",
        fix='yield it from the plugin\'s hook, or name it in the contract class: name = "NAME"',
    )
