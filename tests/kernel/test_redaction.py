"""What was revealed is taken out of texts, however it is spelled there."""

from __future__ import annotations

import base64
import html
import io
import json
import sys
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tradewright import redaction
from tradewright.errors import ConfigError
from tradewright.redaction import LENGTH_MIN, conceal, guard_streams, redact

TEXT = 'p@ss "wörd"/&+\\3'
SPELLED: dict[str, Callable[[str], str]] = {
    "plain": str,
    "repr": repr,
    "escaped": lambda text: text.encode("unicode_escape").decode(),
    "json": json.dumps,
    "json in utf-8": lambda text: json.dumps(text, ensure_ascii=False),
    "html": html.escape,
    "percent": lambda text: quote(text, safe=""),
    "path": quote,
    "form": quote_plus,
    "hex": lambda text: text.encode().hex(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of urls": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
}


@pytest.fixture(autouse=True)
def nothing_revealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without the secrets of other tests."""
    monkeypatch.setattr(redaction, "_names", {})
    monkeypatch.setattr(redaction, "_pattern", None)


@pytest.mark.parametrize("name", SPELLED)
def test_secret_is_replaced_however_it_is_spelled(name: str) -> None:
    spelled = SPELLED[name](TEXT)
    before = redact(f"<{spelled}>")
    conceal(TEXT, "env:KEY")
    after = redact(f"<{spelled}>")

    assert f"<{spelled}>" == before
    assert "[env:KEY]" in after
    assert TEXT not in after
    assert len(after) <= len("<''[env:KEY]>"), "part of the secret is left"


@pytest.mark.parametrize("user", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("more", ["", "1", "12", "123"])
def test_secret_inside_a_longer_base64_is_replaced(user: str, more: str) -> None:
    conceal("AKIA-0123456789-key", "env:KEY")
    sent = base64.b64encode(f"{user}:AKIA-0123456789-key{more}".encode()).decode()

    assert "[env:KEY]" in redact(sent)
    assert len(redact(sent)) < 24


def test_secret_that_begins_with_another_one_is_replaced_whole() -> None:
    conceal("abcdef", "env:SHORT")
    conceal("abcdef-ghijkl", "env:LONG")

    assert "[env:LONG] [env:SHORT]-x" == redact("abcdef-ghijkl abcdef-x")


def test_each_long_line_of_a_secret_of_several_is_replaced() -> None:
    conceal("-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nshort\n", "env:PEM")

    assert "at [env:PEM], short" == redact("at MIIEvQIBADANBgkq, short")


def test_secret_that_is_no_utf8_is_replaced() -> None:
    conceal("k\udcffy-of-bytes", "env:KEY")

    assert "[env:KEY] [env:KEY]" == redact("k\udcffy-of-bytes k%FFy-of-bytes")


@pytest.mark.parametrize(("length", "expected"), [(LENGTH_MIN - 1, "x12345y"), (LENGTH_MIN, "x[env:PIN]y")])
def test_secret_too_short_to_be_told_from_other_texts_is_left(length: int, expected: str) -> None:
    pin = "1234567"[:length]
    conceal(pin, "env:PIN")

    assert expected == redact(f"x{pin}y")


@given(st.text(min_size=LENGTH_MIN, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_text_holds_a_secret_after_it_was_redacted(secret: str, before: str, after: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "_names", {})
        patch.setattr(redaction, "_pattern", None)
        conceal(secret, "env:K")
        # A secret may itself lie in what stands in its place, such as "[env:K]".
        if secret not in "[env:K]":
            assert secret not in redact(f"{before}{secret}{after}").replace("[env:K]", "\0")


def test_error_is_clean_from_when_it_is_made() -> None:
    conceal("correct-horse-battery", "env:KEY")
    error = ConfigError("401 for correct-horse-battery", key="a", fix="renew correct-horse-battery")

    assert "a: 401 for [env:KEY]" == str(error)
    assert "renew [env:KEY]" == error.fix
    assert ("401 for [env:KEY]",) == error.args


def test_streams_are_guarded_once_and_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    guard_streams()
    first = sys.stdout
    guard_streams()
    conceal("correct-horse-battery", "env:KEY")
    sys.stdout.write("a correct-horse-battery\n")
    sys.stderr.writelines(["b\n", "correct-horse-battery\n"])

    assert first is sys.stdout
    assert ("a [env:KEY]\n", "b\n[env:KEY]\n") == (out.getvalue(), err.getvalue())
    assert not sys.stdout.isatty()


def test_streams_that_are_not_there_stay_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    guard_streams()

    assert sys.stderr is None
