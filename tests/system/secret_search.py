"""Looks for a secret in whatever a session leaves behind, in every spelling in which programs pass one on."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus


def spellings(text: str) -> dict[str, bytes]:
    """Return the bytes to look for, by name; what a secret has around it hides it in none of them."""
    raw = text.encode()
    found = {
        "plain": raw,
        "escaped": text.encode("unicode_escape"),
        "json": json.dumps(text)[1:-1].encode(),
        "html": html.escape(text).encode(),
        "percent": quote(text, safe="").encode(),
        "percent, small letters": quote(text, safe="").encode().replace(b"%2F", b"%2f").replace(b"%2B", b"%2b"),
        "path": quote(text).encode(),
        "form": quote_plus(text).encode(),
        "hex": raw.hex().encode(),
        "backwards": raw[::-1],
        "utf-16": text.encode("utf-16-le"),
        "first half": raw[: len(raw) // 2],
        "second half": raw[len(raw) // 2 :],
    }
    for before in range(3):
        for name, encode in (("base64", base64.b64encode), ("base64 of urls", base64.urlsafe_b64encode)):
            # Without the letters that depend on what stands around it.
            found[f"{name} after {before}"] = encode(b"?" * before + raw)[4 if before else 0 : -4]
    return found


def files_below(*folders: Path, without: frozenset[Path] = frozenset()) -> dict[str, bytes]:
    """Return the content of every file below some folders, and its name, which could be a secret as well."""
    found: dict[str, bytes] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path not in without:
                found[str(path)] = str(path).encode() + b"\n" + path.read_bytes()
    return found


def hits(artefacts: dict[str, bytes], *secrets: str) -> Iterator[str]:
    """Yield which spelling of which secret lies where, with what is beside it."""
    for number, secret in enumerate(secrets):
        for spelling, needle in spellings(secret).items():
            for name, content in artefacts.items():
                at = content.find(needle)
                if at >= 0:
                    beside = content[max(0, at - 60) : at].decode(errors="replace")
                    yield f"secret {number} ({spelling}) in {name}, after {beside!r}"
