"""The folder for compiled rules: where it lies, who may write to it, and what happens where there is none."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tradewright.errors import ConfigError, SafetyError
from tradewright.workspace.private import private, rules_folder


@pytest.mark.parametrize(
    ("environment", "system", "expected"),
    [
        ({"HOME": "/h/ada"}, "linux", "/h/ada/.cache/tradewright/rules"),
        ({"HOME": "/h/ada", "XDG_CACHE_HOME": "/fast"}, "linux", "/fast/tradewright/rules"),
        ({"HOME": "/h/ada", "XDG_CACHE_HOME": "here"}, "linux", "/h/ada/.cache/tradewright/rules"),
        ({"HOME": "/h/ada", "XDG_CACHE_HOME": ""}, "linux", "/h/ada/.cache/tradewright/rules"),
        ({"HOME": "/h/ada", "XDG_CACHE_HOME": "/fast"}, "darwin", "/h/ada/Library/Caches/tradewright/rules"),
        (
            {"HOME": "/u/ada", "LOCALAPPDATA": "/u/ada/AppData/Local"},
            "win32",
            "/u/ada/AppData/Local/tradewright/rules",
        ),
        ({"HOME": "/h/ada", "TRADEWRIGHT_CACHE": "/srv/cache"}, "linux", "/srv/cache/rules"),
        ({"HOME": "/h/ada", "TRADEWRIGHT_CACHE": ""}, "linux", "/h/ada/.cache/tradewright/rules"),
        ({"HOME": "nowhere"}, "linux", None),
    ],
)
def test_rules_folder_lies_in_the_users_cache(environment: dict[str, str], system: str, expected: str | None) -> None:
    assert (None if expected is None else Path(expected)) == rules_folder(environment, system)


def test_rules_folder_of_a_user_without_a_home_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)

    assert rules_folder({}, "linux") is None


def test_rules_folder_named_relative_is_refused() -> None:
    with pytest.raises(ConfigError, match="TRADEWRIGHT_CACHE: must be an absolute path, was 'cache'"):
        rules_folder({"TRADEWRIGHT_CACHE": "cache"}, "linux")


def test_private_makes_the_folder_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = private(tmp_path / "a" / "rules")
    finally:
        os.umask(before)

    assert tmp_path / "a" / "rules" == folder
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert [] == list(folder.iterdir())


@pytest.mark.parametrize(
    ("mode", "accepted"), [(0o700, True), (0o755, True), (0o775, False), (0o702, False), (0o1777, False)]
)
def test_private_refuses_a_folder_that_others_may_write_to(tmp_path: Path, mode: int, accepted: bool) -> None:
    tmp_path.chmod(mode)
    try:
        if accepted:
            assert tmp_path == private(tmp_path)
        else:
            with pytest.raises(SafetyError, match=r"nobody else may write, but its mode is d") as refused:
                private(tmp_path)
            assert str(tmp_path) == refused.value.file
            assert "TRADEWRIGHT_CACHE" in str(refused.value.fix)
    finally:
        tmp_path.chmod(0o700)


def test_private_refuses_a_folder_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)

    with pytest.raises(SafetyError, match=f"belongs to user {tmp_path.stat().st_uid}$"):
        private(tmp_path)


def test_private_where_a_link_leads_to_a_folder_of_others_refuses_it(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    (tmp_path / "rules").symlink_to(tmp_path / "shared")

    with pytest.raises(SafetyError, match="nobody else may write"):
        private(tmp_path / "rules")


@pytest.mark.parametrize("why", ["no home", "a file in its way", "nothing can be written"])
def test_private_where_nothing_can_be_kept_is_a_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    folder: Path | None = tmp_path / "file" / "rules"
    if why == "no home":
        folder = None
    elif why == "a file in its way":
        (tmp_path / "file").write_text("not a folder")
    else:

        def refuse(**_: Any) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(tempfile, "mkdtemp", lambda prefix: str(tmp_path / f"{prefix}other"))

    assert tmp_path / "tradewright-other" == private(folder)


def test_private_where_the_system_knows_no_owners_asks_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradewright.workspace.private.os", SimpleNamespace())
    tmp_path.chmod(0o777)

    assert tmp_path == private(tmp_path)
