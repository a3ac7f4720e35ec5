"""Keys of plugins.toml and options of components, from the classes that read them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import attrs
from tradewright import builtins, config
from tradewright.config import settings
from tradewright.config.wording import show
from tradewright.host.loading import load

from generator.markdown import code, table

if TYPE_CHECKING:
    from tradewright.host.components import Spec

PLUGINS = Path(__file__).parents[2] / "plugins"
HEAD = ("option", "value", "unit", "default", "meaning")
NOUNS = {"number": "number", "fraction": "fraction", "count": "whole number"}
TABLES = {
    "": settings.Sections,
    "plugins": config.PluginSettings,
    "capital": config.CapitalSettings,
    "data": config.FeedSettings,
    "instruments": config.InstrumentSettings,
    "strategies": config.StrategySettings,
    "signals": config.SignalSettings,
    "venues": config.VenueSettings,
    "execution": config.ExecutionSettings,
    "costs": config.CostSettings,
}


def keys(name: str = "") -> str:
    """Return the keys of one table of plugins.toml, those that hold tables of their own left out."""
    fields = [field for field in _fields(TABLES[name]) if field.metadata.get("doc")]
    return table(("key", *HEAD[1:]), map(_row, fields))


def options(kind: str, name: str) -> str:
    """Return the options of a component."""
    (spec,) = [spec for spec in specs(kind) if spec.name == name]
    return table(HEAD, map(_row, _fields(spec.config)))


def parts(kind: str, link: str = "") -> str:
    """Return every component of a kind, with what it is for; `link` leads to a page of its name."""
    rows = [
        (f"[`{spec.name}`]({link.format(spec.name)})" if link else code(spec.name), spec.summary)
        for spec in specs(kind)
    ]
    return table((kind.replace("-", " "), "what it does"), rows)


def specs(kind: str) -> list[Spec]:
    """Return the components of a kind: the built-in ones, then those of the plugins of this repository."""
    loaded = load([config.Pin(folder.name) for folder in sorted(PLUGINS.iterdir())], builtin=builtins)
    return [spec for record in loaded.records for spec in record.components if spec.kind == kind]


def _fields(cls: type[Any]) -> list[attrs.Attribute[Any]]:
    return list(attrs.fields(attrs.resolve_types(cls)))


def _row(field: attrs.Attribute[Any]) -> tuple[str, ...]:
    about = field.metadata
    return code(field.name), _value(field), about.get("unit", ""), _default(field), about.get("doc", "")


def _value(field: attrs.Attribute[Any]) -> str:
    """Say what may be written: the kind of value, and its limits."""
    span = field.metadata.get("range")
    return f"{NOUNS[span.kind]} {code(str(span))}".strip() if span is not None else _kind(field.type)


def _kind(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(code(show(word)) for word in get_args(kind))
    if get_origin(kind) in {tuple, UnionType}:
        (inner,) = {*get_args(kind)} - {NoneType, ...}
        return f"list of {_kind(inner)}s" if get_origin(kind) is tuple else _kind(inner)
    if kind is config.OptimizerSettings:
        return "text or table"
    if attrs.has(kind) and kind is not config.Pin:
        return f"table of {', '.join(code(field.name) for field in attrs.fields(kind))}"
    return {bool: "`true`, `false`", date: "date"}.get(kind, "text")


def _default(field: attrs.Attribute[Any]) -> str:
    if field.default is attrs.NOTHING:
        return "required"
    if field.default is None or isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]  # Factory is a class at run time
        return "none"
    if isinstance(field.default, config.OptimizerSettings):
        return code(show(field.default.name))
    large = isinstance(field.default, float) and field.default >= 1_000
    return code(f"{field.default:_.0f}" if large else show(field.default))
