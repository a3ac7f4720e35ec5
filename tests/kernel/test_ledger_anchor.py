"""The file of heads: torn, damaged, ahead and behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tradewright.errors import LedgerError
from tradewright.ledger.anchor import Anchor
from tradewright.ledger.entry import START, Head

HEADS = [Head(seq, f"{seq:064x}") for seq in (3, 4, 9, 1_000_000)]


@pytest.fixture
def anchor(tmp_path: Path) -> Anchor:
    made = Anchor(tmp_path / "ledger.anchor")
    made.begin()
    return made


def test_last_of_no_file_and_of_an_empty_one_is_none(tmp_path: Path) -> None:
    path = tmp_path / "ledger.anchor"

    assert Anchor(path).last() is None
    path.touch()
    assert Anchor(path).last() is None


def test_heads_are_those_that_were_appended(anchor: Anchor) -> None:
    assert START == anchor.last()
    for head in HEADS:
        anchor.append(head, sync=head.seq == 9)
    anchor.close()
    anchor.close()

    assert HEADS[-1] == anchor.last()
    assert [START, *HEADS] == list(anchor.heads())
    assert f"0 {'0' * 64}\n3 {'0' * 63}3\n".encode() == anchor.path.read_bytes()[: 2 * 67]


@pytest.mark.parametrize("kept", range(1, 67))
def test_torn_last_line_is_left_out_and_written_over(anchor: Anchor, kept: int) -> None:
    anchor.append(HEADS[0])
    anchor.append(HEADS[1])
    anchor.close()
    whole = anchor.path.read_bytes()
    anchor.path.write_bytes(whole[: 2 * 67 + kept - 1])

    assert HEADS[0] == anchor.last()
    assert [START, HEADS[0]] == list(anchor.heads())
    anchor.append(HEADS[2])
    anchor.close()
    assert [START, HEADS[0], HEADS[2]] == list(anchor.heads())


def test_torn_only_line_is_no_head(anchor: Anchor) -> None:
    anchor.path.write_bytes(b"0 000")

    assert anchor.last() is None


@pytest.mark.parametrize("line", ["x", "3", f"03 {'0' * 64}", f"3  {'0' * 64}", f"3 {'0' * 63}", f"3 {'A' * 64}", ""])
def test_damaged_line_is_named(anchor: Anchor, line: str) -> None:
    with anchor.path.open("a") as file:
        file.write(f"{line}\n")

    with pytest.raises(LedgerError, match="its last line must be a number and a hash") as raised:
        anchor.last()
    assert str(anchor.path) == raised.value.file
    with pytest.raises(LedgerError, match="line 2 must be a number and a hash"):
        list(anchor.heads())


def test_line_that_is_not_newer_is_named(anchor: Anchor) -> None:
    anchor.append(HEADS[1])
    anchor.append(HEADS[1])

    with pytest.raises(LedgerError, match="line 3 tells of entry 4 after entry 4"):
        list(anchor.heads())


def test_begin_forgets_what_was_there(anchor: Anchor) -> None:
    anchor.append(HEADS[0])
    anchor.begin(HEADS[2])
    anchor.append(HEADS[3])

    assert [HEADS[2], HEADS[3]] == list(anchor.heads())


def test_append_to_a_file_that_is_gone_fails(anchor: Anchor) -> None:
    anchor.path.unlink()

    with pytest.raises(FileNotFoundError):
        anchor.append(HEADS[0])


def test_line_that_a_full_disk_cut_is_written_over(anchor: Anchor, monkeypatch: pytest.MonkeyPatch) -> None:
    anchor.append(HEADS[0])
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda handle, raw: write(handle, raw[:20]))
        with pytest.raises(OSError, match="No space left"):
            anchor.append(HEADS[1])
    assert HEADS[0] == anchor.last()
    anchor.append(HEADS[2])

    assert [START, HEADS[0], HEADS[2]] == list(anchor.heads())


def test_disk_that_fails_is_told_and_the_next_line_is_written(
    anchor: Anchor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "the disk is broken")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="broken"):
            anchor.append(HEADS[0], sync=True)
    anchor.append(HEADS[1], sync=True)

    assert HEADS[1] == anchor.last()


def test_compare_lets_pass_a_ledger_that_knows_more_and_refuses_one_that_knows_less(anchor: Anchor) -> None:
    three, four, nine, _ = HEADS
    anchor.compare(None, None, START)
    anchor.compare(four, four, nine)
    anchor.compare(four, four, four)

    with pytest.raises(LedgerError, match="has 9 entries and no anchor"):
        anchor.compare(None, None, nine)
    with pytest.raises(LedgerError, match="entry 4: the ledger ends with entry 3, and its anchor knows entry 9"):
        anchor.compare(nine, None, three)
    with pytest.raises(LedgerError, match="entry 4: the ledger and its anchor know different entries"):
        anchor.compare(four, Head(4, "f" * 64), nine)
