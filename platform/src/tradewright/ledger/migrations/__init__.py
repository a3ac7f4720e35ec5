"""How a ledger's tables came to be, one step a file; entries themselves are never changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from tradewright.errors import LedgerError
from tradewright.ledger.entry import MEND

if TYPE_CHECKING:
    from sqlalchemy import Connection

SCHEMA = 1
"""The number of the last step."""


def schema_of(connection: Connection) -> int:
    """Return the number of the last step that a database has seen; 0 for an empty one.

    Raises:
        LedgerError: A newer version wrote it, or it says something that no version writes.
    """
    if not inspect(connection).has_table("alembic_version"):
        return 0
    named = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())
    found = int(named) if named.isdecimal() else 0
    if found < 1:
        raise LedgerError(f"the ledger's schema must be a number, was {named[:20]!r}", fix=MEND)
    if found > SCHEMA:
        fix = "upgrade tradewright"
        raise LedgerError(f"the ledger has schema {found}, this version reads up to {SCHEMA}", fix=fix)
    return found


def migrate(connection: Connection) -> None:
    """Take every step that a database has not seen."""
    # 0.13 s, which only a new or an older ledger pays.
    from alembic.config import Config  # noqa: PLC0415  # see above
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415  # see above
    from alembic.script import ScriptDirectory  # noqa: PLC0415  # see above

    config = Config()
    folder = str(Path(__file__).parent).replace("%", "%%")
    for name, value in (("script_location", folder), ("version_locations", folder), ("path_separator", "newline")):
        config.set_main_option(name, value)
    script = ScriptDirectory.from_config(config)
    steps = EnvironmentContext(config, script, fn=lambda seen, _: script._upgrade_revs("head", seen))  # noqa: SLF001  # as alembic's own documentation has it
    with steps:
        steps.configure(connection=connection, target_metadata=None)
        steps.run_migrations()
