"""The host's own package; Bowerbird has one of this name too."""

GREETING = "I am the host"
