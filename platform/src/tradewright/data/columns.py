"""Which column of a file is which, and the numbers that its texts mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from tradewright.config.fields import option
from tradewright.config.wording import closest, show
from tradewright.data.findings import FINDINGS_MAX
from tradewright.data.stamps import Stamps
from tradewright.errors import DataError
from tradewright.values.arrays import array_field

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tradewright.values.arrays import FloatArray

NATURAL = {
    "date": ("date", "timestamp", "time", "datetime"),
    "open": ("open",),
    "high": ("high",),
    "low": ("low",),
    "close": ("close",),
    "volume": ("volume",),
    "split": ("split", "splits", "stock_splits", "stock splits"),
    "dividend": ("dividend", "dividends"),
}
"""Names looked for, in this order and any case, when none is given."""

ACTIONS = ("split", "dividend")
"""Parts whose cells may be empty, which means the same as 0: none."""


@attrs.frozen(kw_only=True)
class ColumnNames:
    """Names of the columns in the file's first line; one left out is looked for under its natural name."""

    date: str | None = option(None, doc="column of dates or timestamps; else date, timestamp, time or datetime")
    open: str | None = option(None, doc="column of first prices; else open")
    high: str | None = option(None, doc="column of highest prices; else high")
    low: str | None = option(None, doc="column of lowest prices; else low")
    close: str | None = option(None, doc="column of last prices; else close")
    volume: str | None = option(None, doc="column of units traded; else volume")
    split: str | None = option(None, doc="column of new units per old one, empty for none; else split")
    dividend: str | None = option(None, doc="column of cash per unit on the ex-date; else dividend")


@attrs.frozen(kw_only=True)
class Table:
    """What a file holds, row by row as written.

    Attributes:
        names: Name in the file of each part found: `date`, `close`, ...
        line: Line of each row, from 1, `(n_rows,)`; in Parquet the row, from 1.
        stamps: The time column.
        numbers: Each other column as float64, `(n_rows,)`; NaN where no number stands.
        texts: What stands there, or instead of a date, by part and row; at most 21 of a part in each chunk.
        ragged: Fields found on lines that do not have one per column, by line.
        width: Fields that every line must have.
    """

    names: dict[str, str]
    line: NDArray[np.int64] = array_field("int64")
    stamps: Stamps
    numbers: dict[str, FloatArray]
    texts: dict[str, dict[int, str]]
    ragged: dict[int, int]
    width: int

    @classmethod
    def joined(cls, chunks: Sequence[Table]) -> Table:
        """Return the rows of all chunks, of which there is at least one, in one table."""
        starts = np.cumsum([0, *(len(chunk.line) for chunk in chunks)]).tolist()
        texts: dict[str, dict[int, str]] = {part: {} for part in chunks[0].texts}
        ragged: dict[int, int] = {}
        for start, chunk in zip(starts, chunks, strict=False):
            ragged |= chunk.ragged
            for part, wrong in chunk.texts.items():
                texts[part] |= {start + row: text for row, text in wrong.items()}
        return cls(
            names=chunks[0].names,
            line=np.concatenate([chunk.line for chunk in chunks]),
            stamps=Stamps.joined([chunk.stamps for chunk in chunks]),
            numbers={part: np.concatenate([chunk.numbers[part] for chunk in chunks]) for part in chunks[0].numbers},
            texts=texts,
            ragged=ragged,
            width=chunks[0].width,
        )


def resolve(header: Sequence[str], wanted: ColumnNames, file: Path, line: int = 1) -> dict[str, str]:
    """Return the file's name of each part of a bar that it has.

    Raises:
        DataError: The date, the close, or a column that was named is missing or comes twice; or of open, high
            and low only some are there.
    """
    names: dict[str, str] = {}
    for part, natural in NATURAL.items():
        given = getattr(wanted, part)
        found = _find(header, natural if given is None else (given,))
        if len(found) > 1:
            fix = f"rename one of them, or name another with columns.{part}"
            raise DataError(f"comes {len(found)} times", file=file, line=line, key=show(found[0]), fix=fix)
        if found:
            names[part] = found[0]
        elif given is not None or part in {"date", "close"}:
            raise _missing(part, given, header, file, line)
    partial = [part for part in ("open", "high", "low") if part not in names]
    if 0 < len(partial) < 3:
        fix = "supply open, high and low together or none of them: nothing is invented"
        found_too = ", ".join(sorted({"open", "high", "low"} - set(partial)))
        message = f"missing {', '.join(map(repr, partial))} beside {found_too}"
        raise DataError(message, file=file, line=line, key=partial[0], fix=fix)
    return names


def _find(header: Sequence[str], candidates: Sequence[str]) -> list[str]:
    """Return the columns that match the first candidate which any matches: exactly, else in any case."""
    for candidate in candidates:
        exact = [name for name in header if name == candidate]
        found = exact or [name for name in header if name.lower() == candidate.lower()]
        if found:
            return found
    return []


def _missing(part: str, given: str | None, header: Sequence[str], file: Path, line: int) -> DataError:
    name = given or part
    listed = ", ".join(show(column) for column in header[:FINDINGS_MAX])
    near = closest(name, header)
    fix = f'name the column, such as columns = {{ {part} = "{near or "Name"}" }}'
    if len(header) == 1:
        fix = "separate the columns with commas, semicolons or tabs, and name them in the first line"
    return DataError(f"missing {name!r}; found {listed}", file=file, line=line, key=part, fix=fix)


def floats(texts: list[str]) -> tuple[FloatArray, dict[int, str]]:
    """Return the numbers that `texts` mean, and the texts that mean none, by row; NaN stands in for these.

    >>> values, wrong = floats(["1.5", "N/A", "1,5", "1e309", "1_000"])
    >>> values.tolist(), wrong
    ([1.5, nan, nan, nan, nan], {1: 'N/A', 2: '1,5', 3: '1e309', 4: '1_000'})
    """
    try:
        values = np.array([float(text) for text in texts])
    except ValueError:
        values = np.array([_float(text) for text in texts])
    # Python reads 1_000 and digits of other scripts as numbers; a file that has them means something else.
    plain = "".join(texts)
    if "_" in plain or not plain.isascii():
        values[[("_" in text or not text.isascii()) for text in texts]] = np.nan
    wrong = np.flatnonzero(~np.isfinite(values))
    values[wrong] = np.nan
    return values, {int(row): texts[row] for row in wrong[:FINDINGS_MAX]}


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
