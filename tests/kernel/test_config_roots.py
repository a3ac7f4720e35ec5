"""`data_roots`: prices outside the workspace, only from the folders that the file allows."""

from __future__ import annotations

from pathlib import Path

import flat_prices
import pytest
from flat_prices import days, save
from tradewright.config import inside_workspace
from tradewright.data import feeds
from tradewright.errors import ConfigError

SETTINGS = """\
{roots}
[plugins]
enabled = []
[data.mine]
source = "files"
symbols = ["LON"]
calendar = "24/7"
path = "{path}"
[strategies.trend]
data = ["mine"]
[strategies.trend.signals.any]
weight = 1.0
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Return a workspace beside a folder of prices and one that nobody has allowed."""
    (tmp_path / "desk").mkdir()
    for name in ("prices/daily", "prices-of-others"):
        save(tmp_path / name, "LON", days(3))
    return tmp_path / "desk"


def load_feeds(desk: Path, path: str, *roots: str) -> tuple[feeds.Feed, ...]:
    listed = f"data_roots = [{', '.join(map(repr, roots))}]" if roots else ""
    return flat_prices.load_feeds(desk, SETTINGS.format(roots=listed, path=path))


def test_path_below_an_allowed_folder_is_read(desk: Path) -> None:
    prices = desk.parent / "prices"

    (feed,) = load_feeds(desk, f"{prices}/daily/{{symbol}}.csv", "/nowhere", str(prices))

    assert 3 == feed.bars.n_bars


def test_path_outside_names_the_list_that_would_allow_it(desk: Path) -> None:
    with pytest.raises(ConfigError, match="must stay inside the workspace") as caught:
        load_feeds(desk, f"{desk.parent}/prices/daily/{{symbol}}.csv")

    assert (8, "data.mine.path") == (caught.value.line, caught.value.key)
    assert 'data_roots = ["/srv/prices"]' in str(caught.value.fix)


@pytest.mark.parametrize("path", ["../prices-of-others", "{prices}-of-others", "{prices}/../prices-of-others"])
def test_path_beside_an_allowed_folder_is_refused(desk: Path, path: str) -> None:
    """A folder whose name begins like an allowed one is another folder."""
    prices = desk.parent / "prices"

    with pytest.raises(ConfigError, match=f"must stay inside the workspace {desk} or {prices}, was"):
        load_feeds(desk, f"{path.format(prices=prices)}/{{symbol}}.csv", str(prices))


def test_link_from_an_allowed_folder_to_elsewhere_is_refused(desk: Path) -> None:
    prices = desk.parent / "prices"
    (prices / "link").symlink_to(desk.parent / "prices-of-others")

    with pytest.raises(ConfigError, match="must stay inside the workspace"):
        load_feeds(desk, f"{prices}/link/{{symbol}}.csv", str(prices))


def test_path_of_a_place_without_the_list_does_not_name_it(desk: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        inside_workspace(desk, "/elsewhere", "report")

    assert "data_roots" not in str(caught.value.fix)


@pytest.mark.parametrize(
    ("root", "message"),
    [
        ("prices", 'must be an absolute folder, was "prices"'),
        ("~/prices", 'must be an absolute folder, was "~/prices"'),
        ("/srv/../etc", 'must be an absolute folder, was "/srv/../etc"'),
        ("/", 'must not allow everything, was "/"'),
        ("//", 'must not allow everything, was "//"'),
    ],
)
def test_root_that_does_not_say_exactly_what_it_allows_is_refused(desk: Path, root: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_feeds(desk, "data/{symbol}.csv", root)

    assert (1, "data_roots") == (caught.value.line, caught.value.key)
    assert message in str(caught.value)


def test_root_that_is_listed_twice_is_refused(desk: Path) -> None:
    with pytest.raises(ConfigError, match="/srv/prices listed twice"):
        load_feeds(desk, "data/{symbol}.csv", "/srv/prices", "/srv/prices")
