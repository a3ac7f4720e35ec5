"""A report as JSON and back, without a loss; what an older version kept is brought up to date on the way."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import cattrs
from cattrs.gen import make_dict_unstructure_fn, override

from tradewright.errors import DataError
from tradewright.reports.tree.curves import Benchmarks
from tradewright.reports.tree.report import Report
from tradewright.reports.tree.steps import STEPS

if TYPE_CHECKING:
    import attrs

FORM = 1 + len(STEPS)
"""Version of the tree; a kept report without one is older than any."""
KEY = "form"
"""Where a kept report says its version."""


def printed(node: attrs.AttrsInstance) -> dict[str, Any]:
    """Return the object that `--json` prints of a report, without its `schema`, or of a part of one."""
    fields: dict[str, Any] = _CONVERTER.unstructure(node)
    return fields


def kept(report: Report) -> dict[str, Any]:
    """Return the object that is stored."""
    return {KEY: FORM, **printed(report)}


def read(stored: dict[str, Any]) -> Report:
    """Return what `kept` has made, in this version or an older one.

    Raises:
        DataError: It is of a newer version, or no report.
    """
    try:
        return _CONVERTER.structure(_migrated(stored), Report)
    except (cattrs.BaseValidationError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        name = stored.get("run_id", "without a name") if isinstance(stored, dict) else "without a name"
        message = f"the saved report {name} cannot be read: {error!r}"
        raise DataError(message, fix="play the run again: tradewright backtest --run ID") from error


def _migrated(stored: dict[str, Any]) -> dict[str, Any]:
    fields = copy.deepcopy(stored)
    form = fields.pop(KEY, 1)
    if form > FORM:
        raise DataError(f"a saved report of form {form}, this version reads {FORM}", fix="upgrade tradewright")
    for step in STEPS[form - 1 :]:
        fields = step(fields)
    return fields


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _converter() -> cattrs.Converter:
    made = cattrs.Converter(unstruct_collection_overrides={tuple: list}, forbid_extra_keys=True)
    for kind, written, understood in (
        (Decimal, str, Decimal),
        (date, date.isoformat, date.fromisoformat),
        (datetime, _instant, datetime.fromisoformat),
    ):
        made.register_unstructure_hook(kind, written)
        made.register_structure_hook(kind, lambda value, _, understood=understood: understood(value))
    # A run without a lift, a comparison or a benchmark of its own has no such part, and neither has its JSON.
    # The whole comes last: it is written with what is found for its parts.
    absent = override(omit_if_default=True)
    made.register_unstructure_hook(Benchmarks, make_dict_unstructure_fn(Benchmarks, made, chosen=absent))
    made.register_unstructure_hook(
        Report, make_dict_unstructure_fn(Report, made, until_halt=absent, without_limits=absent)
    )
    return made


_CONVERTER = _converter()
