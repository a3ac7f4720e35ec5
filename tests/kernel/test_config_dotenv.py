"""The file `.env`: what its lines mean, and who may read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tradewright.config import dotenv
from tradewright.config.dotenv import load_dotenv, parse_dotenv
from tradewright.errors import ConfigError, SafetyError

CANARY = "never-repeat-this"


def written(folder: Path, text: str | bytes, mode: int = 0o600) -> Path:
    file = folder / ".env"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A=x", "x"),
        ("A=x\r", "x"),
        (" \tA = x \t", "x"),
        ("export A=x", "x"),
        ("export\tA=x", "x"),
        ("A=", ""),
        ("A=x=y==", "x=y=="),
        ("A=x#y", "x#y"),
        ("A=x #y", "x"),
        ("A=#y", ""),
        ("A=$HOME${B}`c`", "$HOME${B}`c`"),
        ('A=it\'s "so"', 'it\'s "so"'),
        (r"A=a\nb", r"a\nb"),
        ("A=wörd", "wörd"),
        ("A='x'", "x"),
        ("A=' x #y '  # why", " x #y "),
        ("A=''", ""),
        (r"A='a\n\"", None),
        (r"A='a\n\"'", r"a\n\""),
        ('A="x"', "x"),
        ('A=" x #y "#why', " x #y "),
        ('A="it\'s"\r', "it's"),
        (r'A="a\nb\rc\td\\e\"f\$g"', 'a\nb\rc\td\\e"f$g'),
        (r'A="a\qb"', None),
        ('A="x', None),
        ('A="x\\"', None),
        ("A='x", None),
        ("A='x'y", None),
        ('A="x"y', None),
    ],
)
def test_line_of_dotenv_is_read_as_the_page_says(line: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ConfigError, match=r"^\.env:1: the quotes of A are not closed on this line"):
            parse_dotenv(line)
    else:
        assert {"A": expected} == parse_dotenv(line)


def test_blank_lines_and_comments_count_for_nothing() -> None:
    assert {"A": "1", "B": "2"} == parse_dotenv("\n  \r\n# A=0\n\t#x\nA=1\r\n\r\nB=2")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (CANARY, "neither a comment nor NAME=text"),
        (f"export {CANARY}", "neither a comment nor NAME=text"),
        (f"1A={CANARY}", "neither a comment nor NAME=text"),
        (f"A-B={CANARY}", "neither a comment nor NAME=text"),
        (f"A: {CANARY}", "neither a comment nor NAME=text"),
        (f"={CANARY}", "neither a comment nor NAME=text"),
        (f"set A={CANARY}", "neither a comment nor NAME=text"),
        (f"A='{CANARY}", "the quotes of A are not closed"),
        (f"A={CANARY}\u00a0", "holds a character that cannot be seen"),
        (f"A={CANARY}\x00", "holds a character that cannot be seen"),
        (f"A={CANARY}\rB=1", "holds a character that cannot be seen"),
    ],
)
def test_line_of_dotenv_that_is_none_is_refused_with_its_place_and_not_repeated(
    tmp_path: Path, line: str, expected: str
) -> None:
    file = written(tmp_path, f"# mine\nB=2\n{line}\nC=3\n")
    with pytest.raises(ConfigError) as caught:
        load_dotenv(file)

    assert (str(file), 3) == (caught.value.file, caught.value.line)
    assert expected in caught.value.message
    assert CANARY not in str(caught.value) + str(caught.value.fix) + repr(caught.value.__cause__)


def test_name_that_stands_twice_is_refused_with_both_lines() -> None:
    with pytest.raises(ConfigError, match=r"^\.env:3: A is set twice, on line 1 as well$"):
        parse_dotenv("A=1\nB=2\nexport A=3\n")


@given(st.text(alphabet=st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=30))
def test_any_text_that_can_be_seen_can_be_written(text: str) -> None:
    double = text.replace("\\", "\\\\").replace('"', '\\"')

    assert {"A": text} == parse_dotenv(f'A="{double}"')
    if "'" not in text:
        assert {"A": text} == parse_dotenv(f"A='{text}'")


@pytest.mark.parametrize(
    ("raw", "line", "expected"),
    [
        (b"A=1\nB=\xff\n", 2, "not UTF-8"),
        (b"\xef\xbb\xbfA=1\n", 1, "starts with a byte order mark"),
        ("A=1\n".encode("utf-16"), 1, "not UTF-8"),
    ],
)
def test_dotenv_that_is_not_utf8_is_refused(tmp_path: Path, raw: bytes, line: int, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected) as caught:
        load_dotenv(written(tmp_path, raw))

    assert line == caught.value.line
    assert caught.value.__cause__ is None, "a UnicodeDecodeError holds the whole file"


def test_dotenv_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert {} == load_dotenv(tmp_path / ".env")


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_dotenv_of_its_owner_alone_is_read(tmp_path: Path, mode: int) -> None:
    assert {"A": "1"} == load_dotenv(written(tmp_path, "A=1", mode))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (0o644, "others can read it: mode 0644"),
        (0o640, "others can read it: mode 0640"),
        (0o604, "others can read it: mode 0604"),
        (0o620, "others can reach it: mode 0620"),
        (0o601, "others can reach it: mode 0601"),
    ],
)
def test_dotenv_that_others_can_read_is_refused_with_its_mode(tmp_path: Path, mode: int, expected: str) -> None:
    file = written(tmp_path, f"A={CANARY}", mode)
    with pytest.raises(SafetyError) as caught:
        load_dotenv(file)

    assert (f"{file}: {expected}", f"chmod 600 {file}") == (str(caught.value), caught.value.fix)


def test_dotenv_that_links_to_a_file_of_others_is_refused_for_that_file(tmp_path: Path) -> None:
    target = tmp_path / "shared"
    target.write_text("A=1")
    (tmp_path / ".env").symlink_to(target)
    target.chmod(0o644)
    with pytest.raises(SafetyError, match="others can read it: mode 0644"):
        load_dotenv(tmp_path / ".env")
    target.chmod(0o600)

    assert {"A": "1"} == load_dotenv(tmp_path / ".env")


def test_dotenv_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "A=1")
    owner = file.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(SafetyError, match=f"belongs to user {owner}, and you are {owner + 1}"):
        load_dotenv(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_link_of_somebody_else_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.write_text("A=1")
    target.chmod(0o600)
    (tmp_path / ".env").symlink_to(target)
    os.lchown(tmp_path / ".env", 12345, 12345)
    with pytest.raises(SafetyError, match="belongs to user 12345, and you are 0"):
        load_dotenv(tmp_path / ".env")


def test_dotenv_that_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(ConfigError, match="cannot be read: it is no regular file"):
        load_dotenv(tmp_path / ".env")


def test_dotenv_that_is_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env", 0o600)
    with pytest.raises(ConfigError, match="cannot be read: it is no regular file"):
        load_dotenv(tmp_path / ".env")


def test_dotenv_that_is_too_large_is_refused(tmp_path: Path) -> None:
    at_most = "A=1\n#".ljust(dotenv.BYTES_MAX, "x")

    assert {"A": "1"} == load_dotenv(written(tmp_path, at_most))
    with pytest.raises(ConfigError, match="larger than 256 KiB"):
        load_dotenv(written(tmp_path, f"{at_most}x"))
