"""Options with secrets in a contract: an author's suite needs none of them."""

from __future__ import annotations

import attrs
import tradewright as tw
from tradewright.config import option
from tradewright.testing import options


@attrs.frozen(kw_only=True)
class Account:
    key: tw.Secret = option(doc="key")
    spare: tw.Secret = option(tw.Secret("keyring:desk/spare"), doc="another")


def test_secret_in_a_contract_has_a_text_that_stands_in_for_it() -> None:
    account = options.structured({"key": "env:NOBODY_SETS_THIS"}, Account)

    assert "stands in for env:NOBODY_SETS_THIS" == account.key.reveal()
    assert "stands in for keyring:desk/spare" == account.spare.reveal()


def test_options_with_secrets_survive_a_round_trip() -> None:
    account = options.structured({"key": "env:NOBODY_SETS_THIS"}, Account)
    table = options.as_toml(account)

    assert {"key": "env:NOBODY_SETS_THIS", "spare": "keyring:desk/spare"} == table
    assert account == options.structured(table, Account)


def test_page_shows_the_reference_of_a_default() -> None:
    default = attrs.fields(Account).spare.default

    assert '"keyring:desk/spare"' == options.written(default)
    assert options.says('`"keyring:desk/spare"`', default)
    assert not options.says("`keyring`", default)
