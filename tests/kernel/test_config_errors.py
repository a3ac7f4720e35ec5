"""A wrong plugins.toml: file, line, key, value found and fix; row numbers are those of the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tradewright.config import inside_workspace, read
from tradewright.errors import ConfigError, TradewrightError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = """\
format = 1
currency = "USD"
[plugins]
enabled = ["sample-data", "ma-crossover==0.1.0"]
[capital]
total = 200_000
start = 50_000
[data.indices]  # line 8
source = "sample-data"
symbols = [
    "SPX",
    "COMP",
]
[strategies.trend]  # line 14
data = ["indices"]
gross = 0.40
[strategies.trend.signals.ma-crossover]  # line 17
weight = 1.0
fast = 20
[risk]
position-limit = { limit = 0.30, trim_band = 0.02 }  # line 21
[costs]
spread_bps = 2.0
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "plugins.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refused(path: Path, *overrides: str) -> TradewrightError:
    with pytest.raises(TradewrightError) as caught:
        read(path, overrides)
    assert caught.value.fix, "every error says how to mend it"
    return caught.value


# ---- rows 1 to 4: the file itself ------------------------------------------------------------------------


def test_read_when_file_is_missing_names_it_and_init(tmp_path: Path) -> None:
    """Row 1."""
    error = refused(tmp_path / "plugins.toml")

    assert isinstance(error, ConfigError)
    assert str(error) == f"{tmp_path / 'plugins.toml'}: not found"
    assert "tradewright init" in str(error.fix)


