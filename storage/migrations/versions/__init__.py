"""Numbered migrations, each with a why."""
