"""Options as plugins.toml has them, and the values that a contract tries on them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from tradewright.config.document import Document
from tradewright.config.ranges import Range
from tradewright.config.strict import structure_table
from tradewright.values.secret import Secret, with_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ODD: tuple[object, ...] = (0, -1, 1, 10**6, 0.5, 1e308, 10**400, True, "", "nan", [], {})
"""What people write where something else belongs."""


def structured(table: Mapping[str, Any], config: type) -> Any:
    """Return options read as from plugins.toml; a secret has a text that stands in for the real one.

    Raises:
        ConfigError: A key is unknown, missing or holds a wrong value.
        PluginError: The config class cannot be read.
    """
    options: Any = structure_table(Document(), (), dict(table), config)
    return with_texts(options, lambda _, one: Secret(one.reference, f"stands in for {one.reference}"))


def as_toml(value: Any) -> Any:
    """Return a value as TOML would hold it: tables, arrays and scalars; an option that is None is left out."""
    if attrs.has(type(value)):
        fields = [field for field in attrs.fields(type(value)) if field.init]
        named = {field.alias: getattr(value, field.name) for field in fields if not field.metadata.get("rest")}
        rest = {k: v for field in fields if field.metadata.get("rest") for k, v in getattr(value, field.name).items()}
        return {name: as_toml(inner) for name, inner in (named | rest).items() if inner is not None}
    if isinstance(value, tuple | list):
        return [as_toml(inner) for inner in value]
    if isinstance(value, dict):
        return {name: as_toml(inner) for name, inner in value.items()}
    return value.reference if isinstance(value, Secret) else value


def is_number(config: Any, field: attrs.Attribute[Any]) -> bool:
    """Say whether an option holds a number."""
    value = getattr(config, field.name)
    return isinstance(field.metadata.get("range"), Range) or (
        isinstance(value, int | float) and not isinstance(value, bool)
    )


def trials(field: attrs.Attribute[Any]) -> Iterator[object]:
    """Yield values for an option: at its bounds, just below and just above, and odd ones."""
    span = field.metadata.get("range")
    if isinstance(span, Range):
        for bound in (span.above, span.at_least, span.at_most):
            if bound is None:
                continue
            if span.kind == "count":
                yield from (int(bound) - 1, int(bound), int(bound) + 1)
            else:
                yield from (math.nextafter(bound, -math.inf), float(bound), math.nextafter(bound, math.inf))
    yield from ODD


def rows_of(page: str) -> dict[str, dict[str, str]]:
    r"""Return the rows of every table in a page whose first column is called `option`, by option.

    >>> rows_of("| option | default |\n|---|---|\n| `fast` | 50 |\n")
    {'fast': {'option': '`fast`', 'default': '50'}}
    """
    found: dict[str, dict[str, str]] = {}
    header: list[str] = []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.lstrip().startswith("|"):
            header = []
        elif not header:
            header = [cell.lower() for cell in cells]
        elif header[0] == "option" and set(cells[0]) - set(":- "):
            found[cells[0].strip("`")] = dict(zip(header, cells, strict=False))
    return found


def written(value: object) -> str:
    """Return a default as a page is to write it, code marks and thousands separators aside.

    >>> written("long-flat"), written(0.30), written(()), written(True)
    ('"long-flat"', '0.3', '[]', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | Secret):
        return f'"{as_toml(value)}"'
    return str(as_toml(value)).replace("'", '"')


def says(cell: str, value: object) -> bool:
    """Say whether the cell of a page shows the default; 0.30 is 0.3.

    >>> says("`0.30`", 0.3), says("50", 50), says("20", 50)
    (True, True, False)
    """
    shown = cell.strip("`")
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(shown.replace("_", "")) == float(value)
        except ValueError:
            return False
    return shown.replace("'", '"') == written(value)
