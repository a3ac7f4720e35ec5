"""The tables of a ledger's database: the entries, which are the truth, and what follows from them.

Instants and amounts are text, since SQLite drops time zones and keeps numbers as floats.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Integer, MetaData, Table
from sqlmodel import Field, SQLModel

NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")  # Only INTEGER is SQLite's own key of a row.


class Base(SQLModel):
    """What all tables share, apart from the tables of whoever else uses SQLModel in this process."""

    metadata = MetaData()


class EntryRow(Base, table=True):
    """One entry; see `ledger.entry.Entry`."""

    __tablename__ = "entry"

    seq: int = Field(primary_key=True, sa_type=NUMBER, sa_column_kwargs={"autoincrement": False})
    at: str
    kind: str
    body: str
    hash: str


class Projected(Base):
    """Columns of everything that follows from entries; see `ledger.projection`."""

    account: str
    venue: str
    strategy: str
    currency: str
    at: str
    seq: int = Field(sa_type=NUMBER)
    last: int = Field(sa_type=NUMBER)


class OrderRow(Projected, table=True):
    """One order, as the venue last spoke of it."""

    __tablename__ = "orders"

    client_id: str = Field(primary_key=True)
    symbol: str
    quantity: str
    purpose: str
    status: str
    venue_id: str


class FillRow(Projected, table=True):
    """One fill."""

    __tablename__ = "fills"

    venue: str = Field(primary_key=True)
    execution_id: str = Field(primary_key=True)
    client_id: str
    symbol: str
    quantity: str
    price: str
    fee: str


class ActivityRow(Projected, table=True):
    """One movement of cash or shares that is no fill."""

    __tablename__ = "activities"

    venue: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    kind: str
    symbol: str
    cash: str
    units: str


class JobRow(Projected, table=True):
    """One job that was done."""

    __tablename__ = "jobs"

    name: str = Field(primary_key=True)
    due: str = Field(primary_key=True)
    outcome: str


class AlertRow(Projected, table=True):
    """One alert, as it stands."""

    __tablename__ = "alerts"

    id: str = Field(primary_key=True)
    what: str
    state: str


ENTRY: Final[Table] = Base.metadata.tables["entry"]
PROJECTED: Final[dict[str, Table]] = {name: table for name, table in Base.metadata.tables.items() if name != "entry"}
"""By name."""
