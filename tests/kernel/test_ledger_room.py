"""The folder in which a ledger is begun: where it cannot be, and with how much room."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from tradewright.errors import LedgerError
from tradewright.ledger import room
from tradewright.ledger.room import FREE_MIN, make_room


def free(monkeypatch: pytest.MonkeyPatch, n_bytes: int) -> None:
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=n_bytes))


def test_folder_with_room_is_made_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, FREE_MIN)
    make_room(tmp_path / "live" / "desk")

    assert 0o700 == (tmp_path / "live" / "desk").stat().st_mode & 0o777
    assert [] == list((tmp_path / "live" / "desk").iterdir())


@pytest.mark.parametrize(("n_bytes", "told"), [(0, "0"), (FREE_MIN - 10**6, "499")])
def test_folder_without_room_is_refused_with_what_is_free_and_needed(
    n_bytes: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, n_bytes)
    with pytest.raises(LedgerError, match=f"no ledger is begun here: {told} MB are free, 500 needed") as raised:
        make_room(tmp_path)

    assert (str(tmp_path), 7) == (raised.value.file, raised.value.exit_code)


def test_folder_with_more_than_is_needed_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, FREE_MIN + 1)
    make_room(tmp_path)

    assert [] == list(tmp_path.iterdir())


def test_folder_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="cannot be written: Not a directory") as raised:
        make_room(tmp_path / "file" / "desk")

    assert "with 500 MB free" in str(raised.value.fix)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is refused to root")
def test_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(LedgerError, match="cannot be written: Permission denied"):
        make_room(tmp_path)
    tmp_path.chmod(0o700)
