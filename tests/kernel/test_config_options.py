"""A component's own options become its config class, or an error that names the line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs
import pytest
from tradewright.config import Settings, count, fraction, one_of, positive, read, structure
from tradewright.errors import ConfigError, PluginError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIGNAL = "strategies.trend.signals.ma-crossover"
TEXT = """\
[plugins]
enabled = []
[data.indices]
source = "sample-data"
symbols = ["SPX"]
folder = "prices"
[strategies.trend]
data = ["indices"]
[risk]
position-limit = { limit = 0.30 }
[checks.price-collar]
limit = 0.05
[strategies.trend.signals.ma-crossover]  # line 13
weight = 1
fast = 20
"""


@attrs.frozen(kw_only=True)
class Crossover:
    fast: int = count(50, doc="short average", unit="bars")
    slow: int = attrs.field(default=200)
    average: Literal["simple", "exponential"] = one_of("simple", "exponential", default="simple")
    bands: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    label: str | None = None
    strict: bool = False
    stop: float | None = positive(None, doc="stop distance")
    nested: dict[str, int] = attrs.field(factory=dict)

    @slow.validator
    def _exceeds_fast(self, _: attrs.Attribute[int], slow: int) -> None:
        if slow <= self.fast:
            raise ValueError("slow must exceed fast")


@attrs.frozen(kw_only=True)
class Limit:
    limit: float = fraction(0.12, at_most=0.30)


@pytest.fixture
def reads(tmp_path: Path) -> Callable[..., Settings]:
    def read_text(text: str = TEXT) -> Settings:
        path = tmp_path / "plugins.toml"
        path.write_bytes(text.encode())
        return read(path)

    return read_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Crossover()),
        ("fast = 1", Crossover(fast=1)),
        ('average = "exponential"', Crossover(average="exponential")),
        ("bands = [1, 2.5]", Crossover(bands=(1.0, 2.5))),
        ('words = ["a", ""]', Crossover(words=("a", ""))),
        ('label = "30"', Crossover(label="30")),
        ("slow = 51", Crossover(slow=51)),
        ("strict = true", Crossover(strict=True)),
        ("stop = 3", Crossover(stop=3.0)),
        ("nested = { a = 1, b = 2 }", Crossover(nested={"a": 1, "b": 2})),
    ],
)
def test_structure_when_options_are_valid_returns_the_config_class(
    reads: Callable[..., Settings], text: str, expected: Crossover
) -> None:
    config = structure(reads(TEXT.replace("fast = 20", text)), SIGNAL, Crossover)

    assert expected == config
    assert config.stop is None or type(config.stop) is float


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("risk.position-limit", 0.30),
        ("risk.daily-loss", 0.12),
        ("checks.price-collar", 0.05),
        ("checks.volume-share", 0.12),
        ("strategies.trend.optimizer", 0.12),
        ("execution.executor", 0.12),
    ],
)
def test_structure_when_a_component_is_not_in_the_file_gives_its_defaults(
    reads: Callable[..., Settings], key: str, expected: float
) -> None:
    settings = reads()

    assert Limit(limit=expected) == structure(settings, key, Limit)


def test_structure_when_a_feed_has_options_gives_only_those(reads: Callable[..., Settings]) -> None:
    @attrs.frozen(kw_only=True)
    class Source:
        folder: str = "."

    assert Source(folder="prices") == structure(reads(), "data.indices", Source)


@pytest.mark.parametrize("key", ["costs", "data.none", "strategies.trend.signals.none", ""])
def test_structure_when_there_is_no_such_place_is_a_mistake_of_the_caller(
    reads: Callable[..., Settings], key: str
) -> None:
    with pytest.raises(KeyError):
        structure(reads(), key, Limit)


@pytest.mark.parametrize(
    ("line", "key", "part"),
    [
        ("fast = 2.5", "fast", "must be a whole number, was 2.5"),
        ("fast = true", "fast", "must be a whole number, was true"),
        ("fast = 0", "fast", "must be >= 1, was 0"),
        ("fsat = 20", "fsat", "unknown key; did you mean fast?"),
        ("wieght = 20", "wieght", "unknown key; did you mean weight?"),
        ("slow = 50", "slow", "slow must exceed fast, was 50"),
        ('slow = "40"', "slow", 'must be a whole number, was "40"; did you mean 40?'),
        ('average = "simpel"', "average", "was \"simpel\"; did you mean simple?"),
        ("average = 1", "average", "must be one of simple, exponential, was 1"),
        ('bands = "abc"', "bands", 'must be an array, was "abc"'),
        ("bands = [1, nan]", "bands", "must be finite, was nan"),
        ("bands = [1, '2']", "bands", 'must be a number, was "2"; did you mean 2?'),
        ("nested = { a = 1.5 }", "nested.a", "must be a whole number, was 1.5"),
        ("nested = 3", "nested", "must be a table, was 3"),
        ("words = [1]", "words", "must be text in quotes, was 1"),
        ("label = 3", "label", "must be text in quotes, was 3"),
        ("strict = 1", "strict", "must be true or false, was 1"),
        ("stop = inf", "stop", "must be finite, was inf"),
        ("stop = 2020-01-01", "stop", "must be a number, was 2020-01-01"),
    ],
)  # fmt: skip
def test_structure_when_an_option_is_wrong_names_line_key_and_value(
    reads: Callable[..., Settings], line: str, key: str, part: str
) -> None:
    settings = reads(TEXT.replace("fast = 20", line))

    with pytest.raises(ConfigError) as caught:
        structure(settings, SIGNAL, Crossover)

    assert (15, f"{SIGNAL}.{key}") == (caught.value.line, caught.value.key)
    assert part in caught.value.message
    assert caught.value.fix


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("nan", "must be finite"),
        ("inf", "must be finite"),
        ('"30%"', "did you mean 0.30?"),
        ("30", "was 30; did you mean 0.30?"),
        ("0.31", "must be a fraction 0-0.3, was 0.31"),
        ("0", "must be > 0, was 0"),
        ("-0.3", "must be > 0, was -0.3"),
        ("true", "must be a fraction 0-0.3, was true"),
    ],
)
def test_structure_when_a_limit_in_an_inline_table_is_wrong_names_its_line(
    reads: Callable[..., Settings], value: str, part: str
) -> None:
    """Rows 10 to 14."""
    settings = reads(TEXT.replace("limit = 0.30", f"limit = {value}"))

    with pytest.raises(ConfigError) as caught:
        structure(settings, "risk.position-limit", Limit)

    assert (10, "risk.position-limit.limit") == (caught.value.line, caught.value.key)
    assert part in caught.value.message


def test_structure_when_a_default_does_not_fit_a_value_shows_the_default(
    reads: Callable[..., Settings],
) -> None:
    with pytest.raises(ConfigError) as caught:
        structure(reads(TEXT.replace("fast = 20", "fast = 200")), SIGNAL, Crossover)

    assert (13, f"{SIGNAL}.slow") == (caught.value.line, caught.value.key)
    assert "slow must exceed fast, was 200" == caught.value.message


def test_structure_when_the_class_as_a_whole_objects_names_the_table(reads: Callable[..., Settings]) -> None:
    @attrs.frozen(kw_only=True)
    class Pair:
        fast: int = 1

        def __attrs_post_init__(self) -> None:
            raise ValueError("no such pair")

    with pytest.raises(ConfigError) as caught:
        structure(reads(), SIGNAL, Pair)

    assert (13, SIGNAL) == (caught.value.line, caught.value.key)
    assert "no such pair" in caught.value.message


@attrs.frozen(kw_only=True)
class Unreadable:
    fast: Unknown = 3  # type: ignore[name-defined]  # noqa: F821  # what the test is about


@attrs.frozen(kw_only=True)
class Unsupported:
    fast: complex = 3


@attrs.frozen(kw_only=True)
class Nested:
    fast: complex | None = None


@pytest.mark.parametrize("cls", [dict, int, Unreadable, Unsupported, Nested])
def test_structure_when_config_class_is_unusable_blames_the_plugin(reads: Callable[..., Settings], cls: type) -> None:
    with pytest.raises(PluginError) as caught:
        structure(reads(), SIGNAL, cls)

    assert SIGNAL == caught.value.key
    assert caught.value.fix
