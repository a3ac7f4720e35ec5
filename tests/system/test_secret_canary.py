"""A whole session with plugins that do all they can to give their keys away: nothing that it leaves holds one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest
from installed_module import install_module
from own_process import process
from secret_search import files_below, hits, spellings

OF_THE_SHELL, OF_THE_FILE, OF_THE_BROKER = (
    "Qx7/shell+canary=3f9aZk",
    "Wv2/dotenv+canary=8d1cJp",
    "Hn5/broker+canary=6e4bTs",
)
CANARIES = (OF_THE_SHELL, OF_THE_FILE, OF_THE_BROKER)
WITHOUT_BROKER = ("doctor --json", "backtest --json --report page.html --export csv", "signals check works")
ARTEFACTS_MIN, BYTES_MIN = 40, 1_000_000
CODE = """
    import base64, logging, os, sys, warnings
    from urllib.parse import quote
    import attrs
    import numpy as np
    import tradewright as tw
    from tradewright.config import option

    @attrs.frozen(kw_only=True)
    class Options:
        key: tw.Secret = option(doc="one key")
        other: tw.Secret = option(tw.Secret("env:CANARY_FILE"), doc="another")
        do: str = option("work", doc="what to do")

        @property
        def all(self):
            secrets = [self.key.reveal(), self.other.reveal()]
            spelled = [base64.b64encode(b"me:" + one.encode()).decode() for one in secrets]
            return " ".join([*secrets, *spelled, *(quote(one, safe="") for one in secrets), repr(secrets), str(self)])

    class Speaks:
        warmup_bars = 0

        def __init__(self, name, options):
            self.name, self.options = name, options

        def compute(self, view):
            words = self.options.all
            if self.name == "raises":
                raise ConnectionError(f"401 for {words}")
            if self.name == "prints":
                print(words)
            if self.name == "text":
                return words
            if self.name == "named":
                return type(self.options.key.reveal(), (), {})()
            if self.name == "chained":
                try:
                    raise ValueError(words)
                except ValueError as error:
                    raise KeyError(self.options.key.reveal()) from error
            warnings.warn(words, stacklevel=1)
            logging.getLogger("leaky").error("key %s", words)
            print("to stderr", words, dict(os.environ), file=sys.stderr)
            move = np.sin(np.arange(len(view.bars.close)) / 7.0)[:, None] * np.ones(view.bars.close.shape)
            return tw.Forecast(score=move, confidence=np.ones(move.shape))

    def maker(name):
        def make(options):
            if options.do == "refuse":
                raise tw.ConfigError(f"refused: {options.all}", key=options.key.reveal(), fix=f"renew {options.all}")
            if options.do == "break":
                raise RuntimeError(options.all)
            return Speaks(name, options)
        return make

    class Vault:
        def __init__(self, options):
            self.options = options

        def history(self, request):
            print("banner", self.options.all)
            if self.options.do == "fail":
                raise tw.DataError(f"no prices for {self.options.all}", fix=self.options.all)
            days = np.datetime64("2024-01-01") + np.arange(120)
            opened = days.astype("datetime64[ns]")
            close = 100.0 + 10.0 * np.cos(np.arange(120) / 5.0)
            close = np.column_stack([close * (1 + i / 10) for i, _ in enumerate(request.symbols)])
            return tw.Bars(
                instruments=[tw.Instrument(symbol=one, note=f"by {self.options.all}") for one in request.symbols],
                opened_at=opened, closed_at=opened + np.timedelta64(86_399, "s"), session=days,
                close=close, traded=np.ones(close.shape, bool), adjustment=request.adjustment,
            )

    @attrs.frozen
    class Solver:
        options: Options

        def solve(self, problem):
            weights = np.clip(problem.forecast, 0.0, None)
            weights = weights / max(1.0, weights.sum()) * problem.gross * 0.25
            return tw.Allocation(weights=weights, solver=f"scip {self.options.all}")

    @tw.hookimpl
    def tradewright_data_sources():
        yield tw.DataSourceSpec(name="vault", factory=Vault, config=Options, secrets=("env:CANARY_SHELL",))

    @tw.hookimpl
    def tradewright_signals():
        for name in ("works", "raises", "prints", "text", "named", "chained"):
            yield tw.SignalSpec(name=name, factory=maker(name), config=Options, summary=name)

    @tw.hookimpl
    def tradewright_optimizers():
        yield tw.OptimizerSpec(name="solver", factory=Solver, config=Options)

    @tw.hookimpl
    def tradewright_executors():
        yield tw.ExecutorSpec(name="broker", factory=maker("broker"), config=Options, hosts=("api.example.com",))
