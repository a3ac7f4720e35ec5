"""Peers in environments of their own: made by uv from pinned requirements, asked through files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

HERE = Path(__file__).parent
PEERS = HERE / "peers"


class PeerError(Exception):
    """A peer could not be installed or did not answer; the message is one line that says why."""


def environment(peer: str) -> Path:
    """Return the Python of a peer's environment, made from its pinned requirements when they have changed.

    Raises:
        PeerError: It cannot be installed.
    """
    folder, requirements = PEERS / peer / ".venv", PEERS / peer / "requirements.txt"
    python, installed = folder / "bin" / "python", folder / "requirements.txt"
    if not (installed.is_file() and installed.read_bytes() == requirements.read_bytes()):
        uv = str(HERE.parent / ".ci" / "uv")
        click.echo(f"Installing {peer} into {folder.relative_to(HERE.parent)} ...", err=True)
        call(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        wheels = ("pip", "install", "--quiet", "--no-build", "--python", str(python))
        call(uv, *wheels, "--requirement", str(requirements))
        installed.write_bytes(requirements.read_bytes())
    return python


def call(*words: str, seconds: float | None = None, once: bool = False) -> None:
    """Run a program to its end; with `once`, benchmarks/stopwatch.py repeats nothing in it.

    Raises:
        PeerError: It failed, or took longer than `seconds`.
    """
    # What a peer's script shares with ours lies here: benchmarks/stopwatch.py.
    paths = {"PYTHONPATH": str(HERE), "PYTHONWARNINGS": "ignore"} | ({"STOPWATCH_ONCE": "1"} if once else {})
    # Whoever is bound to one core and has threads for two of them waits for itself.
    paths |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    name = Path(words[0]).parts[-4] if Path(words[0]).name == "python" else Path(words[0]).name
    try:
        done = subprocess.run(  # noqa: S603  # the words are this folder's own
            words, check=False, capture_output=True, text=True, env=os.environ | paths, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        raise PeerError(f"{name} took more than {seconds:.0f} s") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise PeerError(f"{name} failed with exit code {done.returncode}: {lines[-1][:160]}")
