"""Which version each one took over from, and which were taken back.

Why: when a new version pleases less than the one before, that one must be known, and a version that
was taken back must not come back by itself. For older rows it is the accepted version before; in
rare cases (after ``/my rollback``) another one answered. There is no way back down: restore a
backup instead.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("adapters", sa.Column("replaced", sa.Integer))
    op.add_column("adapters", sa.Column("rolled_back_at", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE adapters SET replaced = ("
        "SELECT max(earlier.version) FROM adapters AS earlier "
        "WHERE earlier.scope_id = adapters.scope_id AND earlier.user_id = adapters.user_id "
        "AND earlier.state = 'accepted' AND earlier.version < adapters.version) "
        "WHERE state = 'accepted'"
    )
