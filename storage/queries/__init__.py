"""The SQL, by topic: functions that take an open transaction and know nothing of connections."""