"""
TOP = """\
[plugins]
enabled = ["leaky"]
[venues.desk]
executor = "broker"
key = "env:CANARY_BROKER"
[execution]
executor = "desk"
"""
BOOK = """\
[data.{name}]
source = "vault"
symbols = ["{symbol}"]
calendar = "24/7"
key = "env:CANARY_SHELL"
[strategies.{name}]
data = ["{name}"]
capital_share = 0.5
isolation = "{isolation}"
[strategies.{name}.optimizer]
name = "solver"
key = "env:CANARY_SHELL"
"""
SIGNAL = """\
[strategies.{name}.signals.{signal}]
weight = {weight}
key = "env:CANARY_SHELL"
"""
WEIGHTS = {"works": 0.5, "raises": 0.1, "prints": 0.1, "text": 0.1, "named": 0.1, "chained": 0.1}

Desk = Callable[..., "Said"]


@attrs.frozen
class Said:
    """What a command left: its code, and what it wrote."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("site")
    install_module(place, "leaky", CODE)
    return place


@pytest.fixture
def outputs() -> dict[str, bytes]:
    """Return all that was written to a stream, by command."""
    return {}


@pytest.fixture
def desk(
    tmp_path: Path, site: Path, share_cache: Callable[[Path], None], outputs: dict[str, bytes]
) -> Iterator[Desk]:
    """Return what runs a command in a folder whose settings name three secrets."""
    folder, rest = tmp_path / "desk", tmp_path / "rest"
    folder.mkdir()
    for name in ("tmp", "home"):
        (rest / name).mkdir(parents=True)
    share_cache(folder)
    text = TOP
    for name, symbol, isolation in (("here", "A", "none"), ("apart", "B", "process")):
        text += BOOK.format(name=name, symbol=symbol, isolation=isolation)
        text += "".join(SIGNAL.format(name=name, signal=one, weight=weight) for one, weight in WEIGHTS.items())
    (folder / "plugins.toml").write_text(text, "utf-8")
    (folder / ".env").write_text(f"# for this desk\r\nexport CANARY_FILE='{OF_THE_FILE}'\r\n", "utf-8")
    (folder / ".env").chmod(0o600)
    own = {"TMPDIR": str(rest / "tmp"), "HOME": str(rest / "home"), "CANARY_SHELL": OF_THE_SHELL}

    def run(*words: str, **more: str) -> Said:
        path = f"{site}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        done = process(folder, *words, **{**own, "PYTHONPATH": path, **more})
        outputs[f"output {len(outputs)}: {' '.join(words)}"] = f"{done.stdout}\n{done.stderr}".encode()
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@pytest.mark.slow
def test_session_with_plugins_that_tell_their_keys_leaves_none(
    desk: Desk, outputs: dict[str, bytes], tmp_path: Path, rule_cache: Path
) -> None:
    unexpected = []
    for words, code in (
        ("doctor --json", 9),
        ("plugins info leaky", 0),
        ("plugins info leaky --json", 0),
        ("data fetch", 0),
        ("backtest --json --report page.html --export csv", 0),
        ("backtest --run latest", 0),
        ("runs --json", 0),
        ("signals check works", 0),
        ("run --paper --replay --speed max --json", 0),
        ("ledger verify", 0),
        ("ledger show --json", 0),
        ("ledger export entries.jsonl", 0),
        ("ledger backup copy.db", 0),
        ("replay --session last", 0),
        ("why last", 0),
        ("why last --json", 0),
        ("backtest --set strategies.here.signals.works.do=refuse", 3),
        ("backtest --set strategies.apart.signals.works.do=refuse --json --debug", 3),
        ("backtest --set strategies.here.optimizer.do=refuse --brief", 0),
        ("backtest --set strategies.here.signals.works.do=break --json", 4),
        ("backtest --set data.here.do=fail --debug", 5),
        ("backtest --set strategies.here.signals.works.key=env:CANARY_NOWHERE", 3),
    ):
        # Nobody needs the broker's key; but where it is there, a plugin can read it.
        more = {} if words in WITHOUT_BROKER else {"CANARY_BROKER": OF_THE_BROKER}
        said = desk(*words.split(), **more)
        if code != said.code:
            unexpected.append(f"{words}: {said.code}\n{said.out[-2000:]}\n{said.err[-2000:]}")
    assert [] == unexpected
    told = b"".join(outputs.values())
    artefacts = {**outputs, **files_below(tmp_path, rule_cache, without=frozenset({tmp_path / "desk" / ".env"}))}

    assert [] == list(hits(artefacts, *CANARIES))
    assert ARTEFACTS_MIN <= len(artefacts)
    assert BYTES_MIN <= sum(map(len, artefacts.values()))
    # The plugins did speak, and were heard with another word in the place of each key.
    for name, least in (("CANARY_SHELL", 20), ("CANARY_FILE", 20), ("CANARY_BROKER", 5)):
        assert least <= told.count(f"[env:{name}]".encode())
    wanted = ("desk/page.html", "desk/entries.jsonl", "desk/copy.db", "runs.db", "ledger.db")
    assert [] == [one for one in wanted if not any(name.endswith(one) for name in artefacts)]
    assert any("/csv/" in name for name in artefacts)


