"""Looks whether every part is there and works, one part after another; what it finds is values, not print."""
