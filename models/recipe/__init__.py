"""The recipe of the speech model: from packages and recordings to a folder that Vosk loads."""
