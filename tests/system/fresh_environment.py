"""A fresh environment with what a test installs by pip; dependencies come from the one that runs the tests."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sysconfig
import venv
from collections.abc import Iterable
from pathlib import Path

import hatchling.build

ROOT = Path(__file__).parents[2]
KERNEL = ROOT / "platform"
INSTALL_SECONDS_MAX = 60.0


def clean_environment(plugins: str | None = None) -> dict[str, str]:
    """Return this process's environment, without what could make the kernel come from elsewhere."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TRADEWRIGHT_PLUGINS"))
    }
    return kept if plugins is None else kept | {"TRADEWRIGHT_PLUGINS": plugins}


def make(folder: Path) -> Path:
    """Make an environment in `folder` and return its interpreter."""
    venv.create(folder, with_pip=True, symlinks=True)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    ours = sysconfig.get_path("purelib")
    # Its own packages stand first on the path.
    (site_packages / "lent.pth").write_text(f"import site; site.addsitedir({ours!r})\n", "utf-8")
    return folder / "bin" / "python"


def install(python: Path, projects: Iterable[Path], wheels: Path) -> None:
    """Build a wheel of each project into the folder `wheels`, and let pip install them."""
    built = []
    for project in projects:
        with contextlib.chdir(project):
            built.append(str(wheels / hatchling.build.build_wheel(str(wheels))))
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, *built], check=True, timeout=INSTALL_SECONDS_MAX, env=clean_environment())
