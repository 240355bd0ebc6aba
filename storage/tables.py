"""The tables, as SQLAlchemy Core sees them. The migrations make them; a test holds the two equal.

Ids are 64-bit integers, times are UTC. There is no foreign key from feedback to replies, nor from
anything to people: feedback may be there before the reply it belongs to, and a person's row
outlives everything else of theirs (it holds their "no" and the last version number they had).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in, aware out. SQLite has no zones, so there UTC is kept without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class PlainText(TypeDecorator[str]):
    """Text that every database takes: a model can emit NUL bytes, which PostgreSQL refuses, and
    half surrogate pairs, which no encoder takes; both become U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return (
            value.replace("\0", "\ufffd")
            .encode("utf-16", "surrogatepass")
            .decode("utf-16", "replace")
        )


# An INTEGER key is SQLite's own row id (64 bits, no second index); elsewhere BIGINT says the same.
BigId = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

people = Table(
    "people",
    metadata,
    Column("scope_id", BigId, primary_key=True, autoincrement=False),
    Column("user_id", BigId, primary_key=True, autoincrement=False),
    Column("consent", String(16), nullable=False),
    Column("consent_changed_at", UtcDateTime),
    Column("active_version", Integer),
    Column("last_version", Integer, nullable=False, server_default="0"),
    Column("asked_to_teach_at", UtcDateTime),
    Index(None, "user_id"),
)

replies = Table(
    "replies",
    metadata,
    Column("reply_id", BigId, primary_key=True, autoincrement=True),
    Column("scope_id", BigId, nullable=False),
    Column("user_id", BigId, nullable=False),
    Column("channel_id", BigId, nullable=False),
    Column("question_id", BigId),
    Column("text", PlainText, nullable=False),
    Column("base_model", Text, nullable=False),
    Column("adapter_version", Integer),
    Column("sampling", JSON, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("is_exact", Boolean, nullable=False),
    Column("regenerates", BigId),
    Index(None, "scope_id", "user_id", "created_at"),
    Index(None, "user_id"),
    Index(None, "question_id"),
    Index(None, "created_at"),
    # A late job must never hit a newer row, so ids of deleted rows are not given out again.
    sqlite_autoincrement=True,
)

reply_messages = Table(
    "reply_messages",
    metadata,
    Column("message_id", BigId, primary_key=True, autoincrement=False),
    Column("reply_id", BigId, ForeignKey("replies.reply_id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Index(None, "reply_id"),
)

turns = Table(
    "turns",
    metadata,
    Column(
        "reply_id",
        BigId,
        ForeignKey("replies.reply_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("role", String(16), nullable=False),
    Column("text", PlainText, nullable=False),
    Column("message_id", BigId),
    Column("author_id", BigId),
    Index(None, "message_id"),
    Index(None, "author_id"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("message_id", BigId, primary_key=True, autoincrement=False),
    Column("user_id", BigId, primary_key=True, autoincrement=False),
    Column("kind", String(16), primary_key=True),
    Column("scope_id", BigId, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("text", PlainText),
    Index(None, "user_id", "scope_id"),
    Index(None, "created_at"),
)

adapters = Table(
    "adapters",
    metadata,
    Column("scope_id", BigId, primary_key=True, autoincrement=False),
    Column("user_id", BigId, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("base_model", Text, nullable=False),
    Column("trained_on", Integer, nullable=False),
    Column("verdict", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # Staleness belongs to a version, not to a person: it must survive a rollback to that version.
    Column("is_stale", Boolean, nullable=False),
    # The version this one took over from, and when votes gave the place back.
    Column("replaced", Integer),
    Column("rolled_back_at", UtcDateTime),
    Index(None, "user_id"),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", BigId, primary_key=True, autoincrement=True),
    Column("night", String(64), nullable=False),
    Column("scope_id", BigId, nullable=False),
    Column("user_id", BigId, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("version", Integer),
    Column("detail", PlainText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    # A text was deleted or edited after this run had read it: its version is born stale.
    Column("is_stale", Boolean, nullable=False),
    UniqueConstraint("night", "scope_id", "user_id"),
    Index(None, "scope_id", "user_id"),
    Index(None, "user_id"),
    Index(None, "state"),
    sqlite_autoincrement=True,
)

servers = Table(
    "servers",
    metadata,
    Column("server_id", BigId, primary_key=True, autoincrement=False),
    # Always read and written whole, so a new setting needs no migration.
    Column("settings", JSON, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("key", String(128), primary_key=True),
    Column("value", Text, nullable=False),
)