def test_read_when_path_is_a_folder_says_so(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory" in str(refused(tmp_path))


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing yet\n"])
def test_read_when_file_is_empty_says_no_plugins_enabled(written: Callable[[str], Path], content: str) -> None:
    """Row 2."""
    error = refused(written(content))

    assert (error.message, error.line, error.key) == ("no plugins enabled", 1, "plugins")


def test_read_when_plugins_table_is_empty_says_no_plugins_enabled(written: Callable[[str], Path]) -> None:
    """Row 2."""
    error = refused(written('currency = "USD"\n[plugins]\n'))

    assert (error.message, error.line, error.key) == ("no plugins enabled", 2, "plugins.enabled")


@pytest.mark.parametrize(
    ("content", "line", "parts"),
    [
        ("a = 1\nb = \n", 2, ["invalid TOML at column", "Invalid value"]),
        ("a = 1\nb c\n", 2, ["column 3", "Expected '='"]),
        ("a = yes\n", 1, ["column 5", "Invalid value"]),
        ("a = 1\nb = [1, 2\nc = 3\n", 3, ["column 1", "Unclosed array", "begun on line 2"]),
        ("a = 1\nb = [1,\n2\n\n", 3, ["end of the file", "Unclosed array", "begun on line 2"]),
        ('a = """\nfoo', 2, ["end of the file", "Unterminated string", "begun on line 1"]),
        ("c = 1\na = {b = 1, b = 2}", 2, ["Duplicate inline table key 'b'"]),
        ("a = 1\n[a.b]\n", 2, ["Cannot overwrite a value"]),
        ("a = " + "1" * 5000 + "\nb = 1\n", 1, ["invalid TOML: Exceeds the limit (4300 digits)"]),
        ("a = " + "[" * 5000, 1, ["nested too deeply"]),
    ],
)
def test_read_when_syntax_is_wrong_gives_line_and_column(
    written: Callable[[str], Path], content: str, line: int, parts: list[str]
) -> None:
    """Row 3."""
    error = refused(written(content))

    assert error.line == line
    assert [part for part in parts if part not in error.message] == []


@pytest.mark.parametrize("content", ["a = {b = 1, b = 2}", "a = 1\n[a.b]\n", "[a]\n[a.b]\n[c]\na.b.d=1\n[a]\n"])
def test_read_when_something_is_set_twice_says_to_keep_one(written: Callable[[str], Path], content: str) -> None:
    """Row 5, where the parser itself notices."""
    fix = refused(written(content)).fix

    assert fix is not None
    assert "remove line 1 or line" in fix or "set it once: keep one of the two" == fix


@pytest.mark.parametrize(
    ("content", "line", "part"),
    [
        (b"\xef\xbb\xbf" + GOOD.encode(), 1, "byte order mark"),
        (GOOD.encode("utf-16"), 1, "UTF-16"),
        (GOOD.encode("utf-16-be"), 1, "zero byte"),
        (b"a = 1\nb = '\xe9'\n", 2, "byte 0xe9"),
        (b"a = 1\n\x00\x01\x02", 2, "zero byte"),
        (b"\x7fELF\xff\xfe", 1, "not UTF-8"),
    ],
)
def test_read_when_not_utf8_says_so(written: Callable[[bytes], Path], content: bytes, line: int, part: str) -> None:
    """Row 4."""
    error = refused(written(content))

    assert error.line == line
    assert "UTF-8" in error.message
    assert part in error.message


def test_read_when_larger_than_a_mebibyte_refuses(written: Callable[[str], Path]) -> None:
    assert "larger than 1 MiB" in refused(written("#" * ((1 << 20) + 1))).message


# ---- rows 5 to 22: what it says --------------------------------------------------------------------------

ROWS = [
    # row, text replaced, its replacement, line, key, parts of the message
    (5, "fast = 20", "fast = 20\nfast = 30", 20, "strategies.trend.signals.ma-crossover.fast",
     "duplicate key, first set on line 19"),
    (5, "[costs]", "[capital]", 22, "capital", "duplicate table, first set on line 5"),
    (5, "currency", "format = 1\ncurrency", 2, "format", "duplicate key, first set on line 1"),
    (6, "[plugins]", "[pluggins]", 3, "pluggins", "unknown table; did you mean plugins?"),
    (6, "[costs]", "[zzz]", 22, "zzz", "unknown table"),
    (6, "spread_bps", "spred_bps", 23, "costs.spred_bps", "unknown key; did you mean spread_bps?"),
    (6, "gross", "goss", 16, "strategies.trend.goss", "unknown key; did you mean gross?"),
    (6, "source", "sorce", 8, "data.indices.source", "missing; is it misspelt as sorce?"),
    (6, "currency", "curency", 2, "curency", "unknown key; did you mean currency?"),
    (6, "currency = ", "document = ", 2, "document", "unknown key"),
    (8, '"ma-crossover==0.1.0"', '"ma-crossover>=0.1"', 4, "plugins.enabled", 'was "ma-crossover>=0.1"'),
    (8, '"ma-crossover==0.1.0"', '"MA Crossover"', 4, "plugins.enabled", "NAME or NAME==VERSION"),
    (8, '"ma-crossover==0.1.0"', "3", 4, "plugins.enabled", "must be text in quotes, was 3"),
    (8, '"ma-crossover==0.1.0"', '"sample-data==1"', 4, "plugins.enabled", "sample-data listed twice"),
    (10, "spread_bps = 2.0", "spread_bps = nan", 23, "costs.spread_bps", "must be finite, was nan"),
    (10, "gross = 0.40", "gross = nan", 16, "strategies.trend.gross", "must be finite, was nan"),
    (11, "total = 200_000", "total = inf", 6, "capital.total", "must be finite, was inf"),
    (11, "gross = 0.40", "gross = -inf", 16, "strategies.trend.gross", "must be finite, was -inf"),
    (12, "gross = 0.40", 'gross = "30%"', 16, "strategies.trend.gross",
     'must be a fraction 0-10, was "30%"; did you mean 0.30?'),
    (12, "gross = 0.40", "gross = 30", 16, "strategies.trend.gross",
     "must be a fraction 0-10, was 30; did you mean 0.30?"),
    (12, "gross = 0.40", "gross = 0.40\nno_trade_band = 2", 17, "strategies.trend.no_trade_band",
     "must be a fraction 0-1, was 2; did you mean 0.02?"),
    (12, "gross = 0.40", 'gross = "0.4"', 16, "strategies.trend.gross", "did you mean 0.4?"),
    (12, "gross = 0.40", 'gross = "much"', 16, "strategies.trend.gross", 'fraction 0-10, was "much"'),
    (13, "gross = 0.40", "gross = 0", 16, "strategies.trend.gross", "must be > 0, was 0"),
    (13, "gross = 0.40", "gross = -0.4", 16, "strategies.trend.gross", "must be > 0, was -0.4"),
    (13, "start = 50_000", "start = -5", 7, "capital.start", "must be > 0, was -5"),
    (13, "spread_bps = 2.0", "spread_bps = -1", 23, "costs.spread_bps", "must be >= 0, was -1"),
    (14, "gross = 0.40", "gross = true", 16, "strategies.trend.gross", "must be a fraction 0-10, was true"),
    (14, "total = 200_000", "total = true", 6, "capital.total", "must be a number, was true"),
    (14, 'currency = "USD"', "seed = true", 2, "seed", "must be a whole number, was true"),
    (14, 'currency = "USD"', "seed = 7.0", 2, "seed", "must be a whole number, was 7.0; did you mean 7?"),
    (14, 'currency = "USD"', "seed = 9223372036854775808", 2, "seed", "must fit in 64 bits"),
    (14, 'currency = "USD"', "currency = 3", 2, "currency", "must be text in quotes, was 3"),
    (14, "start = 50_000", 'start = "50000"', 7, "capital.start", 'was "50000"; did you mean 50000?'),
    (14, '["indices"]', '"indices"', 15, "strategies.trend.data", 'must be an array, was "indices"'),
    (14, "[costs]\n", "costs = 3\n", 22, "risk.costs", "must be a table, was 3"),
    (17, "weight = 1.0", "weight = 0.4\n[strategies.trend.signals.sentiment]\nweight = 0.7", 17,
     "strategies.trend.signals", "weights must sum to 1, was ma-crossover + sentiment = 1.1"),
    (17, "weight = 1.0", "weight = 0.999999998", 17, "strategies.trend.signals", "= 0.999999998"),
    (17, "weight = 1.0\n", "", 17, "strategies.trend.signals.ma-crossover.weight", "required, and missing"),
    (18, '"COMP"', '"SPX"', 10, "data.indices.symbols", "SPX listed twice"),
    (19, '"COMP"', '"spy"', 10, "data.indices.symbols", 'invalid symbol "spy"; did you mean SPY?'),
    (19, '"COMP"', '"SP Y"', 10, "data.indices.symbols", 'invalid symbol "SP Y"'),
    (19, '"COMP"', '""', 10, "data.indices.symbols", 'invalid symbol ""'),
    (19, '"COMP"', f'"{"A" * 500}"', 10, "data.indices.symbols", f'invalid symbol "{"A" * 40}..."'),
    (20, '"COMP"', '"\'; DROP TABLE orders;--"', 10, "data.indices.symbols", "invalid symbol"),
    (20, '"COMP"', '"\\u001b[31m"', 10, "data.indices.symbols", 'invalid symbol "\\u001b[31m"'),
    (21, "source", 'calendar = ""\nsource', 9, "data.indices.calendar", 'must be one word, was ""'),
    (21, "source", 'calendar = "EST5 EDT"\nsource', 9, "data.indices.calendar", 'was "EST5 EDT"'),
    # Beyond the catalogue.
    (0, "format = 1", "format = 2", 1, "format", "reads format 1, was 2, which is newer"),
    (0, "format = 1", "format = true", 1, "format", "reads format 1, was true"),
    (0, 'currency = "USD"', 'currency = "usd"', 2, "currency", 'must be three capitals, was "usd"'),
    (0, "start = 50_000", "start = 200_001", 7, "capital.start", "most capital.total = 200000, was 200001"),
    (0, "total = 200_000", "total = 1000000001", 6, "capital.total", "must be <= 1000000000, was 1000000001"),
    (0, '["indices"]', '["indexes"]', 15, "strategies.trend.data", "did you mean indices?"),
    (0, '["indices"]', "[]", 15, "strategies.trend.data", "must not be empty"),
    (0, "[strategies.trend]  ", "[strategies]\n[strategiez.trend]  ", 15, "strategiez", "mean strategies?"),
    (0, "[strategies.trend.signals.ma-crossover]", "[strategies.trend.signals]\n[risk.x]", 17,
     "strategies.trend.signals", "must not be empty"),
    (0, '["indices"]', '["indices", "indices"]', 15, "strategies.trend.data", "indices listed twice"),
    (0, "gross", 'rebalance = "wek"\ngross', 16, "strategies.trend.rebalance",
     'must be one of bar, session, week, month, was "wek"; did you mean week?'),
    (0, "source", 'bar = "daily"\nsource', 9, "data.indices.bar", 'seconds, minutes, hours or days, was "daily"'),
    (0, "position-limit", '"a b"', 20, "risk", 'letters, digits, - or _, was "a b"'),
    (0, "position-limit = {", "position-limit = 3  #", 21, "risk.position-limit", "must be a table, was 3"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "old", "new", "line", "key", "part"), ROWS)
def test_read_when_a_value_is_wrong_names_line_key_and_value(
    written: Callable[[str], Path], row: int, old: str, new: str, line: int, key: str, part: str
) -> None:
    content = GOOD.replace(old, new, 1)
    assert content != GOOD, f"row {row} changes nothing"

    error = refused(written(content))

    assert isinstance(error, ConfigError)
    assert (line, key) == (error.line, error.key)
    assert part in error.message
    assert str(error.file).endswith("plugins.toml")


def test_read_when_unknown_table_is_far_from_all_lists_the_known_ones(written: Callable[[str], Path]) -> None:
    """Row 6."""
    error = refused(written(GOOD.replace("[costs]", "[zzz]")))

    assert "capital, checks, costs, currency, data, data_roots, execution, format, instruments" in str(error.fix)


@pytest.mark.parametrize(("weight", "accepted"), [(1.0, True), (1.0 - 9e-10, True), (1.0 - 1.1e-9, False)])
def test_weights_when_within_a_billionth_pass(written: Callable[[str], Path], weight: float, accepted: bool) -> None:
    """Row 17."""
    path = written(GOOD.replace("weight = 1.0", f"weight = {weight!r}"))

    if accepted:
        assert weight == read(path).strategies["trend"].signals["ma-crossover"].weight
    else:
        assert "weights must sum to 1" in refused(path).message


def test_shares_when_above_one_name_the_strategies(written: Callable[[str], Path]) -> None:
    second = (
        '[strategies.carry]\ndata = ["indices"]\ncapital_share = {share}\n[strategies.carry.signals.x]\nweight = 1\n'
    )
    halved = GOOD.replace("gross = 0.40", "capital_share = 0.75")

    assert 0.25 == read(written(halved + second.format(share=0.25))).strategies["carry"].capital_share
    error = refused(written(halved + second.format(share=0.26)))
    assert error.message == "capital shares must sum to at most 1, was trend + carry = 1.01"


def test_read_when_two_feeds_of_a_strategy_share_a_symbol_names_both(written: Callable[[str], Path]) -> None:
    content = GOOD.replace('["indices"]', '["indices", "more"]')
    content += '[data.more]\nsource = "files"\nsymbols = ["COMP"]\n'

    error = refused(written(content))

    assert ("strategies.trend.data", 15) == (error.key, error.line)
    assert error.message == "COMP listed twice: by indices and more"


def test_read_when_a_feed_has_no_symbols_refuses(written: Callable[[str], Path]) -> None:
    error = refused(written(GOOD), "data.indices.symbols=[]")

    assert "must not be empty" == error.message


@pytest.mark.parametrize("table", ["data", "strategies"])
def test_read_when_a_required_table_is_missing_says_what_to_add(written: Callable[[str], Path], table: str) -> None:
    lines = GOOD.splitlines(keepends=True)
    cut = {"data": lines[:7] + lines[13:], "strategies": lines[:13] + lines[19:]}[table]

    error = refused(written("".join(cut)))

    assert (table, 1) == (error.key, error.line)
    assert f"[{table}.NAME]" in str(error.fix)


# ---- row 22: secrets -------------------------------------------------------------------------------------

SECRETS = [
    'api_key = "hunter2hunter2"',
    'apiKey = "hunter2hunter2"',
    'API_SECRET = "hunter2hunter2"',
    'passphrase = ""',
    "password = 12345678",
    'keys = ["hunter2hunter2"]',
    'mnemonic = "abandon ability able about above absent"',
    'id = "AKIAIOSFODNN7EXAMPLE"',
    'id = "PKABCDEFGHIJ12345678"',
    'wallet = "0x' + "ab12" * 16 + '"',
    'header = "-----BEGIN EC PRIVATE KEY-----"',
    'url = "postgresql://me:hunter2@host/db"',
    'note = "Zx9Qw3Er7Ty1Ui5Op2As8Df4Gh6Jk0Lm3Nb"',
    'token = "env:"',
    'token = "keyring:alpaca"',
]


@pytest.mark.parametrize("line", SECRETS)
def test_read_when_a_secret_stands_in_the_file_refuses_without_repeating_it(
    written: Callable[[str], Path], line: str
) -> None:
    """Row 22."""
    error = refused(written(GOOD.replace("fast = 20", line)))

    name, _, value = line.partition(" = ")
    assert (19, f"strategies.trend.signals.ma-crossover.{name}") == (error.line, error.key)
    assert "secret in clear text; must be env:NAME or keyring:service/name" in error.message
    inner = value.strip('"[]')
    assert inner == "" or inner not in f"{error.message}{error.fix}".replace("env:NAME", "").replace('"env:', "")


@pytest.mark.parametrize(
    "line",
    [
        'api_key = "env:ALPACA_KEY"',
        'secret = "keyring:alpaca/paper"',
        "max_tokens = 512",
        "use_key = true",
        'model = "mrm8488/distilroberta-finetuned-financial-news-sentiment-analysis"',
        'sha256 = "' + "ab12" * 16 + '"',
        'hedge = "AKTXF260117C00150000"',
        'monkey = "bananas"',
        'url = "https://example.org/prices"',
        "from = 2020-01-01",
    ],
)
def test_read_when_a_value_only_resembles_a_secret_accepts_it(written: Callable[[str], Path], line: str) -> None:
    settings = read(written(GOOD.replace("fast = 20", line)))

    assert [line.partition(" ")[0]] == list(settings.strategies["trend"].signals["ma-crossover"].options)


def test_set_when_it_carries_a_secret_does_not_repeat_it(written: Callable[[str], Path]) -> None:
    """Row 22."""
    error = refused(written(GOOD), "risk.position-limit.api_key=hunter2hunter2")

    assert "--set" == error.file
    assert "hunter2" not in f"{error}{error.fix}"


# ---- --set -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("strategies.trend.gross", 'must be key=value, was "strategies.trend.gross"'),
        ("=3", "must begin with a dotted key"),
        ("#=3", "must begin with a dotted key"),
        ("a b=3", "must begin with a dotted key"),
        ("a=1\nb=3", "must set one value"),
        ("a = 1\nb.c=3", "must set one value"),
        ("[plugins]\na=3", "must begin with a dotted key"),
        ("strategies.trend.gross=", "must be followed by a TOML value or one word"),
        ("strategies.trend.gross=[1,", "must be followed by a TOML value or one word"),
        ("strategies.trend.gross=two words", "must be followed by a TOML value or one word"),
        ("strategies.tend.gross=0.3", "strategies.tend: not in the file; did you mean trend?"),
        ("strategies.trend.signals.ma-cros.fast=3", "not in the file; did you mean ma-crossover?"),
        ("data.other.bar=1h", "data.other: not in the file"),
        ("currency.code=EUR", "currency is a value, not a table"),
    ],
)
def test_set_when_malformed_is_a_usage_error(written: Callable[[str], Path], text: str, part: str) -> None:
    error = refused(written(GOOD), text)

    assert isinstance(error, UsageError)
    assert part in error.message


