"""Compares what was said with what was heard: one spelling for both, then word errors.

A word error rate depends on how texts are spelled. Here both sides go through the same steps (`normalise`), and
where one written form can be read aloud in several ways ("175": "one hundred seventy five", "one seventy five"),
the reading nearest to the reference counts (`best_reading`), for every recogniser alike.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from num2words import num2words

BOOTSTRAP_ROUNDS: Final = 1000
"""Resamplings for an interval; more move its ends by less than a tenth of a per cent."""
_BOOTSTRAP_SEED: Final = 5
_INTERVAL: Final = (2.5, 97.5)
_SPELLED_RUN: Final = re.compile(r"(?:\b[a-z]\b ?){2,}")
_TOKEN: Final = re.compile(r"\[unk\]|<unk>|\d+(?:st|nd|rd|th)?\b|[A-Za-z']+|\d+")
_LONGEST_NUMBER: Final = 9
"""Digits; longer ones are read digit by digit, as people do with telephone numbers."""

_FILLERS: Final = frozenset(("um", "uh", "erm", "hmm", "mm", "mhm", "mmm"))
"""Not counted: some recognisers are trained to leave them out, and no guide needs them."""
_SAME: Final = {
    "ok": "okay",
    "alright": "all right",
    "anymore": "any more",
    "cannot": "can not",
    "nevermind": "never mind",
    "everyday": "every day",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "got to",
    "gimme": "give me",
    "dunno": "don't know",
    "cos": "because",
    "cuz": "because",
    "mr": "mister",
    "mrs": "missus",
    "dr": "doctor",
    "til": "till",
    "em": "them",
    "mum": "mom",
    "grey": "gray",
    "tyre": "tire",
    "programme": "program",
    "cheque": "check",
    "pyjamas": "pajamas",
    "sceptical": "skeptical",
    "mould": "mold",
    "plough": "plow",
    "draught": "draft",
    "storey": "story",
    "ageing": "aging",
    "judgement": "judgment",
    "learnt": "learned",
    "leant": "leaned",
    "dreamt": "dreamed",
    "burnt": "burned",
    "spoilt": "spoiled",
    "whilst": "while",
    "amongst": "among",
    "towards": "toward",
    "practise": "practice",
    "licence": "license",
    "defence": "defense",
    "manoeuvre": "maneuver",
    "diarrhoea": "diarrhea",
    "anaesthetic": "anesthetic",
    "haemorrhage": "hemorrhage",
    "oesophagus": "esophagus",
    "jewellery": "jewelry",
    "traveller": "traveler",
    "travelled": "traveled",
    "travelling": "traveling",
    "cancelled": "canceled",
    "cancelling": "canceling",
}
_OUR: Final = "arbour armour behaviour colour favour favourite flavour harbour honour humour labour neighbour parlour rumour savour vapour vigour"  # noqa: E501
_RE: Final = "centre fibre litre metre theatre kilometre centimetre millimetre calibre lustre sombre spectre"
_ISE: Final = "apolog author critic emphas energ final immobil memor minim maxim mobil neutral normal organ real recogn rel special stabil steril summar symbol util visual"  # noqa: E501


def _american() -> dict[str, str]:
    """Return British spellings with their American ones: regular families, and single words."""
    pairs = dict(_SAME)
    for stem in _OUR.split():
        for ending in ("", "s", "ed", "ing", "able", "hood", "hoods"):
            pairs[stem + ending] = stem.replace("our", "or") + ending
    for word in _RE.split():
        for ending in ("", "s"):
            pairs[word + ending] = word[:-2] + "er" + ending
    for stem in _ISE.split():
        for ending in ("e", "ed", "es", "ing", "er", "ation"):
            pairs[f"{stem}is{ending}"] = f"{stem}iz{ending}"
    return pairs


_SPELLINGS: Final = _american()


def normalise(text: str) -> str:
    """Return ``text`` in the form in which texts are compared: lower-case words with one space between them."""
    return " ".join(readings[0] for readings in _readings(text, spelled=()) if readings[0])


def best_reading(said: str, heard: str) -> tuple[str, str]:
    """Return both texts normalised; of the ways to read ``heard`` aloud, the one nearest to ``said``.

    Numbers may be read as amounts, digit by digit or in pairs; capitals, and letters that were said one by one,
    as a word or as letters.
    """
    reference = normalise(said)
    runs = tuple(run.replace(" ", "") for run in _SPELLED_RUN.findall(reference))
    choices = list(_readings(heard, spelled=runs))
    chosen = [readings[0] for readings in choices]

    def errors() -> int:
        return count_errors(reference, " ".join(part for part in chosen if part))

    fewest = errors()
    for place, readings in enumerate(choices):
        for reading in readings[1:]:
            before, chosen[place] = chosen[place], reading
            now = errors()
            if now < fewest:
                fewest = now
            else:
                chosen[place] = before
    return reference, " ".join(part for part in chosen if part)


def _readings(text: str, spelled: Collection[str]) -> Iterator[list[str]]:
    """Yield for each written word the ways to read it aloud, the usual one first ("" where nothing is said)."""
    text = text.replace("’", "'").replace("‘", "'").replace("%", " percent ").replace("per cent", "percent")
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"(?<=\d)\.(?=\d)", " point ", text)
    for token in _TOKEN.findall(text):
        if token[0] in "[<":
            continue
        if token[0].isdigit():
            yield _number_readings(token)
            continue
        word = token.lower().strip("'")
        if not word or word in _FILLERS:
            continue
        readings = [_SPELLINGS.get(word, word)]
        if word in spelled or (len(word) > 1 and token.isupper()):
            readings.append(" ".join(word))
        yield readings


def _number_readings(token: str) -> list[str]:
    digits = "".join(letter for letter in token if letter.isdigit())
    if digits != token:
        return [_words(int(digits), "ordinal")]
    one_by_one = " ".join(_words(int(digit)) for digit in digits)
    if len(digits) > _LONGEST_NUMBER:
        return [one_by_one]
    amount = _words(int(digits))
    in_pairs = [digits[: len(digits) % 2]] if len(digits) % 2 else []
    in_pairs += [digits[at : at + 2] for at in range(len(digits) % 2, len(digits), 2)]
    paired = " ".join(_words(int(pair)) if pair[0] != "0" else "oh " + _words(int(pair[-1])) for pair in in_pairs)
    readings = [amount.replace(" and ", " "), amount, one_by_one, one_by_one.replace("zero", "oh"), paired]
    return list(dict.fromkeys(readings))


def _words(number: int, kind: str = "cardinal") -> str:
    return str(num2words(number, to=kind)).replace("-", " ").replace(",", "")


def count_errors(reference: str, heard: str) -> int:
    """Return how many words were replaced, left out or put in, between two normalised texts."""
    import jiwer  # here, for spelling alone is wanted where it isn't installed

    if not reference:
        return len(heard.split())
    counts = jiwer.process_words(reference, heard)
    return int(counts.substitutions + counts.deletions + counts.insertions)


@dataclass(frozen=True, slots=True)
class Score:
    """Word errors of a set of clips. Rates are in per cent."""

    clips: int
    words: int
    errors: int
    rate: float
    low: float
    high: float
    """Ends of the interval that holds the rate with 95 % confidence, were other clips of the kind drawn."""
    exact: float
    """Share of the clips without any error."""


def score(pairs: Sequence[tuple[str, str]]) -> Score:
    """Return the word errors of pairs (said, heard), raw texts.

    The interval is the percentile bootstrap over clips: clips, not words, are drawn, for errors within a clip
    depend on each other (Bisani and Ney, "Bootstrap estimates for confidence intervals in ASR", 2004).

    Raises:
        ValueError: No clip has a word in its reference.
    """
    normal = [best_reading(said, heard) for said, heard in pairs]
    normal = [(said, heard) for said, heard in normal if said]
    if not normal:
        raise ValueError("There is no clip with a transcript to score.")
    errors = np.array([count_errors(said, heard) for said, heard in normal])
    words = np.array([len(said.split()) for said, _ in normal])
    draws = np.random.default_rng(_BOOTSTRAP_SEED).integers(0, len(normal), (BOOTSTRAP_ROUNDS, len(normal)))
    low, high = np.percentile(100 * errors[draws].sum(axis=1) / words[draws].sum(axis=1), _INTERVAL)
    return Score(
        clips=len(normal),
        words=int(words.sum()),
        errors=int(errors.sum()),
        rate=float(100 * errors.sum() / words.sum()),
        low=float(low),
        high=float(high),
        exact=float(100 * np.mean(errors == 0)),
    )


def unknown_share(texts: Sequence[str], vocabulary: Collection[str]) -> float:
    """Return the share (%) of the words said that are not in ``vocabulary``: the recogniser can't write them.

    A word counts as known in either spelling.
    """
    known = set(vocabulary) | {word for entry in vocabulary for word in normalise(entry).split()}
    words = [word for text in texts for word in normalise(text).split()]
    return 100 * sum(word not in known for word in words) / len(words) if words else 0.0
