"""From words to one `Meaning`. Pure."""
