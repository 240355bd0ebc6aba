"""Serving: tokens out of the shared base model and many people's adapters."""
