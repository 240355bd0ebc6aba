"""Brings a database to the newest schema, by Alembic, without its ini file and without touching
anybody's logging. Knows the migrations' folder, nothing of what is stored.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from bowerbird.storage.store import StoreError
from bowerbird.storage.tables import metadata

VERSION_TABLE = "bowerbird_schema"
"""Our own name, so that a host's migrations in the same database do not meet ours."""

_MIGRATION_LOCK = 20_260_101_001  # any number, as long as every version uses the same


def upgrade(connection: Connection) -> bool:
    """Run what is missing inside the caller's transaction; true if anything was.

    Two processes may start at once: on SQLite the caller's ``BEGIN IMMEDIATE`` lets one wait for
    the other, on PostgreSQL an advisory lock does. Either all migrations happen or none.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    current = set(context.get_current_heads())
    known = {script.revision for script in scripts.walk_revisions()}
    if current - known:
        raise StoreError(
            "The database was made by a newer version of Bowerbird; "
            "update Bowerbird or restore an older backup."
        )
    if current == set(scripts.get_heads()):
        return False
    if not current:
        foreign = set(inspect(connection).get_table_names()) & set(metadata.tables)
        if foreign:
            raise StoreError(
                f"The database belongs to another program (it has a table {min(foreign)!r}); "
                "give Bowerbird a database of its own in DATABASE_URL."
            )
    command.upgrade(config, "head")
    return True
