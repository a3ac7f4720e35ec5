"""The site as it is built: strictly, and without a look at any other host."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from generator.site import LINK, relink

LOADS = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=[\"']?(https?:[^\"' >]+)")
IN_STYLE = re.compile(r"(?:url\([\"']?|@import\s+[\"'])(https?:[^\"')]+)")


@pytest.mark.slow
def test_site_builds_strictly_and_loads_nothing_from_another_host(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr

    pages = {path: path.read_text("utf-8") for path in tmp_path.rglob("*.html")}
    styles = {path: path.read_text("utf-8") for path in tmp_path.rglob("*.css")}
    pictures = {path: path.read_text("utf-8") for path in tmp_path.rglob("*.svg")}
    loaded = [link for text in pages.values() for link in LOADS.findall(text)]
    named = [
        link for text in [*styles.values(), *pictures.values(), *pages.values()] for link in IN_STYLE.findall(text)
    ]

    assert len(pages) > 40
    assert styles
    assert [] == loaded + named


@pytest.mark.parametrize(
    ("link", "source", "uri", "expected"),
    [
        ("../CHANGELOG.md#x", "docs/README.md", "README.md", "project/changelog.md#x"),
        ("../../plugins/ma-crossover/README.md", "docs/reference/a.md", "reference/a.md", "plugins/ma-crossover.md"),
        ("docs/how-to/a.md", "CONTRIBUTING.md", "project/contributing.md", "../how-to/a.md"),
        ("b.md#c", "docs/how-to/a.md", "how-to/a.md", "b.md#c"),
        ("#c", "docs/how-to/a.md", "how-to/a.md", "#c"),
        ("https://semver.org", "CHANGELOG.md", "project/changelog.md", "https://semver.org"),
        ("../Makefile", "docs/README.md", "README.md", "../Makefile"),
    ],
)
def test_relink_leads_to_where_the_page_lies_in_the_site(link: str, source: str, uri: str, expected: str) -> None:
    assert f"[a]({expected})" == relink(f"[a]({link})", source, uri)


def test_links_lead_to_files_on_a_git_host_too(root: Path, files: list[str]) -> None:
    """The strict build looks at the pages of the site; the README at the top is none of them."""
    links = [
        (name, link)
        for name in files
        if name.endswith(".md")
        for link in LINK.findall((root / name).read_text("utf-8"))
    ]

    assert len(links) > 50
    assert [] == [f"{name}: {link}" for name, link in links if not (root / name).parent.joinpath(link).is_file()]