@pytest.mark.slow
def test_session_without_the_second_line_is_full_of_keys(
    desk: Desk, outputs: dict[str, bytes], tmp_path: Path, site: Path
) -> None:
    (site / "sitecustomize.py").write_text("import tradewright.redaction as r\nr.conceal = lambda *_: None\n")
    try:
        said = desk("backtest", "--json", "--report", "page.html", "--debug")
    finally:
        (site / "sitecustomize.py").unlink()
    artefacts = {**outputs, **files_below(tmp_path, without=frozenset({tmp_path / "desk" / ".env"}))}
    found = list(hits(artefacts, *CANARIES))

    assert 0 == said.code, said.err
    for place in ("output 0", "page.html", "runs"):
        assert any(place in hit for hit in found), found
    for spelling in ("plain", "percent", "base64 after 0"):
        assert any(f"({spelling})" in hit for hit in found), found
    assert not any("secret 2" in hit for hit in found), "nobody was given the broker's key"


@pytest.mark.parametrize("spelling", spellings(OF_THE_FILE))
def test_planted_secret_is_found_in_every_spelling(tmp_path: Path, spelling: str) -> None:
    (tmp_path / "some").write_bytes(b"\x00\xff before " + spellings(OF_THE_FILE)[spelling] + b" after \x80")
    (tmp_path / "none").write_bytes(b"nothing to see")

    assert any("secret 1" in hit and "/some" in hit for hit in hits(files_below(tmp_path), OF_THE_SHELL, OF_THE_FILE))
    assert [] == list(hits(files_below(tmp_path, without=frozenset({tmp_path / "some"})), OF_THE_SHELL, OF_THE_FILE))


def test_planted_secret_in_a_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "Qx7-shell-canary").touch()

    assert 1 == len([hit for hit in hits(files_below(tmp_path), "Qx7-shell-canary") if "(plain)" in hit])
