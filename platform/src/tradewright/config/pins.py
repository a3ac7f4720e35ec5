"""The table [plugins]: which plugins may run, and of which version."""

from __future__ import annotations

import re
from typing import Any

import attrs

from tradewright.config.ranges import OptionError
from tradewright.config.strict import CONVERTER
from tradewright.config.texts import distinct
from tradewright.config.wording import show

_PIN = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)(?:==([0-9][0-9A-Za-z.+!-]*))?")


@attrs.frozen
class Pin:
    """One plugin allowed to run.

    Attributes:
        name: Its entry point.
        version: The only version allowed, or None for any.

    >>> Pin.parse("ma-crossover==0.1.0"), str(Pin("ma-crossover"))
    (Pin(name='ma-crossover', version='0.1.0'), 'ma-crossover')
    """

    name: str
    version: str | None = None

    @classmethod
    def parse(cls, text: str) -> Pin:
        """Read `name` or `name==version`.

        Raises:
            OptionError: It is neither.
        """
        match = _PIN.fullmatch(text)
        if match is None:
            name = re.split(r"[<>=~!]", text)[0].strip().lower()
            meant = re.sub(r"[^a-z0-9]+", "-", name).strip("-") or "ma-crossover"
            fix = f'write "{meant}" or "{meant}==0.1.0"'
            raise OptionError(f"must be NAME or NAME==VERSION, was {show(text)}", fix)
        return cls(match[1], match[2])

    def __str__(self) -> str:
        """Write it as plugins.toml does."""
        return self.name if self.version is None else f"{self.name}=={self.version}"


def _pin(value: Any, _: object) -> Pin:
    if not isinstance(value, str):
        raise OptionError(f"must be text in quotes, was {show(value)}", 'write "NAME" or "NAME==VERSION"')
    return Pin.parse(value)


CONVERTER.register_structure_hook(Pin, _pin)


@attrs.frozen(kw_only=True)
class PluginSettings:
    """The allow-list: nothing else is imported.

    Attributes:
        enabled: Plugins in the order of their hooks; an empty list leaves the built-in components.
    """

    enabled: tuple[Pin, ...] = attrs.field(
        validator=distinct,
        metadata={
            "doc": 'plugins that may be imported, "NAME" or "NAME==VERSION"',
            "missing": "no plugins enabled",
            "example": '[plugins] with enabled = ["sample-data"]',
        },
    )
