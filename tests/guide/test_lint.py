"""A small pack in order, broken in one way at a time."""

from collections.abc import Callable, Iterable
from typing import Final

import pytest

from assistant.guide.lint import Beside, Finding, Severity, check_guide
from assistant.guide.pack import parse_pack
from assistant.guide.source_runs import file_of, runs_of_document

DOCUMENT: Final = """
How often should I water a fern?

Water your fern thoroughly every 3–5 days, but never let the saucer stay full overnight.

Which light do ferns like best?

Most ferns thrive in the soft light of a north-facing window7. Dry roots may be soaked for 20–30 minutes…
"""
ROOMS: Final = [
    *("kitchen", "bathroom", "bedroom", "hall", "attic", "cellar", "porch", "office", "shed", "garage", "pantry"),
    *("lounge", "library", "nursery", "studio", "parlour", "balcony", "corridor", "laundry", "workshop", "landing"),
    *("conservatory", "greenhouse", "classroom", "shop", "ward"),
]


def asks(pattern: str) -> str:
    return "".join(f"    - {pattern.format(room)}\n" for room in ROOMS)


def files() -> dict[str, str]:
    return {
        "pack.yaml": "id: ferns\ntitle: Ferns\nattribution: the guide says\n",
        "facts.yaml": """
- id: F01
  entry: watering
  says: A fern wants water every 3 to 5 days.
  figures: [3 to 5 days]
  must: [[water], [every 3 to 5 days]]
- id: F02
  entry: light
  says: Ferns may do best by a window that looks north.
  must: [[may, might], [north], [n't, never]]
- id: F03
  entry: watering
  says: A dry root may be put in water for 20 to 30 minutes.
  figures: [20 to 30 minutes]
  must: [[soak], [20 to 30 minutes]]
""",
        "entries/watering.md": f"""---
id: watering
title: watering a fern
question: How often should I water a fern?
routine: soak
asks:
  founders:
{asks("how much water for the fern in the {}")}---
The guide says to give a fern water every 3 to 5 days. [F01] {{how-long}}
If it is dry, soak it for 20 to 30 minutes. [F03]

## More
The guide says: 20 to 30 minutes. [F03]
My own can holds 2 litres. [product]
A safety note, not from the guide: mop up what is spilt within 10 minutes. [safety]
""",
        "entries/light.md": f"""---
id: light
title: light for a fern
question: Which light do ferns like best?
asks:
  founders:
{asks("is the {} too dark to keep one")}---
The guide says a north window may suit them, and that they don't want sun. [F02]
""",
        "routines/soak.yaml": """
id: soak
title: soaking
needs: [a bucket]
describe: ["Soak the pot for 20 minutes, or up to 30 if you like."]
before: ["Keep it 1 metre from sockets."]
facts: [F03]
steps:
  - id: soak
    kind: timed
    say: ["Put it in water for 20 minutes."]
    seconds: 1200
    extend_to: 1800
    skin_checks: [600]
    done: "Take it out. A safety note, not from the guide: wait 2 hours before you plug in anything."
    facts: [F03]
  - id: drip
    kind: open-ended
    say: ["Let it drip. I'll ask every 20 seconds; that is my own figure, not the guide's."]
    check_in: 20
asks:
  founders: [soak it with me]
""",
        "unanswered.yaml": """
- id: feeding
  title: feeding
  asks: [which food does it need]
  speech: "My guide doesn't say how to feed it."
  safety: "A safety note, not from the guide: keep plant food from children."
""",
        "source.runs": file_of(runs_of_document(DOCUMENT)),
    }


def findings_of(
    *changes: tuple[str, str, str], knows: Callable[[str], bool] | None = None, beside: Beside | None = None
) -> list[Finding]:
    """Return what is found after changes: (file, old text, new text)."""
    changed = files()
    for file, old, new in changes:
        assert old in changed[file], f"{old!r} is not in {file}"
        changed[file] = changed[file].replace(old, new)
    return check_guide(parse_pack(changed), knows, beside or Beside())


def checks(findings: Iterable[Finding]) -> set[str]:
    return {finding.check for finding in findings}


def test_a_pack_in_order_has_no_findings() -> None:
    beside = Beside({"phrases": ["Hello."]}, {"stop": ["stop"]}, ["hey marigold"], ["who won the cup"])
    assert findings_of(knows=lambda word: True, beside=beside) == []


