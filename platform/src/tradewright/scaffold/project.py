"""Write a plugin's files from the templates of its kind."""

from __future__ import annotations

from importlib.metadata import distribution
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from packaging.version import Version

from tradewright import __version__
from tradewright.errors import UsageError
from tradewright.host.hookspecs import PROJECT
from tradewright.workspace.writing import write_all

if TYPE_CHECKING:
    from pathlib import Path

    from tradewright.scaffold.names import Names


WHAT = {
    "signal": "A signal",
    "data-source": "A data source",
    "optimizer": "An optimizer",
    "target-rule": "A target rule",
    "order-check": "An order check",
    "executor": "An executor",
}
"""What can be made, by kind."""
MORE = {"executor": {"tests/double_of_{}.py": "executor/double.py"}}
"""Files of a kind beside those of every plugin, by their path, `{}` for the module's word."""


def rendered(names: Names, kind: str) -> dict[str, str]:
    """Return the text of every file of a new plugin, by its path within the plugin's folder.

    Args:
        names: What it is called.
        kind: What it provides; one of `WHAT`, and the folder of its templates.
    """
    templates = {
        "pyproject.toml": "pyproject.toml",
        "README.md": f"{kind}/README.md",
        ".github/workflows/test.yml": "test.yml",
        ".gitignore": "gitignore",
        f"src/{names.package}/__init__.py": f"{kind}/module.py",
        f"tests/test_{names.module}.py": f"{kind}/tests.py",
        **{path.format(names.module): template for path, template in MORE.get(kind, {}).items()},
    }
    # What is written is code and not a page: nothing is to be escaped, and every value is a checked name.
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701  # see above
    values = {
        "name": names.plugin,
        "module": names.module,
        "package": names.package,
        "distribution": names.distribution,
        "kernel": kernel_range(),
        "what": WHAT[kind],
    }
    root = files("tradewright.scaffold") / "templates"
    texts = {
        path: environment.from_string((root / f"{template}.jinja").read_text("utf-8")).render(values)
        for path, template in templates.items()
    }
    # The kernel's own licence, which every installation of it carries.
    licence = distribution(PROJECT).read_text("licenses/LICENSE") or ""
    return {**texts, "LICENSE": licence, f"src/{names.package}/py.typed": ""}


def kernel_range() -> str:
    """Return the kernels that a new plugin is written for: before 1.0 a minor version may break it.

    >>> kernel_range()
    'tradewright>=0.1,<0.2'
    """
    major, minor = Version(__version__).release[:2]
    following = f"{major + 1}" if major else f"0.{minor + 1}"
    return f"{PROJECT}>={major}.{minor},<{following}"


def write(folder: Path, texts: dict[str, str]) -> None:
    """Write the files below `folder`, which must be absent or empty.

    Raises:
        UsageError: There is something in it, or it cannot be written.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            fix = "choose another name, or another place with --dir"
            raise UsageError("exists already, and is left as it is", file=folder, fix=fix)
        for path in texts:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
        write_all({folder / path: text.encode() for path, text in texts.items()})
    except OSError as error:
        fix = "name a folder that you may write to with --dir"
        raise UsageError(f"cannot be written: {error.strerror}", file=folder, fix=fix) from error
