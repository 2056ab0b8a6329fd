from __future__ import annotations

import pytest

from assistant.understanding.features import FeatureReader

CONCEPTS = {
    "heat": ["hot", "hot water bottle"],
    "water": ["water"],
    "massage": ["rub", "deep tissue massage"],
    "deep": ["deep"],
}


@pytest.fixture
def reader() -> FeatureReader:
    reader = FeatureReader(CONCEPTS, {"spa some": "spasm", "key ro": "chiro"})
    reader.learn_words(["spasm", "muscl", "back"])
    return reader


def test_the_longest_phrase_wins(reader: FeatureReader) -> None:
    assert reader.read("hot water bottle").concepts == {"heat"}
    assert reader.read("hot water").concepts == {"heat", "water"}
    assert reader.read("a deep tissue massage").concepts == {"massage"}


def test_concepts_stand_behind_each_word_of_their_phrase(reader: FeatureReader) -> None:
    read = reader.read("my hot water bottle leaks")
    assert read.behind == (frozenset(), frozenset({"heat"}), frozenset({"heat"}), frozenset({"heat"}), frozenset())


def test_words_are_compared_by_stem(reader: FeatureReader) -> None:
    assert reader.read("rubbing").concepts == {"massage"}


@pytest.mark.parametrize("typo", ["spasam", "spasmm", "spasems"])
def test_a_typo_of_a_known_word_is_repaired(reader: FeatureReader, typo: str) -> None:
    assert reader.read(typo).stems == ("spasm",)


@pytest.mark.parametrize("word", ["pasta", "plaza", "bak", "mussel"])
def test_other_words_and_short_ones_stay_what_they_are(reader: FeatureReader, word: str) -> None:
    assert "spasm" not in reader.read(word).stems
    assert "back" not in reader.read(word).stems


def test_nothing_is_repaired_where_it_is_not_wanted(reader: FeatureReader) -> None:
    assert reader.read("spasam", repair=False).stems == ("spasam",)


def test_what_a_recogniser_makes_of_a_word_is_put_right(reader: FeatureReader) -> None:
    assert reader.read("a spa some in my back").stems == reader.read("a spasm in my back").stems
    assert "chiro" in reader.read("the key ro").stems


def test_words_pairs_and_concepts_are_features(reader: FeatureReader) -> None:
    assert reader.read("rub back").all() == {"rub", "back", "rub_back", "#massage"}


def test_no_words_have_no_features(reader: FeatureReader) -> None:
    assert reader.read("").all() == frozenset()
    assert FeatureReader({}, {}).read("anything").concepts == frozenset()