WATERING: Final = "entries/watering.md"
LIGHT: Final = "entries/light.md"
SOAK: Final = "routines/soak.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "check", "place", "says"),
    [
        # Facts: lost, half said, tagged wrongly.
        (LIGHT, "sun. [F02]", "sun. [F01]", "fact-not-carried", "F02", "light.md"),
        (LIGHT, "sun. [F02]", "sun. [F01]", "wrong-fact", "answer 1", "F01"),
        (LIGHT, "may suit", "will suit", "fact-half-said", "F02", "'may' or 'might'"),
        (LIGHT, "don't want sun", "want shade", "fact-half-said", "F02", "n't"),
        (LIGHT, "[F02]", "[F02 F77]", "unknown-fact", "answer 1", "F77"),
        (LIGHT, "[F02]", "[F02 guide]\nThe guide says so. [guide]", "no-fact", "answer 2", "no fact"),
        ("facts.yaml", "entry: light", "entry: lamp", "fact-without-entry", "F02", "'lamp'"),
        (SOAK, "facts: [F03]\nsteps", "facts: [F03, F02]\nsteps", "wrong-fact", "facts", "F02"),
        (SOAK, "    facts: [F03]", "    facts: [F03, F01]", "fact-not-of-routine", "step soak", "F01"),
        # Figures: lost or invented.
        (WATERING, "every 3 to 5 days", "now and again", "figure-lost", "F01", "3 to 5 days"),
        (WATERING, "every 3 to 5 days", "every 3 to 5 weeks", "figure-lost", "F01", "3 to 5 days"),
        (WATERING, "every 3 to 5 days", "every 3 to 5 weeks", "figure-invented", "answer 1", "3 weeks"),
        (WATERING, "every 3 to 5 days", "every 3 to 5 days, 200 millilitres", "figure-invented", "answer 1", "200"),
        (WATERING, "every 3 to 5 days", "every three to six days", "figure-invented", "answer 1", "6"),
        (WATERING, "every 3 to 5 days", "every 3 to 5 days, half a can", "figure-invented", "answer 1", "half"),
        (
            "unanswered.yaml",
            "how to feed it.",
            "how to feed it, so once in 14 days.",
            "figure-invented",
            "feeding",
            "14",
        ),
        (SOAK, "or up to 30", "or up to 45", "figure-invented", "describe", "45"),
        # Routines: what is counted is what is said, and the guide's.
        (SOAK, "seconds: 1200", "seconds: 1500", "seconds-invented", "step soak", "1500"),
        (SOAK, "extend_to: 1800", "extend_to: 2400", "seconds-invented", "step soak", "2400"),
        (SOAK, "in water for 20 minutes", "in water for a while", "seconds-not-said", "step soak", "1200"),
        (SOAK, ", or up to 30 if you like", "", "seconds-not-said", "step soak", "1800"),
        (SOAK, "Take it out.", "After 25 minutes take it out.", "seconds-not-counted", "step soak", "1500"),
        (SOAK, "    facts: [F03]", "    facts: []", "seconds-invented", "step soak", "no fact"),
        (SOAK, "    seconds: 1200\n    extend_to: 1800\n", "", "step-without-seconds", "step soak", "timed"),
        (SOAK, "kind: timed", "kind: untimed", "step-with-seconds", "step soak", "untimed"),
        (SOAK, "; that is my own figure, not the guide's", "", "check-in", "step drip", "20"),
        (SOAK, "every 20 seconds", "now and then", "check-in", "step drip", "20"),
        (SOAK, "skin_checks: [600]", "skin_checks: [1200]", "late-skin-check", "step soak", "skin"),
        (WATERING, "routine: soak", "routine: bath", "no-routine", "routine", "bath"),
        # Copies and residue.
        (LIGHT, "may suit them", "may suit most ferns thrive in the soft light", "copied", "answer 1", "most ferns"),
        (LIGHT, "light for a fern", "the soft light of a north-facing window", "copied", "title", "north facing"),
        (
            WATERING,
            "for 20 to 30 minutes. [F03]\n\n",
            "as roots may be soaked for 20 to 30 minutes. [F03]\n\n",
            "copied",
            "answer 2",
            "twenty to thirty",
        ),
        (SOAK, "Take it out.", "Never let the saucer stay full.", "copied", "step soak", "saucer"),
        (
            "unanswered.yaml",
            "keep plant food",
            "never let the saucer stay full, keep food",
            "copied",
            "feeding",
            "saucer",
        ),
        ("facts.yaml", "A fern wants water every", "Water your fern thoroughly every", "copied", "F01", "thoroughly"),
        (LIGHT, "a north window", "a north window7", "residue", "answer 1", "window7"),
        (LIGHT, "don't want sun.", "don't want sun…", "residue", "answer 1", "ellipsis"),
        (LIGHT, "don't want sun.", "don't want sun. It is interesting: do ferns bite?", "residue", "answer 1", "page"),
        (LIGHT, "a north window", "one of the 7 best, a north window", "residue", "answer 1", "7 best"),
        # Who says it.
        (LIGHT, "The guide says a north", "A north", "not-attributed", "answer 1", "the guide says"),
        (WATERING, "The guide says: 20", "Soak it: 20", "not-attributed", "more 1", "the guide says"),
        (WATERING, "A safety note, not from the guide: mop", "Mop", "not-disowned", "more 3", "not from the guide"),
        # Ways of asking.
        (LIGHT, asks("is the {} too dark to keep one"), "    - is it dark\n", "few-ways", "asks", "2 ways"),
        (
            LIGHT,
            "is the shed too dark",
            "how much water for the fern in the shed please  #",
            "collision",
            "light",
            "watering",
        ),
        ("unanswered.yaml", "which food does it need", "soak it with me", "collision", "soak", "feeding"),
    ],
)
def test_an_error_is_found(file: str, old: str, new: str, check: str, place: str, says: str) -> None:
    found = findings_of((file, old, new))
    hits = [f for f in found if f.check == check and place in f.place and says in f.what]
    assert hits, f"{check} at {place!r} is not among:\n" + "\n".join(map(str, found))
    assert {hit.severity for hit in hits} == {Severity.ERROR}
    assert found[0].severity is Severity.ERROR


