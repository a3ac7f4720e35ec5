"""Files written at once or not at all: in which order the disk is told, and what a failure leaves."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest
from tradewright.workspace.writing import sync_folder, write_all


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the system was told, in order: to give a file its name, or to sync a file or folder."""
    calls: list[tuple[str, str]] = []
    names: dict[int, str] = {}
    make, open_, replace, sync = tempfile.mkstemp, os.open, Path.replace, os.fsync

    def making(**options: Any) -> tuple[int, str]:
        handle, name = make(**options)
        names[handle] = options["prefix"].strip(".")
        return handle, name

    def opening(path: Any, flags: int, *more: Any, **options: Any) -> int:
        handle = open_(path, flags, *more, **options)
        names[handle] = Path(path).name
        return handle

    def syncing(handle: int) -> None:
        calls.append(("sync", names[handle]))
        sync(handle)

    def replacing(part: Path, target: Path) -> Path:
        calls.append(("name", target.name))
        return replace(part, target)

    monkeypatch.setattr(tempfile, "mkstemp", making)
    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(Path, "replace", replacing)
    return calls


def test_write_all_syncs_each_file_before_it_is_named_and_the_folder_after(
    tmp_path: Path, told: list[tuple[str, str]]
) -> None:
    (tmp_path / "other").mkdir()
    write_all({tmp_path / "a": b"1", tmp_path / "b": b"2", tmp_path / "other" / "c": b"3"})

    content = [("sync", "a"), ("sync", "b"), ("sync", "c")]
    named = [("name", "a"), ("name", "b"), ("name", "c")]
    assert [*content, *named, ("sync", tmp_path.name), ("sync", "other")] == told


@pytest.mark.parametrize("failing", [1, 2])
def test_write_all_that_fails_in_the_middle_leaves_the_old_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        path.write_bytes(b"old")
    syncs = iter(range(1, 9))

    def full(_: int) -> None:
        if next(syncs) == failing:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_all(dict.fromkeys(paths, b"new"))

    assert [b"old", b"old"] == [path.read_bytes() for path in paths]
    assert paths == sorted(tmp_path.iterdir())


def test_write_all_where_a_folder_has_the_name_of_a_file_replaces_nothing(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"old")
    second.mkdir()

    with pytest.raises(IsADirectoryError):
        write_all({first: b"new", second: b"new"})
    assert b"old" == first.read_bytes()
    assert [first, second] == sorted(tmp_path.iterdir())


def test_write_all_gives_files_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_all({tmp_path / "a": b"1"})
    finally:
        os.umask(before)

    assert 0o640 == stat.S_IMODE((tmp_path / "a").stat().st_mode)


@pytest.mark.parametrize(
    ("number", "raised"), [(22, False), (95, False), (5, True)], ids=["EINVAL", "ENOTSUP", "EIO"]
)
def test_sync_folder_forgives_a_file_system_that_cannot_and_no_disk_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, raised: bool
) -> None:
    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    if raised:
        with pytest.raises(OSError, match="Input/output error"):
            sync_folder(tmp_path)
    else:
        sync_folder(tmp_path)
