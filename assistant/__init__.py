"""Marigold: an offline, hands-free voice assistant for a person on the floor with a back spasm."""

__version__ = "0.1.0"
