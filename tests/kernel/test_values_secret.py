"""The type of a secret option: nothing but `reveal` gives its text."""

from __future__ import annotations

import copy
import json
import pickle

import attrs
import pytest
import tradewright as tw
from tradewright.values.secret import Secret, secrets_in, with_texts

TEXT = "hunter-of-values-2"


@attrs.frozen
class Login:
    user: str
    key: tw.Secret


@attrs.frozen
class Options:
    login: Login
    keys: tuple[tw.Secret, ...] = ()
    named: dict[str, tw.Secret] = attrs.field(factory=dict)
    size: int = 3


def options(text: str | None) -> Options:
    secret = Secret("env:KEY", text)
    return Options(Login("me", secret), (secret, Secret("env:OTHER", text)), {"b": secret})


def test_secret_shown_in_any_way_is_its_reference() -> None:
    secret = Secret("env:KEY", TEXT)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>20}",
        f"{secret!r}",
        json.dumps(secret, default=str),
        repr(options(TEXT)),
        repr(attrs.asdict(options(TEXT))),
        repr(pickle.dumps(options(TEXT))),
        repr([getattr(secret, name) for name in dir(secret) if not name.startswith("_") and name != "reveal"]),
    ]

    assert "Secret(env:KEY)" == shown[0] == shown[1] == shown[2]
    assert [] == [text for text in shown if TEXT in text]
    assert not hasattr(secret, "__dict__")
    assert TEXT == secret.reveal()
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(secret)


def test_secret_that_was_pickled_has_no_text() -> None:
    again = pickle.loads(pickle.dumps(Secret("keyring:desk/alpaca", TEXT)))

    assert "keyring:desk/alpaca" == again.reference
    with pytest.raises(LookupError, match="keyring:desk/alpaca has not been looked for"):
        again.reveal()


def test_secret_that_was_copied_is_the_same() -> None:
    secret = Secret("env:KEY", TEXT)

    assert secret is copy.copy(secret)
    assert secret is copy.deepcopy(secret)
    assert TEXT == attrs.evolve(options(TEXT), size=4).login.key.reveal()


def test_secrets_are_equal_when_reference_and_text_are() -> None:
    secret = Secret("env:KEY", TEXT)

    assert Secret("env:KEY", TEXT) == secret
    assert hash(Secret("env:KEY", TEXT)) == hash(secret)
    assert Secret("env:KEY", f"{TEXT}2") != secret
    assert Secret("env:KEY2", TEXT) != secret
    assert Secret("env:KEY") != secret
    assert Secret("env:KEY") != Secret("env:KEY", "")
    assert secret != TEXT


def test_secret_cannot_be_changed() -> None:
    secret = Secret("env:KEY", TEXT)
    for name in ("reference", "_text", "other"):
        with pytest.raises(AttributeError, match="cannot be changed"):
            setattr(secret, name, "x")
    with pytest.raises(AttributeError, match="cannot be changed"):
        del secret.reference


@pytest.mark.parametrize("text", [TEXT, "", "env:", "env:1A", "env:A B", "keyring:desk", "keyring:/x", "ENV:KEY"])
def test_secret_that_is_named_by_no_reference_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"^a secret is named by env:NAME or keyring:service/name$"):
        Secret(text)


def test_secrets_in_options_are_found_with_their_places() -> None:
    places = [(key, secret.reference) for key, secret in secrets_in(options(None))]

    assert [
        (("login", "key"), "env:KEY"),
        (("keys",), "env:KEY"),
        (("keys",), "env:OTHER"),
        (("named", "b"), "env:KEY"),
    ] == places


def test_options_get_the_texts_that_were_found() -> None:
    found = with_texts(options(None), lambda _, secret: Secret(secret.reference, TEXT))

    assert options(TEXT) == found


def test_options_without_a_secret_are_left_as_they_are() -> None:
    plain = {"a": [1, 2], "b": (Login,)}

    assert plain is with_texts(plain, lambda _, secret: secret)
