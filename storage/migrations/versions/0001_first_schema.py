"""The first schema.

Why: what a reply was made from has tables of its own (turns, messages), so that an edited or
deleted Discord message can be followed into every prompt that quotes it. Feedback is keyed by
the message, not by the reply, because it may come first. Times are UTC; ids are 64-bit.

Written out rather than taken from ``tables.py``: this step must still mean the same when the
tables have moved on. There is no way back down: restore a backup instead.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("scope_id", BigId, nullable=False, autoincrement=False),
        sa.Column("user_id", BigId, nullable=False, autoincrement=False),
        sa.Column("consent", sa.String(16), nullable=False),
        sa.Column("consent_changed_at", Moment),
        sa.Column("active_version", sa.Integer),
        sa.Column("last_version", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("scope_id", "user_id", name="pk_people"),
    )
    op.create_index("ix_people_user_id", "people", ["user_id"])

    op.create_table(
        "replies",
        sa.Column("reply_id", BigId, nullable=False, autoincrement=True),
        sa.Column("scope_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("channel_id", BigId, nullable=False),
        sa.Column("question_id", BigId),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("base_model", sa.Text, nullable=False),
        sa.Column("adapter_version", sa.Integer),
        sa.Column("sampling", sa.JSON, nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("is_exact", sa.Boolean, nullable=False),
        sa.Column("regenerates", BigId),
        sa.PrimaryKeyConstraint("reply_id", name="pk_replies"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_replies_scope_id_user_id_created_at", "replies", ["scope_id", "user_id", "created_at"]
    )
    op.create_index("ix_replies_user_id", "replies", ["user_id"])
    op.create_index("ix_replies_question_id", "replies", ["question_id"])
    op.create_index("ix_replies_created_at", "replies", ["created_at"])

    op.create_table(
        "reply_messages",
        sa.Column("message_id", BigId, nullable=False, autoincrement=False),
        sa.Column("reply_id", BigId, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_reply_messages"),
        sa.ForeignKeyConstraint(
            ["reply_id"],
            ["replies.reply_id"],
            name="fk_reply_messages_reply_id_replies",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_reply_messages_reply_id", "reply_messages", ["reply_id"])

    op.create_table(
        "turns",
        sa.Column("reply_id", BigId, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("message_id", BigId),
        sa.Column("author_id", BigId),
        sa.PrimaryKeyConstraint("reply_id", "position", name="pk_turns"),
        sa.ForeignKeyConstraint(
            ["reply_id"],
            ["replies.reply_id"],
            name="fk_turns_reply_id_replies",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_turns_message_id", "turns", ["message_id"])
    op.create_index("ix_turns_author_id", "turns", ["author_id"])

    op.create_table(
        "feedback",
        sa.Column("message_id", BigId, nullable=False, autoincrement=False),
        sa.Column("user_id", BigId, nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("scope_id", BigId, nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("text", sa.Text),
        sa.PrimaryKeyConstraint("message_id", "user_id", "kind", name="pk_feedback"),
    )
    op.create_index("ix_feedback_user_id_scope_id", "feedback", ["user_id", "scope_id"])
    op.create_index("ix_feedback_created_at", "feedback", ["created_at"])

    op.create_table(
        "adapters",
        sa.Column("scope_id", BigId, nullable=False, autoincrement=False),
        sa.Column("user_id", BigId, nullable=False, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("base_model", sa.Text, nullable=False),
        sa.Column("trained_on", sa.Integer, nullable=False),
        sa.Column("verdict", sa.JSON, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("is_stale", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "user_id", "version", name="pk_adapters"),
    )
    op.create_index("ix_adapters_user_id", "adapters", ["user_id"])

    op.create_table(
        "runs",
        sa.Column("run_id", BigId, nullable=False, autoincrement=True),
        sa.Column("night", sa.String(64), nullable=False),
        sa.Column("scope_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("started_at", Moment),
        sa.Column("finished_at", Moment),
        sa.Column("is_stale", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
        sa.UniqueConstraint("night", "scope_id", "user_id", name="uq_runs_night_scope_id_user_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_scope_id_user_id", "runs", ["scope_id", "user_id"])
    op.create_index("ix_runs_user_id", "runs", ["user_id"])
    op.create_index("ix_runs_state", "runs", ["state"])

    op.create_table(
        "meta",
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
