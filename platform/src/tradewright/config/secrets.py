"""Secrets that plugins.toml names, looked for where it says and when a component needs them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import attrs

from tradewright.config.dotenv import FILE, load_dotenv
from tradewright.errors import ConfigError
from tradewright.values.secret import Secret, is_reference, with_texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tradewright.config.settings import Settings
    from tradewright.config.toml_lines import Key

T = TypeVar("T")
EXTRA = "pip install 'tradewright[keyring]'"


@attrs.frozen
class Found:
    """A secret that is there.

    Attributes:
        secret: It.
        where: Where it was found.
    """

    secret: Secret
    where: Literal["the environment", ".env", "the keyring"]


def find_secret(reference: str, folder: Path, environment: Mapping[str, str] | None = None) -> Found:
    """Look for a secret.

    An environment variable without a text counts as one that is not set.

    Args:
        reference: `env:NAME` or `keyring:service/name`.
        folder: The workspace, where a `.env` may lie.
        environment: Variables by name, None for those of this process; what is there wins over the file.

    Raises:
        ConfigError: It is nowhere, or the `.env` or the keyring cannot be read.
        SafetyError: The `.env` is not for its owner's eyes alone.
    """
    scheme, _, name = reference.partition(":")
    if scheme == "keyring":
        return Found(Secret(reference, _from_keyring(*name.split("/", 1))), "the keyring")
    text = (os.environ if environment is None else environment).get(name)
    if text:
        return Found(Secret(reference, text), "the environment")
    file = folder / FILE
    text = load_dotenv(file).get(name)
    if text:
        return Found(Secret(reference, text), ".env")
    fix = f"export {name}, or write a line {name}=... into {file} and chmod 600 it"
    raise ConfigError(f"env {name} not set", fix=fix)


def resolve(settings: Settings, key: str, options: T) -> T:
    """Return the options of a component with the text of every secret in them.

    Args:
        settings: Where they stand.
        key: Their dotted place.
        options: As `structure` returned them.

    Raises:
        ConfigError: A secret is nowhere; the error names the key that wants it.
        SafetyError: The `.env` is not for its owner's eyes alone.
    """

    def find(place: Key, secret: Secret) -> Secret:
        try:
            return find_secret(secret.reference, settings.workspace).secret
        except ConfigError as error:
            if error.file is not None:  # The `.env`, which has a line of its own.
                raise
            raise settings.document.error((*key.split("."), *place), error.message, error.fix or "") from error

    return with_texts(options, find)


def references(settings: Settings) -> Iterator[tuple[Key, str]]:
    """Yield every secret that the file names, once for each key that names it."""
    yield from _references(settings.document.table, ())


def named_variables(settings: Settings) -> frozenset[str]:
    """Return the environment variables that the file names as secrets."""
    every = (reference.partition(":") for _, reference in references(settings))
    return frozenset(name for scheme, _, name in every if scheme == "env")


def _references(value: Any, key: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _references(inner, (*key, name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _references(inner, key)
    elif isinstance(value, str) and is_reference(value):
        yield key, value


def _from_keyring(service: str, name: str) -> str:
    try:
        keyring = import_module("keyring")  # An extra: only whoever keeps secrets there has it.
    except ImportError as error:
        message = f"keyring {service}/{name} cannot be read: the package keyring is not installed"
        raise ConfigError(message, fix=EXTRA) from error
    try:
        text: str | None = keyring.get_password(service, name)
    except Exception as error:  # Backends raise what their systems raise.
        reason = str(error).partition(". ")[0]  # Some go on to advertise packages.
        message = f"keyring {service}/{name} cannot be read: {type(error).__name__}: {reason}"
        fix = "unlock the keyring, or see `keyring --list-backends` for what there is on this machine"
        raise ConfigError(message, fix=fix) from error
    if not text:
        fix = f"store it: keyring set {service} {name}"
        raise ConfigError(f"keyring {service}/{name} not set", fix=fix)
    return text
