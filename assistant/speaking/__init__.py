"""Text to speech that can stop, duck and go on. Imports only `language` and `sound`."""