@pytest.mark.parametrize(
    ("text", "key", "part"),
    [
        ("strategies.trend.gross=30%", "strategies.trend.gross", "did you mean 0.30?"),
        ("strategies.trend.gross=nan", "strategies.trend.gross", "must be finite, was nan"),
        ("strategies.trend.goss=0.3", "strategies.trend.goss", "did you mean gross?"),
        ("data.indices.symbols=['spy']", "data.indices.symbols", 'invalid symbol "spy"'),
        ("costs={spred_bps=1}", "costs.spred_bps", "did you mean spread_bps?"),
        ("pluggins.enabled=[]", "pluggins", "did you mean plugins?"),
        ("data=3", "data", "must be a table, was 3"),
    ],
)
def test_set_when_the_value_is_wrong_names_set_as_the_place(
    written: Callable[[str], Path], text: str, key: str, part: str
) -> None:
    error = refused(written(GOOD), text)

    assert isinstance(error, ConfigError)
    assert ("--set", None, key) == (error.file, error.line, error.key)
    assert part in error.message


def test_set_when_it_breaks_a_sum_names_the_line_and_the_override(written: Callable[[str], Path]) -> None:
    error = refused(written(GOOD), "strategies.trend.signals.ma-crossover.weight=0.5")

    assert 17 == error.line
    assert "= 0.5 (with --set strategies.trend.signals.ma-crossover.weight)" in error.message


