"""Guided routines. Pure."""
