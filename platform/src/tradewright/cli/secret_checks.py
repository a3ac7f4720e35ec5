"""What `tradewright doctor` looks at of secrets: whether each is there, and where; never what it is, or how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradewright.cli.checking import Check, from_error
from tradewright.config.dotenv import FILE, load_dotenv
from tradewright.config.secrets import find_secret, references
from tradewright.config.wording import dotted
from tradewright.errors import TradewrightError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tradewright.config import Settings
    from tradewright.host.components import Spec


def check_secrets(settings: Settings) -> Iterable[Check]:
    """Look for every secret that the file names, and at the `.env` beside it even where no secret is in there."""
    named: dict[str, tuple[str, ...]] = {}
    for key, reference in references(settings):
        named.setdefault(reference, key)
    file = settings.workspace / FILE
    if not named or not file.exists():
        broken = None
    else:
        broken = _broken(file)
        yield broken or Check(name=FILE, ok=True, found="nobody else can read it")
    for reference, key in named.items():
        name = f"secret {reference}"
        try:
            where = find_secret(reference, settings.workspace).where
        except TradewrightError as error:
            if broken is not None and error.file == str(file):  # Which has been told of.
                found = f"not in the environment; wanted by {dotted(key)}"
                yield Check(name=name, ok=False, found=found, fix=f"mend {file} first")
            else:
                yield from_error(name, settings.document.error(key, error.message, error.fix or ""))
            continue
        yield Check(name=name, ok=True, found=f"set, from {where}")


def check_declared(spec: Spec, workspace: Path) -> Iterable[Check]:
    """Look for the secrets that a component says it reads: a warning, because no command may need them."""
    for secret in spec.secrets:
        name = f"{spec.kind} {spec.name}"
        try:
            find_secret(secret, workspace)
        except TradewrightError as error:
            found = f"reads the secret {secret}, which is not set"
            yield Check(name=name, ok=True, warning=True, found=found, fix=error.fix or "set it")
        else:
            yield Check(name=name, ok=True, found=f"reads the secret {secret}")


def _broken(file: Path) -> Check | None:
    try:
        load_dotenv(file)
    except TradewrightError as error:
        return from_error(FILE, error)
    return None
