"""Devices, microphone, speaker and recordings. Imports nothing of ours but the errors."""
