"""When a person was last asked what we should have said.

Why: the question comes after a 👎, but rarely, and how rarely must not depend on restarts. There is
no way back down: restore a backup instead.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("asked_to_teach_at", sa.DateTime(timezone=True)))
