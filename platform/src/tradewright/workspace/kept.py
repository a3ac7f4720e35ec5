"""One backtest as it is kept: what was run, what the store says about it, and what it gives back."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from pathlib import Path


@attrs.frozen(kw_only=True)
class Run:
    """What was run.

    Attributes:
        at: When, with a time zone.
        config: Every effective setting, in the file's order.
        data: Fingerprint of each feed, by name.
        versions: Of everything that computed it.
        request: What was asked beyond the configuration.
        trace: SHA-256 of each part of what happened, by name; None when it was not taken.
    """

    at: datetime = attrs.field()
    config: dict[str, Any]
    data: dict[str, str]
    versions: dict[str, Any]
    request: dict[str, Any]
    trace: dict[str, str] | None = None

    @at.validator
    def _zoned(self, _: object, at: datetime) -> None:
        if at.utcoffset() is None:
            raise ValueError("at must have a time zone")

    @property
    def trial(self) -> str:
        """Hash of configuration and data: equal ones are one trial, whenever and over whichever range they ran.

        The order of the settings counts, because the order of rules does.  Whether prices came from the cache does
        not, nor how long a source was waited for: the fingerprints say which they were.  Components that live where
        they like count as in the program, which was the default before.
        """
        tried = dict(self.config)
        if feeds := self.config.get("data"):
            untold = {"cache", "deadline"}
            tried["data"] = {
                name: {key: feed[key] for key in feed if key not in untold} for name, feed in feeds.items()
            }
        if strategies := self.config.get("strategies"):
            tried["strategies"] = {
                name: {**one, "isolation": "none"} if one.get("isolation") == "auto" else one
                for name, one in strategies.items()
            }
        return hashlib.sha256(json.dumps([tried, self.data]).encode()).hexdigest()

    @property
    def run_id(self) -> str:
        """Instant in UTC, then the beginning of the trial's hash: ids sort by time, and equal ends are one trial."""
        return f"{utc(self.at):%Y%m%d-%H%M%S}-{self.trial[:6]}"


@attrs.frozen(kw_only=True)
class Ticket:
    """What the store says about one run.

    Attributes:
        run_id: Its name.
        trials: Distinct trials of the workspace, this one included; None when they cannot be counted.
        sharpes: Annual Sharpe ratio of the latest run of each other trial that has one.
        saved_to: The file that keeps it, None when it is not kept.
        warning: Why it is not kept.
    """

    run_id: str
    trials: int | None
    sharpes: tuple[float, ...] = ()
    saved_to: Path | None = None
    warning: str | None = None


@attrs.frozen(kw_only=True)
class Stored:
    """One saved run.

    Attributes:
        run_id: Its name.
        at: When it ran, UTC, ISO 8601.
        report: The report as it was kept: `reports.tree.form.read` brings it up to date.
    """

    run_id: str
    at: str
    report: dict[str, Any]


@attrs.frozen(kw_only=True)
class Saved:
    """Everything that is kept of one run.

    Attributes:
        run_id: Its name.
        run: What was run.
        report: The report as it was kept: `reports.tree.form.read` brings it up to date.
    """

    run_id: str
    run: Run
    report: dict[str, Any]


def utc(at: datetime) -> datetime:
    """Return the same instant in UTC."""
    return at.astimezone(UTC)
