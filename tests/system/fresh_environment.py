"""Fresh environments with what a test installs by pip, one on top of the other.

    the environment that runs the tests <- the kernel's wheel, once for all tests of a run <- what one desk installs

Each sees the packages of those to its left behind its own, so making one takes a twentieth of a second, and no desk
sees another one's packages.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sysconfig
import venv
from collections.abc import Iterable
from pathlib import Path

import hatchling.build
import pytest
from tradewright.workspace.locks import locked

ROOT = Path(__file__).parents[2]
KERNEL = ROOT / "platform"
INSTALL_SECONDS_MAX = 60.0


def clean_environment(plugins: str | None = None) -> dict[str, str]:
    """Return this process's environment, without what could make the kernel come from elsewhere."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TRADEWRIGHT_PLUGINS"))
    }
    return kept if plugins is None else kept | {"TRADEWRIGHT_PLUGINS": plugins}


def kernel(factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of the run's environment with the kernel, made by the process that asks first."""
    own = factory.getbasetemp()
    base = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own  # What the workers of a run share.
    folder, made = base / "kernel", base / "kernel-made"
    with locked(base / "kernel.lock", "making the kernel's environment", wait_seconds=INSTALL_SECONDS_MAX):
        if not made.exists():
            python = _stand_on(Path(sysconfig.get_path("purelib")), folder)
            install(python, [KERNEL], base / "kernel-wheel")
            made.touch()
    return _python(folder)


def make(folder: Path, kernel: Path) -> Path:
    """Make an environment that stands on the kernel's, and return its interpreter; the command is there, too."""
    python = _stand_on(_site_packages(kernel.parents[1]), folder)
    command = kernel.with_name("tradewright")
    copy = python.with_name(command.name)
    copy.write_text(command.read_text("utf-8").replace(str(kernel), str(python), 1), "utf-8")
    copy.chmod(command.stat().st_mode)
    return python


def install(python: Path, projects: Iterable[Path], wheels: Path) -> None:
    """Build a wheel of each project into the folder `wheels`, and let pip install them."""
    wheels.mkdir(exist_ok=True)
    built = []
    for project in projects:
        with contextlib.chdir(project):
            built.append(str(wheels / hatchling.build.build_wheel(str(wheels))))
    # The pip of the environment that runs the tests: a copy of it would take 4 s.
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, *built], check=True, timeout=INSTALL_SECONDS_MAX, env=clean_environment())


def _stand_on(packages: Path, folder: Path) -> Path:
    """Make an environment that has the packages of a folder behind its own, and return its interpreter."""
    venv.create(folder, symlinks=True, clear=True)
    line = f"import site; site.addsitedir({str(packages)!r})\n"
    (_site_packages(folder) / "lent.pth").write_text(line, "utf-8")
    return _python(folder)


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"


def _site_packages(environment: Path) -> Path:
    (found,) = environment.glob("lib/python*/site-packages")
    return found
