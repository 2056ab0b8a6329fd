"""The language part of a Vosk model: which words there are, how they sound, and which follow which.

It is built from texts, in plain Python: a lexicon (`pronunciation`), an n-gram model of the word order
(`counting`, `estimation`, `mixing`, `pruning`), and from both the search graph that libvosk reads (`graph`).
`adapt` gives an existing model a new language part. The acoustic part, which tells the sounds, stays.
"""
