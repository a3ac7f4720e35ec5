"""A plugin of one module, as pip would have installed it."""

from __future__ import annotations

import textwrap
from pathlib import Path


def install_module(site: Path, name: str, code: str, version: str = "1.0") -> Path:
    """Write the module `tradewright_NAME`, and what pip notes of it, where Python imports from; return its file."""
    package = f"tradewright_{name}"
    module, info = site / f"{package}.py", site / f"{package}-{version}.dist-info"
    info.mkdir()
    module.write_text(textwrap.dedent(code), "utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tradewright-{name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[tradewright]\n{name} = {package}\n")
    (info / "RECORD").write_text(f"{module.name},,\n")
    return module
