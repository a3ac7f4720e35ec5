"""The files of cached prices: whole, checked, and only where they belong."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tradewright.data import cached
from tradewright.data.cached import Label, label_of, pack, unpack
from tradewright.data.fingerprint import fingerprint
from tradewright.data.store import PriceStore
from tradewright.errors import ConfigError, DataError, TradewrightError
from tradewright.values.bars import Bars
from tradewright.values.instrument import Instrument

AT = datetime(2026, 3, 9, 17, 0, 1, tzinfo=UTC)
DAYS = np.array(["2026-03-02", "2026-03-03", "2026-03-04"], dtype="datetime64[D]")


def prices(*, full: bool = True, symbol: str = "A", **facts: Any) -> Bars:
    opened_at = DAYS + np.timedelta64(52_200_000_000_001, "ns")
    column = np.array([[1.1], [np.nan], [1e-300]])
    more = dict.fromkeys(("open", "high", "low", "volume", "split", "dividend"), column) if full else {}
    return Bars(
        instruments=(Instrument(symbol=symbol, **facts),),
        opened_at=opened_at,
        closed_at=opened_at + np.timedelta64(1, "h"),
        session=DAYS,
        close=column,
        traded=[[True], [False], [True]],
        adjustment="splits",
        **more,
    )


def labelled(bars: Bars, feed: str = "mine", **changes: Any) -> Label:
    label = Label(
        feed=feed,
        question={"source": "files", "bar": "1d", "calendar": "XNYS", "adjustment": "splits", "path": "ö/{symbol}"},
        plugin_version=None,
        asked_from=None,
        asked_to=date(2026, 3, 5),
        fetched_at=AT,
        first_on=date(2026, 3, 2),
        last_on=date(2026, 3, 4),
        n_bars=3,
        instrument=bars.instruments[0],
        fingerprint=fingerprint(bars),
    )
    return attrs.evolve(label, **changes)


@pytest.fixture
def store(tmp_path: Path) -> PriceStore:
    return PriceStore(tmp_path / "desk & co")


@pytest.fixture
def file(store: PriceStore) -> Path:
    """Return the path of a good file."""
    store.workspace.mkdir()
    store.prepare("mine")
    return store.write(labelled(prices()), prices())


# ---- a file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bars",
    [prices(), prices(full=False), prices(lot=3, tick=np.float64(0.1), note="a 'note' ✓"), prices(symbol="^X/Y")],
)
def test_file_gives_back_the_same_bytes(bars: Bars, tmp_path: Path) -> None:
    path = tmp_path / "any"
    path.write_bytes(pack(labelled(bars), bars))

    assert (labelled(bars), bars) == unpack(path)
    assert labelled(bars) == label_of(path)
    assert fingerprint(bars) == fingerprint(unpack(path)[1])


def test_file_is_parquet_that_others_can_read(file: Path) -> None:
    table = pq.ParquetFile(file).read()

    assert ["opened_at", "closed_at", "session", "close", "traded"] == table.column_names[:5]
    assert (pa.timestamp("ns", "UTC"), pa.date32()) == (table["closed_at"].type, table["session"].type)
    assert "files" == json.loads(table.schema.metadata[b"tradewright"])["question"]["source"]


def test_fingerprint_does_not_mind_how_a_fact_is_written() -> None:
    assert fingerprint(prices(lot=1)) == fingerprint(prices(lot=np.float64(1.0))) == fingerprint(prices())
    assert fingerprint(prices(lot=2)) != fingerprint(prices())


def relabelled(path: Path, **changes: Any) -> None:
    table = pq.ParquetFile(path).read()
    label = json.loads(table.schema.metadata[b"tradewright"]) | changes
    pq.write_table(table.replace_schema_metadata({b"tradewright": json.dumps(label)}), path)


def test_file_with_another_number_is_altered(file: Path, store: PriceStore) -> None:
    table = pq.ParquetFile(file).read()
    close = pa.array([1.1, float("nan"), 2e-300])
    changed = table.set_column(table.column_names.index("close"), "close", close)
    pq.write_table(changed, file)

    assert label_of(file) == labelled(prices())
    with pytest.raises(DataError, match="altered: its label names fingerprint") as refused:
        store.read("mine", "A")
    assert (str(file), "tradewright data fetch mine --refresh") == (refused.value.file, refused.value.fix)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_bars": 4}, "altered: its label names count of bars 4, its numbers have 3"),
        (
            {"first_on": "2026-03-01"},
            "altered: its label names first session 2026-03-01, its numbers have 2026-03-02",
        ),
        ({"last_on": "2026-03-05"}, "altered: its label names last session 2026-03-05"),
        ({"fingerprint": "f" * 64}, "altered: its label names fingerprint ffffffffffff"),
        ({"fetched_at": "2026-03-09T17:00:00"}, "corrupt file"),
        ({"fetched_at": "yesterday"}, "corrupt file"),
        ({"question": {"source": "files"}}, "corrupt file"),
        ({"instrument": {"symbol": "\x1b[31m"}}, "corrupt file"),
        ({"stranger": 1}, "corrupt file"),
        ({"schema": 2}, "cached prices of schema 2, this version reads 1"),
        ({"feed": "yours"}, "holds A of feed yours: it was moved here"),
        ({"feed": "../mine"}, "holds A of feed ../mine: it was moved here"),
    ],
)
def test_file_whose_label_was_changed_is_refused(
    file: Path, store: PriceStore, changes: dict[str, Any], message: str
) -> None:
    relabelled(file, **changes)

    with pytest.raises(DataError, match=message.replace("[", r"\[")) as refused:
        store.read("mine", "A")
    assert "tradewright data fetch mine --refresh" == refused.value.fix


def test_file_without_a_label_is_refused(file: Path, store: PriceStore) -> None:
    pq.write_table(pa.table({"close": [1.0]}), file)

    for look in (store.label, store.verified):
        with pytest.raises(DataError, match="holds prices, but no label of this program"):
            look(file)


@pytest.mark.parametrize("missing", ["close", "session", "traded"])
def test_file_without_a_column_is_corrupt(file: Path, store: PriceStore, missing: str) -> None:
    table = pq.ParquetFile(file).read()
    pq.write_table(table.drop_columns([missing]), file)

    with pytest.raises(DataError, match="corrupt file"):
        store.read("mine", "A")


@pytest.mark.parametrize("length", [0, 4, 100, -8])
def test_file_cut_short_is_corrupt(file: Path, store: PriceStore, length: int) -> None:
    file.write_bytes(file.read_bytes()[:length])

    for look in (store.label, store.verified):
        with pytest.raises(DataError, match="corrupt file"):
            look(file)


def test_file_with_flipped_bytes_anywhere_is_noticed(file: Path, store: PriceStore) -> None:
    """Each eleventh byte in turn; some hold nothing that is read, such as statistics, and then all is as it was."""
    whole = file.read_bytes()
    noticed = 0
    for place in range(0, len(whole), 11):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            assert prices() == store.verified(file)[1]
        except DataError:
            noticed += 1

    assert noticed > len(whole) // 11 // 4


def test_file_that_unpacks_beyond_the_limit_is_refused(file: Path) -> None:
    limit = 3 * 11 * 8  # Rows, columns, bytes.

    assert unpack(file, limit_bytes=limit)[1] == prices()
    with pytest.raises(DataError, match="exceeds 263 bytes limit"):
        unpack(file, limit_bytes=limit - 1)


# ---- the folder ------------------------------------------------------------------------------------------


def test_path_of_any_symbol_lies_in_the_folder_of_its_feed(store: PriceStore) -> None:
    folder = store.workspace / ".tradewright" / "data" / "mine"

    assert folder / "BRK.B.parquet" == store.path("mine", "BRK.B")
    assert folder / "BTC%2FUSD%3AX.parquet" == store.path("mine", "BTC/USD:X")


def test_read_without_a_file_is_none(store: PriceStore) -> None:
    assert store.read("mine", "A") is None
    assert [] == list(store.files())


def test_files_are_those_in_place(file: Path, store: PriceStore) -> None:
    (file.parent / ".B.parquet.77.tmp").write_bytes(b"half")
    (file.parent / "notes.txt").write_text("mine")

    assert [file] == list(store.files())


def test_write_replaces_the_file_and_leaves_nothing_else(file: Path, store: PriceStore) -> None:
    other = prices(note="another")
    store.write(labelled(other), other)

    assert [file] == list(file.parent.iterdir())
    assert (labelled(other), other) == store.read("mine", "A")


def test_write_that_fails_leaves_the_old_file(file: Path, store: PriceStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="cached prices cannot be written: No space left on device"):
        store.write(labelled(prices(full=False)), prices(full=False))
    assert [file] == list(file.parent.iterdir())
    assert prices() == store.verified(file)[1]


@pytest.mark.parametrize(("age", "left"), [(3599.0, True), (3601.0, False)])
def test_prepare_clears_what_a_killed_process_left_an_hour_ago(
    file: Path, store: PriceStore, monkeypatch: pytest.MonkeyPatch, age: float, left: bool
) -> None:
    part = file.parent / ".A.parquet.77.tmp"
    part.touch()
    written = part.stat().st_mtime
    monkeypatch.setattr("tradewright.data.store.time.time", lambda: written + age)
    store.prepare("mine")

    assert left is part.exists()
    assert file.exists()


@pytest.mark.parametrize("blocked", [".tradewright", ".tradewright/data", ".tradewright/data/mine"])
def test_prepare_where_no_folder_can_be_made_says_why(store: PriceStore, blocked: str) -> None:
    place = store.workspace / blocked
    place.parent.mkdir(parents=True)
    place.write_text("a file")

    with pytest.raises(DataError, match="cached prices cannot be written: ") as refused:
        store.prepare("mine")
    assert refused.value.fix is not None
    assert "folder that you may write to" in refused.value.fix


@pytest.mark.parametrize("linked", [".tradewright", ".tradewright/data", ".tradewright/data/mine"])
def test_folder_that_is_a_link_out_of_the_workspace_is_refused(
    store: PriceStore, tmp_path: Path, linked: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    place = store.workspace / linked
    place.parent.mkdir(parents=True)
    place.symlink_to(outside)

    for use in (lambda: store.prepare("mine"), lambda: store.read("mine", "A")):
        with pytest.raises(ConfigError, match=r"data\.mine: must stay inside the workspace"):
            use()
    assert [] == list(outside.iterdir())


@pytest.mark.parametrize("inside", [True, False])
def test_file_that_is_a_link_is_refused_and_its_target_left_alone(
    file: Path, store: PriceStore, tmp_path: Path, inside: bool
) -> None:
    target = (store.workspace if inside else tmp_path) / "elsewhere.parquet"
    file.rename(target)
    file.symlink_to(target)
    before = target.read_bytes()

    uses = (
        lambda: store.read("mine", "A"),
        lambda: store.label(file),
        lambda: store.write(labelled(prices()), prices()),
    )
    for use in uses:
        with pytest.raises(TradewrightError, match=r"a symbolic link leads to|must stay inside the workspace"):
            use()
    assert before == target.read_bytes()


def test_file_that_is_a_folder_is_refused(file: Path, store: PriceStore) -> None:
    file.unlink()
    file.mkdir()

    with pytest.raises(DataError, match=r"cannot be read|corrupt file"):
        store.read("mine", "A")
    with pytest.raises(DataError, match="cached prices cannot be written"):
        store.write(labelled(prices()), prices())


def test_label_without_a_time_zone_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="fetched_at must have a time zone"):
        labelled(prices(), fetched_at=datetime(2026, 3, 9))  # noqa: DTZ001  # this is the mistake


def test_schema_number_is_that_of_the_files_in_use(file: Path) -> None:
    """Whoever raises it must still read what stands on disks, or say that it is to be fetched again."""
    assert (1, 1) == (cached.SCHEMA, json.loads(pq.ParquetFile(file).schema_arrow.metadata[b"tradewright"])["schema"])
