"""Ctrl-C and SIGTERM where the main thread does not hear them: in a compiled rule that never ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

COMMAND = """
    import sys, time
    import click, numpy as np
    from tradewright.cli import main
    from tradewright.engine.jit import cached

    @cached
    def rule(numbers):
        while numbers[0] == 0.0:
            numbers[1] += 1.0

    @click.command()
    def trade():
        rule(np.ones(2))
        sys.stderr.write("ready\\n")
        rule(np.zeros(2))

    @click.command()
    def clean_up():
        try:
            sys.stderr.write("ready\\n")
            time.sleep(60)
        finally:
            sys.stderr.write("cleaning\\n")
            time.sleep({cleaning})
            sys.stderr.write("cleaned\\n")

    main.add_command(trade)
    main.add_command(clean_up)
    main(sys.argv[1:])
"""
SECONDS_MAX = 60.0


def started(folder: Path, word: str, cleaning: float = 60.0) -> subprocess.Popen[str]:
    script = folder / "command.py"
    script.write_text(textwrap.dedent(COMMAND.format(cleaning=cleaning)), "utf-8")
    env = {name: value for name, value in os.environ.items() if name != "NUMBA_DISABLE_JIT"}
    child = subprocess.Popen([sys.executable, script, word], stderr=subprocess.PIPE, text=True, env=env)
    assert child.stderr is not None
    assert "ready\n" == child.stderr.readline()
    return child


def ended(child: subprocess.Popen[str]) -> tuple[int, str, float]:
    """Wait; return the exit code, the rest of standard error, and the seconds it took."""
    began = time.monotonic()
    try:
        _, said = child.communicate(timeout=SECONDS_MAX)
    finally:
        child.kill()
    return child.returncode, said, time.monotonic() - began


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_program_when_signalled_in_an_endless_compiled_rule_ends_within_five_seconds(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    child = started(tmp_path, "trade")
    time.sleep(1.0)  # Until it has left Python.

    child.send_signal(number)
    found, _, seconds = ended(child)

    assert code == found
    assert seconds < 5.0


def test_program_when_ctrl_c_comes_a_second_time_does_not_wait(tmp_path: Path) -> None:
    child = started(tmp_path, "clean-up")

    child.send_signal(signal.SIGINT)
    assert child.stderr is not None
    assert "cleaning\n" == child.stderr.readline()
    time.sleep(0.6)
    child.send_signal(signal.SIGINT)
    code, said, seconds = ended(child)

    assert 130 == code
    # Whichever thread comes first ends it; the main one says a sentence.
    assert said in {"", "error: stopped by Ctrl-C\n"}
    assert seconds < 5.0


def test_program_when_it_was_heard_may_take_its_time_to_clean_up(tmp_path: Path) -> None:
    """Longer than an unheard signal is waited for; two signals at once are one, as from a terminal and `make`."""
    child = started(tmp_path, "clean-up", cleaning=3.5)

    child.send_signal(signal.SIGTERM)
    assert child.stderr is not None
    assert "cleaning\n" == child.stderr.readline()
    code, said, _ = ended(child)

    assert (143, "cleaned\n") == (code, said)
