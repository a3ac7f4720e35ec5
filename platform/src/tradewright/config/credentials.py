"""Secrets are named in plugins.toml, never written there: files are copied, committed and saved with runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tradewright.values.secret import is_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradewright.config.document import Document
    from tradewright.config.toml_lines import Key

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
_SECRET_WORDS = frozenset(
    ["key", "apikey", "secret", "token", "password", "passwd", "passphrase", "mnemonic", "credential"]
)
_DIGEST_WORDS = frozenset(["hash", "digest", "checksum", "sha256", "fingerprint"])
_HEX_KEY = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")
# Each shape names who issues it; option symbols (root, date, C or P, strike) look like Alpaca's and are not.
_LITERALS = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # AWS
    r"|\b(?![A-Z]{1,6}\d{6}[CP]\d{8}\b)(?:PK|AK|CK)[A-Z0-9]{18,24}\b"  # Alpaca
    r"|\bsk-[A-Za-z0-9_-]{20,}"  # OpenAI
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}"  # GitHub
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"  # Slack
    r"|\b\d{8,10}:[A-Za-z0-9_-]{35}\b"  # Telegram
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"  # JSON web tokens
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|[a-z][a-z0-9+]*://[^/\s:@]*:[^/\s@]+@"  # a password inside a URL
    # 32 and more random characters: alphabets mixed, no separators, so that names of models pass.
    r"|(?<![A-Za-z0-9+/=_-])(?=[a-z0-9+]*[A-Z])(?=[A-Z0-9+]*[a-z])(?=[A-Za-z+]*\d)"
    r"[A-Za-z0-9+]{32,}={0,2}(?![A-Za-z0-9+/_-])"
)


def refuse_secrets(document: Document) -> None:
    """Refuse a secret in clear text anywhere in the file, without repeating it.

    Raises:
        ConfigError: A key named like a secret holds anything but a reference, or a value looks like a secret.
    """
    for key, value in _leaves(document.table, ()):
        if _is_secret(key[-1], value):
            name = re.sub(r"\W", "_", key[-1]).upper()
            message = "secret in clear text; must be env:NAME or keyring:service/name"
            fix = (
                f'put it in the environment and write "env:{name}"; '
                "then renew it at its issuer, because files get copied"
            )
            raise document.error(key, message, fix)


def _leaves(value: Any, key: Key) -> Iterator[tuple[Key, Any]]:
    """Walk through every value; those in an array belong to the array's key."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*key, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, key)
    else:
        yield key, value


def _is_secret(name: str, value: Any) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    if isinstance(value, int) and not isinstance(value, bool):
        return bool(words) and words[-1] in _SECRET_WORDS  # `pass_key = 1234`, but not `max_tokens = 512`.
    if not isinstance(value, str) or is_reference(value):
        return False
    if any(word.removesuffix("s") in _SECRET_WORDS or word in _SECRET_WORDS for word in words):
        return True
    hexadecimal = _HEX_KEY.fullmatch(value) is not None and not _DIGEST_WORDS.intersection(words)
    return hexadecimal or _LITERALS.search(value) is not None
