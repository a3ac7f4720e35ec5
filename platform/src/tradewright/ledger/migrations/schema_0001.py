"""Entries, and the first five tables that follow from them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_PARTIES = ("account", "venue", "strategy", "currency")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "entry",
        sa.Column("seq", _NUMBER, primary_key=True, autoincrement=False),
        *(_text(name) for name in ("at", "kind", "body", "hash")),
    )
    _project("orders", ("client_id",), ("symbol", "quantity", "purpose", "status", "venue_id"))
    _project("fills", ("venue", "execution_id"), ("client_id", "symbol", "quantity", "price", "fee"))
    _project("activities", ("venue", "id"), ("kind", "symbol", "cash", "units"))
    _project("jobs", ("name", "due"), ("outcome",))
    _project("alerts", ("id",), ("what", "state"))


def _project(name: str, key: tuple[str, ...], fields: tuple[str, ...]) -> None:
    texts = dict.fromkeys((*key, *_PARTIES, *fields, "at"))
    columns: list[sa.Column[Any]] = [
        *map(_text, texts),
        *(sa.Column(number, _NUMBER, nullable=False) for number in ("seq", "last")),
    ]
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*key))


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)
