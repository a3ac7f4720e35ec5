"""Where a secret is looked for, when, and what is said when it is nowhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import keyring
import paper_file
import pytest
import tradewright as tw
from keyring.backend import KeyringBackend
from keyring.backends import fail
from tradewright.config import Settings, read, structure
from tradewright.config.secrets import EXTRA, find_secret, named_variables, references, resolve
from tradewright.errors import ConfigError, SafetyError
from tradewright.host.components import ExecutorSpec
from tradewright.host.plugins import PluginRecord, Plugins
from tradewright.sentence.venues import venue

FILE_TEXT, SHELL_TEXT, RING_TEXT = "of-the-file-1", "of-the-shell-1", "of-the-keyring-1"
MORE = """
[venues.alpaca]
executor = "broker"
paper = true
key = "env:OWN_KEY"
"""


@attrs.frozen(kw_only=True)
class Account:
    key: tw.Secret = tw.Secret("env:OWN_DEFAULT")
    paper: bool = False


@attrs.frozen(kw_only=True)
class Many:
    main: Account
    keys: tuple[tw.Secret, ...] = ()
    spare: tw.Secret | None = None


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, mine = keyring.get_keyring(), Ring()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OWN_KEY", "OWN_DEFAULT"):
        monkeypatch.delenv(name, raising=False)


def put(folder: Path, text: str, mode: int = 0o600) -> None:
    (folder / ".env").write_text(text, "utf-8")
    (folder / ".env").chmod(mode)


def line_of(settings: Settings, text: str) -> int:
    return settings.path.read_text("utf-8").splitlines().index(text) + 1


# ---- where -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "file", "expected"),
    [
        ({"OWN_KEY": SHELL_TEXT}, "", (SHELL_TEXT, "the environment")),
        ({"OWN_KEY": SHELL_TEXT}, f"OWN_KEY={FILE_TEXT}", (SHELL_TEXT, "the environment")),
        ({"OWN_KEY": ""}, f"OWN_KEY={FILE_TEXT}", (FILE_TEXT, ".env")),
        ({}, f"export OWN_KEY='{FILE_TEXT}'\r\n", (FILE_TEXT, ".env")),
        ({}, "", None),
        ({"OWN_KEY": ""}, "", None),
        ({}, "OWN_KEY=", None),
        ({}, "OWN_KEY2=x", None),
    ],
)
def test_secret_is_taken_from_the_environment_and_else_from_dotenv(
    tmp_path: Path, environment: dict[str, str], file: str, expected: tuple[str, str] | None
) -> None:
    put(tmp_path, file)
    if expected is None:
        with pytest.raises(ConfigError, match=r"^env OWN_KEY not set$") as caught:
            find_secret("env:OWN_KEY", tmp_path, environment)
        assert f"export OWN_KEY, or write a line OWN_KEY=... into {tmp_path / '.env'} and chmod 600 it" == (
            caught.value.fix
        )
    else:
        found = find_secret("env:OWN_KEY", tmp_path, environment)
        assert expected == (found.secret.reveal(), found.where)
        assert expected[0] not in repr(found)


def test_dotenv_is_left_alone_while_the_environment_has_the_secret(tmp_path: Path) -> None:
    put(tmp_path, "nonsense", 0o644)

    assert SHELL_TEXT == find_secret("env:OWN_KEY", tmp_path, {"OWN_KEY": SHELL_TEXT}).secret.reveal()
    with pytest.raises(SafetyError, match="others can read it: mode 0644"):
        find_secret("env:OWN_KEY", tmp_path, {})


def test_secret_is_taken_from_the_keyring(tmp_path: Path, ring: Ring) -> None:
    ring.set_password("desk", "alpaca/paper", RING_TEXT)
    found = find_secret("keyring:desk/alpaca/paper", tmp_path)

    assert (RING_TEXT, "the keyring") == (found.secret.reveal(), found.where)
    assert "Secret(keyring:desk/alpaca/paper)" == str(found.secret)


def test_secret_that_the_keyring_does_not_have_is_said_to_be_missing(tmp_path: Path, ring: Ring) -> None:
    ring.set_password("desk", "empty", "")
    for name in ("alpaca", "empty"):
        with pytest.raises(ConfigError, match=f"^keyring desk/{name} not set$") as caught:
            find_secret(f"keyring:desk/{name}", tmp_path)
        assert f"store it: keyring set desk {name}" == caught.value.fix


@pytest.mark.usefixtures("ring")
def test_machine_without_a_keyring_is_named(tmp_path: Path) -> None:
    keyring.set_keyring(fail.Keyring())
    with pytest.raises(ConfigError, match=r"^keyring desk/alpaca cannot be read: NoKeyringError: No recommended"):
        find_secret("keyring:desk/alpaca", tmp_path)


def test_keyring_that_is_not_installed_is_asked_for_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match="the package keyring is not installed") as caught:
        find_secret("keyring:desk/alpaca", tmp_path)

    assert "pip install 'tradewright[keyring]'" == EXTRA == caught.value.fix


# ---- when, and for whom ----------------------------------------------------------------------------------


def plugins() -> tuple[Plugins, list[Account]]:
    made: list[Account] = []
    spec = ExecutorSpec(name="broker", factory=lambda config: made.append(config) or config, config=Account)
    return Plugins((PluginRecord(name="mine", status="active", components=(spec,)),)), made


def test_secret_is_looked_for_when_the_component_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = paper_file.write(tmp_path, more=MORE)
    mine, made = plugins()
    chosen = venue(settings, mine, "alpaca")  # Though the secret is nowhere.
    monkeypatch.setenv("OWN_KEY", SHELL_TEXT)
    chosen.make(Account)

    assert Account(key=tw.Secret("env:OWN_KEY"), paper=True) == chosen.config
    assert [SHELL_TEXT] == [one.key.reveal() for one in made]
    assert SHELL_TEXT not in repr(chosen) + repr(made) + repr(settings.as_table())
    assert "env:OWN_KEY" == settings.as_table()["venues"]["alpaca"]["key"]


def test_secret_that_is_nowhere_is_named_with_what_wants_it(tmp_path: Path) -> None:
    settings = paper_file.write(tmp_path, more=MORE)
    mine, made = plugins()
    with pytest.raises(ConfigError, match=r"env OWN_KEY not set$") as caught:
        venue(settings, mine, "alpaca").make(Account)

    place = (str(settings.path), line_of(settings, 'key = "env:OWN_KEY"'), "venues.alpaca.key")
    assert place == (caught.value.file, caught.value.line, caught.value.key)
    assert [] == made


def test_secret_of_a_default_is_named_with_the_table_that_wants_it(tmp_path: Path) -> None:
    settings = paper_file.write(tmp_path, more=MORE.replace('key = "env:OWN_KEY"\n', ""))
    mine, _ = plugins()
    with pytest.raises(ConfigError, match=r"env OWN_DEFAULT not set$") as caught:
        venue(settings, mine, "alpaca").make(Account)

    place = (line_of(settings, "[venues.alpaca]"), "venues.alpaca.key")
    assert place == (caught.value.line, caught.value.key)


def test_dotenv_that_others_can_read_is_refused_when_it_is_needed(tmp_path: Path) -> None:
    settings = paper_file.write(tmp_path, more=MORE)
    put(tmp_path, f"OWN_KEY={FILE_TEXT}", 0o640)
    mine, _ = plugins()
    with pytest.raises(SafetyError, match="mode 0640") as caught:
        venue(settings, mine, "alpaca").make(Account)

    assert f"chmod 600 {tmp_path / '.env'}" == caught.value.fix
    assert FILE_TEXT not in str(caught.value)


def test_mistake_in_dotenv_keeps_its_own_place(tmp_path: Path) -> None:
    settings = paper_file.write(tmp_path, more=MORE)
    put(tmp_path, f"\n{FILE_TEXT}\n")
    with pytest.raises(ConfigError, match=r"\.env:2: neither a comment nor NAME=text$"):
        resolve(settings, "venues.alpaca", structure(settings, "venues.alpaca", Account))


def test_dotenv_beside_the_file_itself_is_read_when_a_link_leads_there(tmp_path: Path) -> None:
    desk, here = tmp_path / "desk", tmp_path / "here"
    desk.mkdir()
    here.mkdir()
    settings = paper_file.write(desk, more=MORE)
    put(desk, f"OWN_KEY={FILE_TEXT}")
    (here / "plugins.toml").symlink_to(settings.path)
    linked = read(here / "plugins.toml")

    assert FILE_TEXT == resolve(linked, "venues.alpaca", structure(linked, "venues.alpaca", Account)).key.reveal()


# ---- as options ------------------------------------------------------------------------------------------

NESTED = """
[venues.alpaca]
executor = "broker"
keys = ["env:K1", "keyring:desk/k2"]
main = { key = "env:K3" }
"""


def test_secrets_may_stand_anywhere_in_the_options(tmp_path: Path) -> None:
    settings = paper_file.write(tmp_path, more=NESTED)
    options = structure(settings, "venues.alpaca", Many)

    assert ["env:K1", "keyring:desk/k2"] == [one.reference for one in options.keys]
    assert ("env:K3", None) == (options.main.key.reference, options.spare)
    assert [
        (("venues", "alpaca", "keys"), "env:K1"),
        (("venues", "alpaca", "keys"), "keyring:desk/k2"),
        (("venues", "alpaca", "main", "key"), "env:K3"),
    ] == list(references(settings))
    assert {"K1", "K3"} == named_variables(settings)


@pytest.mark.parametrize("value", ['"swordfish-of-old"', "4711471147", '["env:K1"]', '"env:"', '""'])
def test_option_that_is_no_reference_is_refused_and_not_repeated(tmp_path: Path, value: str) -> None:
    settings = paper_file.write(tmp_path, more=f"{NESTED}spare = {value}\n")
    with pytest.raises(ConfigError, match=r"must name a secret as env:NAME or keyring:service/name$") as caught:
        structure(settings, "venues.alpaca", Many)

    assert "venues.alpaca.spare" == caught.value.key
    assert value in {'""', '"env:"'} or value.strip('"') not in f"{caught.value} {caught.value.fix}"
