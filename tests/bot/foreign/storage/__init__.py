"""The host's own storage, nothing to do with ours."""

GREETING = "Hello from the host"
