"""Database migrations (Alembic), applied at start."""
