"""Personal generation and learning. Knows nothing of Discord and nothing of SQL."""
