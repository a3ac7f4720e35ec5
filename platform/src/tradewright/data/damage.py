"""What reading a file can meet: absent, damaged, not what its name says, too large."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tradewright.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT_BYTES = 1 << 30
"""Largest file read, 1 GiB once decompressed: a few kilobytes of gzip can hold a terabyte of zeros."""


def too_large(path: Path, limit_bytes: int) -> DataError:
    """Return the error of a file that is larger than the limit."""
    limit = f"{limit_bytes >> 30} GiB" if limit_bytes >= 1 << 30 else f"{limit_bytes} bytes"
    return DataError(f"exceeds {limit} limit", file=path, fix="split the file, or keep fewer rows of it")


def corrupt(path: Path, error: Exception) -> DataError:
    """Return the error of a file whose bytes are not what its name says."""
    found = " ".join(str(error).split())[:200]
    return DataError(f"corrupt file: {found}", file=path, fix="fetch or write the file again")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what reading a file can raise into a DataError that names the file."""
    try:
        yield
    except FileNotFoundError as error:
        raise DataError("file not found", file=path, fix="check the path and the symbol") from error
    except (EOFError, zlib.error) as error:
        raise corrupt(path, error) from error
    except UnicodeDecodeError as error:
        message = f"corrupt file, or not UTF-8 text: byte 0x{error.object[error.start]:02x}"
        raise DataError(message, file=path, fix="save it as CSV in UTF-8") from error
    except OSError as error:
        if error.errno is None:  # What gzip and Parquet readers raise for contents, not for the file system.
            raise corrupt(path, error) from error
        fix = "name a file that this user may read"
        raise DataError(f"cannot be read: {error.strerror}", file=path, fix=fix) from error