@pytest.mark.parametrize(
    ("file", "old", "new", "check", "says"),
    [
        (LIGHT, "is the shed too dark", "is the hall too dark", "double", "twice"),
        (
            LIGHT,
            "is the shed too dark to keep one",
            "um is the hall too dark to keep one then",
            "double",
            "counts the same",
        ),
        (LIGHT, "is the shed too dark to keep one", "in the sheds how much water for the fern", "near", "watering"),
        (
            LIGHT,
            "that they don't want sun",
            "that they don't want " + "very " * 30 + "much sun",
            "long-sentence",
            "s in one",
        ),
        (
            LIGHT,
            "sun. [F02]\n",
            "sun. [F02]\n" + "They don't care much about it, they say. [F02]\n" * 8,
            "long-answer",
            "25",
        ),
        ("source.runs", file_of(runs_of_document(DOCUMENT)), "", "no-runs", "missing"),
    ],
)
def test_a_warning_is_found(file: str, old: str, new: str, check: str, says: str) -> None:
    found = findings_of((file, old, new))
    hits = [f for f in found if f.check == check and says in f.what]
    assert hits, f"{check} is not among:\n" + "\n".join(map(str, found))
    assert {f.severity for f in found} == {Severity.WARNING}


def test_a_copy_that_runs_over_two_sentences_is_found() -> None:
    short = "sun. [F02]\nWater your fern. [product]\nThoroughly every 3 to 5 days. [product]"
    (copy,) = (f for f in findings_of((LIGHT, "sun. [F02]", short)) if "fern thoroughly every three to five" in f.what)
    assert (copy.check, copy.place) == ("copied", "answer")


def test_the_documents_own_question_may_be_asked() -> None:
    # It is matched against and never spoken; as a title it would be spoken.
    assert findings_of((LIGHT, "is the shed too dark to keep one", "which light do ferns like best")) == []
    assert checks(findings_of((LIGHT, "title: light for a fern", "title: Which light do ferns like best"))) == {
        "copied"
    }


def test_what_the_product_says_beside_the_guide_is_checked_as_well() -> None:
    beside = Beside({"product/phrases.yaml, hello": ["Never let the saucer stay full.", "Wait..."]})
    found = findings_of(beside=beside)
    assert checks(found) == {"copied", "residue"}
    assert {f.file for f in found} == {"product/phrases.yaml, hello"}


def test_two_commands_must_not_share_a_wording_but_yes_may() -> None:
    assert checks(findings_of(beside=Beside(commands={"next": ["go on"], "resume": ["go on"]}))) == {"collision"}
    assert findings_of(beside=Beside(commands={"yes": ["go on"], "resume": ["go on"]})) == []


def test_a_question_must_not_be_refused_and_answered() -> None:
    found = findings_of(beside=Beside(off_topic=["is the shed too dark to keep one"]))
    assert [f.check for f in found] == ["collision"]
    assert "off-topic" in found[0].what


def test_words_that_cannot_be_heard_are_told_once_each() -> None:
    changes = [
        (LIGHT, "is the shed too dark", "is the veranda's 20 watts too dark"),
        (LIGHT, "is the hall too dark", "is the loggia too dark"),
        (WATERING, "for the fern in the hall", "for the fern in the loggia"),
    ]
    found = findings_of(*changes, knows=lambda word: word not in ("loggia", "veranda's", "marigold"))
    assert [f.check for f in found] == ["unheard"]
    assert "'loggia', used in 2 lines" in found[0].what
    found = findings_of(knows=lambda word: word != "marigold", beside=Beside(wake=["hey marigold"]))
    assert [(f.check, f.file) for f in found] == [("unheard", "wake phrase")]


def test_safety_and_product_sentences_may_have_figures_of_their_own() -> None:
    # The pack in order has them: 2 litres, 10 minutes, 2 hours. Said by the guide they are inventions.
    for tag in ("[product]", "[safety]"):
        assert "figure-invented" in checks(findings_of((WATERING, tag, "[F03]")))


def test_numbers_that_are_only_words_are_no_figures() -> None:
    assert findings_of((LIGHT, "suit them", "suit the small ones, one by one, said tens of people")) == []
