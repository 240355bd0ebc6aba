"""What the admins of a server decide.

Why: channels, limits, votes, language and announcements are chosen per server, and must outlive a
restart. One JSON document a server, since it is always read and written whole. There is no way
back down: restore a backup instead.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "servers",
        sa.Column("server_id", BigId, nullable=False, autoincrement=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("server_id", name="pk_servers"),
    )
