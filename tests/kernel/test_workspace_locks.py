"""One process at a time: who is refused, what he is told, and when the lock is free again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tradewright.errors import SafetyError
from tradewright.workspace.locks import locked

HOLDER = """
import sys
from pathlib import Path
from tradewright.workspace.locks import locked

with locked(Path(sys.argv[1]), "counting"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def other_process(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold the lock, until it is told to go on or is killed."""
    words = [sys.executable, "-c", HOLDER, str(file), "some words"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert "held\n" == holder.stdout.readline()
        try:
            yield holder
        finally:
            holder.kill()


def test_locked_by_another_process_is_refused_and_names_it(tmp_path: Path) -> None:
    file = tmp_path / "locks" / "count.lock"
    with other_process(file) as holder, pytest.raises(SafetyError) as refused, locked(file, "counting"):
        pass

    # A long command is cut short.
    named = f"another process is still counting: process {holder.pid}: -c {file} some words"
    assert named.startswith(refused.value.message)
    assert f"process {holder.pid}: -c " in refused.value.message
    assert str(file) == refused.value.file
    assert "wait until it ends" in str(refused.value.fix)


def test_locked_by_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    file = tmp_path / "count.lock"
    with other_process(file) as holder:
        holder.kill()
        holder.wait()
        with locked(file, "counting"):
            assert f"process {os.getpid()}: " in file.read_text("utf-8")
    assert "" == file.read_text("utf-8")


def test_locked_by_another_thread_is_refused_and_free_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "count.lock"
    with locked(file, "counting"), pytest.raises(SafetyError, match="still counting"), locked(file, "counting"):
        pass
    with locked(file, "counting"):
        pass


def test_locked_after_an_error_is_free(tmp_path: Path) -> None:
    file = tmp_path / "count.lock"
    with pytest.raises(ZeroDivisionError), locked(file, "counting"):
        raise ZeroDivisionError
    with locked(file, "counting"):
        pass


def test_locked_that_waits_takes_the_lock_when_it_is_free(tmp_path: Path) -> None:
    file = tmp_path / "count.lock"
    order = []

    def wait() -> None:
        with locked(file, "counting", wait_seconds=60.0):
            order.append("second")

    second = threading.Thread(target=wait)
    with locked(file, "counting"):
        second.start()
        time.sleep(0.1)
        order.append("first")
    second.join(60.0)

    assert ["first", "second"] == order


def test_locked_that_has_waited_in_vain_says_how_long(tmp_path: Path) -> None:
    file = tmp_path / "count.lock"
    with (
        locked(file, "counting"),
        pytest.raises(SafetyError, match=r"still counting after 0\.1 s: process "),
        locked(file, "counting", wait_seconds=0.1),
    ):
        pass


def test_locked_of_a_link_leaves_its_target_alone(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    (tmp_path / "count.lock").symlink_to(target)

    with pytest.raises(OSError, match="symbolic link"), locked(tmp_path / "count.lock", "counting"):
        pass
    assert "precious" == target.read_text()


def test_locked_by_a_command_with_control_characters_shows_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["tradewright", "\x1b[2J\n"])
    with locked(tmp_path / "count.lock", "counting"):
        assert f"process {os.getpid()}: tradewright ?[2J?" == (tmp_path / "count.lock").read_text("utf-8")
