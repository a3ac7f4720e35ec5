"""What mkdocs does beside its own work: take in the pages that lie outside docs/, and lead links to them.

Links are written as a git host wants them, relative to the file they stand in.  In the site a page may lie
elsewhere, so each link is written anew; one that leads to no page of the site is left, and the strict build
refuses it.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
DOCS = "docs/"
LINK = re.compile(r"(?<=\]\()(?!#|[a-z]+:)([^)\s#]+)(?=[#)])")


def outside() -> dict[str, str]:
    """Return the pages outside docs/: where each lies in the repository, and where in the site."""
    readmes = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("plugins/*/README.md"))
    return {
        "CHANGELOG.md": "project/changelog.md",
        "CONTRIBUTING.md": "project/contributing.md",
        **{readme: f"reference/plugins/{readme.split('/')[1]}.md" for readme in readmes},
    }


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside docs/."""
    for path, uri in outside().items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Write the links of a page anew."""
    sources = {uri: path for path, uri in outside().items()}
    return relink(markdown, sources.get(page.file.src_uri, DOCS + page.file.src_uri), page.file.src_uri)


def relink(markdown: str, source: str, uri: str) -> str:
    """Return the text of the repository's file `source` with links that hold at `uri` of the site.

    >>> relink("[a](../CHANGELOG.md#x) [b](how-to/b.md) [c](#d)", "docs/README.md", "README.md")
    '[a](project/changelog.md#x) [b](how-to/b.md) [c](#d)'
    """
    elsewhere = outside()

    def at_the_site(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[1]))
        target = elsewhere.get(path, path.removeprefix(DOCS) if path.startswith(DOCS) else None)
        return link[1] if target is None else posixpath.relpath(target, posixpath.dirname(uri) or ".")

    return LINK.sub(at_the_site, markdown)
