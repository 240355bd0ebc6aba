"""Alembic's entry point: runs the migrations on the connection (and in the transaction) given.

``storage/schema.py`` is the only caller; there is no offline mode and no logging set-up.
"""

from __future__ import annotations

from alembic import context

from bowerbird.storage.schema import VERSION_TABLE
from bowerbird.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite's DDL is transactional as long as nobody commits in between, and the caller holds
    # the transaction.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
