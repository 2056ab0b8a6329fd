"""The normal form of an utterance: what two people who mean the same words have in common.

Recognised and typed text differ in capitals, apostrophes, spelling and hesitations. Everything that
compares words compares their normal form.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from typing import Final

import snowballstemmer

MAX_WORDS: Final = 400
"""Longer text is cut: nobody says 400 words in a turn, and matching time grows with length."""

_WORD: Final = re.compile(r"'em\b|[a-z0-9]+(?:'[a-z]+)*")

_CONTRACTIONS: Final[dict[str, str]] = {
    "ain't": "is not",
    "can't": "can not",
    "cannot": "can not",
    "cant": "can not",
    "won't": "will not",
    "wont": "will not",
    "shan't": "shall not",
    "i'm": "i am",
    "im": "i am",
    "ive": "i have",
    "gonna": "going to",
    "gotta": "got to",
    "wanna": "want to",
    "dunno": "do not know",
    "dont": "do not",
    "doesnt": "does not",
    "didnt": "did not",
    "isnt": "is not",
    "whats": "what is",
    "hows": "how is",
    "its": "it is",
    "kinda": "kind of",
    "summat": "something",
    "owt": "anything",
    "nowt": "nothing",
    "cos": "because",
    "coz": "because",
    "'em": "them",
    "y'all": "you all",
    "yous": "you",
    "ye": "you",
    "ya": "you",
    "me's": "my is",
    "d'you": "do you",
    "let's": "let us",
    "lets": "let us",
    "gimme": "give me",
    "lemme": "let me",
    "cannae": "can not",
    "couldnae": "could not",
    "dinnae": "do not",
    "doesnae": "does not",
    "didnae": "did not",
    "isnae": "is not",
    "willnae": "will not",
    "wouldnae": "would not",
    "shouldnt": "should not",
    "wouldnt": "would not",
    "couldnt": "could not",
    "wasnt": "was not",
    "arent": "are not",
    "havent": "have not",
    "hasnt": "has not",
    "thats": "that is",
    "theres": "there is",
    "youre": "you are",
    "youve": "you have",
}
_ENDINGS: Final[tuple[tuple[str, str], ...]] = (
    ("n't", " not"),
    ("'re", " are"),
    ("'ve", " have"),
    ("'ll", " will"),
    ("'d", " would"),
    ("'m", " am"),
    ("'s", " is"),
)

FILLERS: Final[frozenset[str]] = frozenset(
    [
        "um",
        "uh",
        "er",
        "erm",
        "hmm",
        "mm",
        "ah",
        "ooh",
        "oh",
        "ow",
        "ouch",
        "argh",
        "ugh",
        "eh",
        "oi",
        "aye",
        "please",
        "thanks",
        "bloody",
        "damn",
        "flipping",
        "flaming",
        "blooming",
        "freaking",
        "ruddy",
        "blasted",
        "chuffing",
        "goddamn",
        "darn",
        "effing",
        "heck",
        "hell",
        "god",
        "gosh",
        "jesus",
        "christ",
        "blimey",
        "crikey",
        "love",
        "mate",
        "duck",
        "pet",
        "hen",
        "dear",
        "darling",
        "sweetie",
        "honey",
        "sir",
        "ma'am",
        "buddy",
        "bud",
        "pal",
        "man",
        "dude",
        "son",
        "well",
        "like",
        "just",
        "really",
        "actually",
        "basically",
        "literally",
        "sort",
        "kinda",
        "okay",
        "ok",
        "so",
        "anyway",
        "right",
        "then",
    ]
)
"""Words that carry feeling or time to think, not meaning: they are left out before words are compared."""

_SPELLINGS: Final[dict[str, str]] = {
    "colour": "color",
    "favourite": "favorite",
    "tummy": "stomach",
    "mum": "mother",
    "mom": "mother",
    "mam": "mother",
    "mums": "mothers",
    "centre": "center",
    "practise": "practice",
    "programme": "program",
    "physio": "physiotherapy",
    "therapeutic": "therapy",
    "mins": "minutes",
    "min": "minute",
    "sec": "second",
    "secs": "seconds",
    "hrs": "hours",
    "otc": "over the counter",
}

_stemmer = snowballstemmer.stemmer("english")
_stemmer_lock = threading.Lock()


def _plain(text: str) -> str:
    """Return ``text`` in lower case without accents ("é" is "e"), its apostrophes all alike."""
    if text.isascii():
        return text.lower().replace("`", "'")
    apart = unicodedata.normalize("NFKD", text.replace("´", "'")).lower()
    text = "".join(c for c in apart if not unicodedata.combining(c))
    return text.replace("’", "'").replace("‘", "'").replace("`", "'")


def words_of(text: str) -> list[str]:
    """Return the lower-case words of ``text`` in order, apostrophes kept, everything else dropped."""
    return _WORD.findall(_plain(text))[:MAX_WORDS]


@lru_cache(maxsize=20_000)
def _expand(word: str) -> tuple[str, ...]:
    """Return the words that ``word`` stands for, opened until nothing is left to open ("mum's": mother is)."""
    full = _CONTRACTIONS.get(word) or _opened(word) or _SPELLINGS.get(word)
    return (word,) if full is None else tuple(part for each in full.split() for part in _expand(each))


def _opened(word: str) -> str | None:
    for ending, full in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending):
            return word[: -len(ending)] + full
    return None


def _once(words: list[str]) -> list[str]:
    """Drop what is said twice in a row: stammering, or a recogniser's echo."""
    return [word for i, word in enumerate(words) if i == 0 or word != words[i - 1]]


def normal_form(text: str, *, keep_fillers: bool = False) -> str:
    """Return ``text`` as space-separated lower-case words: contractions opened, fillers dropped.

    An utterance of nothing but fillers keeps them, so that "okay" and "right then" stay something.
    """
    words = _once([part for word in words_of(text) for part in _expand(word)][:MAX_WORDS])
    if keep_fillers:
        return " ".join(words)
    kept = _once([word for word in words if word not in FILLERS])
    return " ".join(kept or words)


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    with _stemmer_lock:  # the stemmer keeps the word it works on in itself
        return str(_stemmer.stemWord(word))


def stems(normal: str) -> list[str]:
    """Return the stem of each word of a normal form (Porter 2, by Snowball), in order."""
    return [_stem(word) for word in normal.split()]
