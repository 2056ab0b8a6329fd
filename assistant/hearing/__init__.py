"""Sound in, words out: voice detection, end-pointing, recognisers, speech models."""
