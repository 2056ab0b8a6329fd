from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.content import load_guide, load_red_flags
from assistant.guide.model import Guide
from assistant.hearing.language_part.spelling import heard_words
from assistant.pack_texts import SAID, Beside, foreign_words, has_texts, load_beside, pack_texts, where_said
from assistant.understanding.wake import WAKE_PHRASES

RED_FLAGS = {
    "parts": {"my": "(my|his)"},
    "heard-as": {"sigh attica": "sciatica", "(feel)in": "\\1ing"},
    "concepts": {
        "numb": ["numb|tingl\\w+"],
        "legs": ["<my> legs"],
        "joke": ["only joking"],
    },
    "flags": [{"id": "R1", "rules": [{"all": ["numb", "legs"], "none": ["joke"]}]}],
}
BESIDE = Beside(
    commands={"stop": ["stop", "halt please"], "next": ["go on then"]},
    off_topic=["what's the weather like"],
    red_flags=RED_FLAGS,
    phrases={"clarify": ["Did you mean {a}, or {b}?"], "about": "I read from one guide.", "paused": ["Paused."]},
    scripts={"E": {"source": "Nobody reads this aloud", "sentences": ["Call now.", "Tell them: {heard}."]}},
)
GUIDE = Guide.model_validate(
    {
        "id": "kettles",
        "title": "Kettles and limescale",
        "attribution": "the guide says",
        "entries": {
            "descale": {
                "id": "descale",
                "title": "descaling",
                "question": "How do I descale my kettle?",
                "answer": [{"text": "Pour in the vinegar."}],
                "more": [{"text": "Rinse it twice."}],
                "asks": {"first": ["get the fur out of it", "get the fur out of it"]},
            }
        },
        "facts": {"F01": {"id": "F01", "entry": "descale", "says": "Vinegar dissolves limescale."}},
        "routines": {
            "soak": {
                "id": "soak",
                "title": "soaking",
                "needs": ["a lemon"],
                "describe": ["It soaks for an hour."],
                "before": ["Unplug it."],
                "steps": [{"id": "s", "say": ["Wait now."], "kind": "untimed", "ready": "Say ready.", "done": "Pour."}],
                "asks": {"first": ["start the soaking"]},
            }
        },
        "unanswered": {
            "price": {
                "id": "price",
                "title": "prices",
                "asks": ["what does a kettle cost"],
                "speech": "My guide names no price.",
                "safety": "Mind the steam.",
            }
        },
        "vocabulary": {
            "concepts": {"scale": ["fur", "limescale"]},
            "sound_alikes": {"lime's gale": "limescale"},
        },
        "phrases": {"paused": ["Kettle's off."]},
        "off_topic": ["how do i bake bread"],
    }
)


@pytest.fixture(scope="module")
def texts() -> dict[str, tuple[str, ...]]:
    return pack_texts(GUIDE, BESIDE, (("tingling", "tingle"), ()))


def test_what_is_asked_and_answered(texts: dict[str, tuple[str, ...]]) -> None:
    assert texts["asks"] == (
        "How do I descale my kettle?",
        "get the fur out of it",
        "start the soaking",
        "what does a kettle cost",
    )
    assert set(texts["answers"]) >= {
        *("Kettles and limescale", "Pour in the vinegar.", "Rinse it twice.", "Vinegar dissolves limescale."),
        *("a lemon", "It soaks for an hour.", "Unplug it.", "Wait now.", "Say ready.", "Pour."),
        *("My guide names no price.", "Mind the steam."),
    }


def test_what_stands_beside_every_pack(texts: dict[str, tuple[str, ...]]) -> None:
    assert texts["commands"] == ("stop", "halt please", "go on then", *WAKE_PHRASES)
    assert texts["off-topic"] == ("what's the weather like", "how do i bake bread")
    # Mishearings aren't learned; what was meant is.
    assert texts["vocabulary"] == ("fur", "limescale")
    warnings = texts["warnings"] + texts["more-warnings"]
    assert sorted(warnings) == sorted(["numb", "tingle", "tingling", "my legs", "his legs", "sciatica"])


def test_phrases_are_cut_where_something_is_filled_in(texts: dict[str, tuple[str, ...]]) -> None:
    heard = [" ".join(heard_words(text)) for text in texts["phrases"]]
    assert heard == ["did you mean", "or", "i read from one guide", "kettle's off", "call now", "tell them"]


def test_the_name_is_learned_before_a_question(texts: dict[str, tuple[str, ...]]) -> None:
    assert texts["called"] == ("hey marigold How do I descale my kettle?", "hi marigold go on then")
    assert {"asks", "called", "commands", "vocabulary", "warnings", "off-topic"} == SAID
    assert texts.keys() > SAID
    assert SAID.isdisjoint({"answers", "phrases", "more-warnings"})


def test_a_pack_that_says_nothing_has_no_texts() -> None:
    assert has_texts(GUIDE)
    assert not has_texts(GUIDE.model_copy(update={"entries": {}, "routines": {}}))


def test_the_pack_that_ships_has_words_for_every_warning_sign() -> None:
    found = pack_texts(load_guide(), load_beside(), (("tingling", "buckled", "osteoporosis"),))
    assert all(found.values())
    assert all(len(set(source)) == len(source) for source in found.values())
    words = {word for source in SAID for text in found[source] for word in heard_words(text)}
    assert {"physio", "kneading", "marigold", "ibuprofen", "spasm"} <= words
    words |= {word for text in found["more-warnings"] for word in heard_words(text)}
    assert {"sciatica", "osteoporosis", "paracetamol", "incontinent", "pneumonia"} <= words
    # No wording runs words together, and none is a mishearing.
    assert not {"siatica", "needsthe", "hasto"} & words
    flags = load_red_flags()
    raised = {flag.id for text in found["warnings"] + found["more-warnings"] if (flag := flags.find([text]))}
    assert len(raised) > len(flags.ids) / 2


def test_asks_weigh_more_than_wordings_made_of_patterns() -> None:
    found = pack_texts(load_guide(), load_beside(), (("tingling",),))
    assert len(found["warnings"]) < len(found["asks"]) < len(found["warnings"]) + len(found["more-warnings"])


def test_letters_of_other_languages_are_named() -> None:
    texts = {"asks": ["a café, naïve", "eat «smørrebrød» now", "日本 tea"], "answers": ["Straße."]}
    assert foreign_words(texts) == ["Straße", "smørrebrød", "日本"]


def test_an_example_is_taken_from_what_is_said_first() -> None:
    texts = {"asks": ["do i descale it often", "descale it", "boil the pot"], "answers": ["Descale.", "A thermostat."]}
    assert where_said(["thermostat", "pot", "descale", "nowhere"], texts) == {
        "descale": "descale it",
        "pot": "boil the pot",
        "thermostat": "A thermostat.",
    }
    assert list(where_said(["thermostat", "pot", "descale"], texts)) == ["descale", "pot", "thermostat"]


def test_without_heard_as_or_parts_warnings_are_made_too() -> None:
    bare = {key: value for key, value in RED_FLAGS.items() if key not in {"parts", "heard-as"}}
    bare["concepts"] = {"numb": ["numb"], "legs": ["legs"]}
    found = pack_texts(GUIDE, replace(BESIDE, red_flags=bare), ())
    assert set(found["warnings"] + found["more-warnings"]) == {"numb", "legs"}