# ---- row 28: paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["../other", "a/../../other", "/etc/passwd", "~/x", "link/x"])
def test_inside_workspace_when_a_path_leads_out_refuses(tmp_path: Path, path: str) -> None:
    """Row 28."""
    workspace = tmp_path / "desk"
    workspace.mkdir()
    (workspace / "link").symlink_to(tmp_path)

    with pytest.raises(ConfigError, match="must stay inside the workspace") as caught:
        inside_workspace(workspace, path, "data.mine.path")

    assert "data.mine.path" == caught.value.key
    assert path in caught.value.message


@pytest.mark.parametrize("path", ["loop", "zero\0byte"])
def test_inside_workspace_when_not_a_path_refuses(tmp_path: Path, path: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")

    with pytest.raises(ConfigError, match=r"data\.mine\.path: must be a path"):
        inside_workspace(tmp_path, path, "data.mine.path")


@pytest.mark.parametrize("path", [".", "prices/spy.csv", "a/../prices"])
def test_inside_workspace_when_a_path_stays_in_returns_it_absolute(tmp_path: Path, path: str) -> None:
    assert (tmp_path / path).resolve() == inside_workspace(tmp_path, path, "data.mine.path")
    assert tmp_path / "prices" == inside_workspace(tmp_path, tmp_path / "prices", "data.mine.path")


# ---- the price of an error -------------------------------------------------------------------------------


def test_error_when_the_file_has_ten_thousand_lines_names_the_line(
    written: Callable[[str], Path],
) -> None:
    options = "".join(f"option-{n} = {n}\n" for n in range(10_000))

    error = refused(written(GOOD + options))

    assert 24 == error.line
