"""Everything that is remembered. Knows nothing of Discord and nothing of torch."""
