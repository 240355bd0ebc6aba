"""Cogs: one module per thing a person can do in Discord."""
