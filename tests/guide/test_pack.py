from __future__ import annotations

from collections.abc import Mapping

import pytest
import yaml

from assistant.guide import pack
from assistant.guide.model import Layer, StepKind
from assistant.guide.pack import BrokenContentError, load_yaml, parse_pack

PACK: dict[str, str] = {
    "pack.yaml": "id: knees\ntitle: Knees\nattribution: the leaflet says\nentries: [rest, ice]\nroutines: [cooling]\n",
    "entries/ice.md": (
        "---\nid: ice\ntitle: ice\nquestion: Does ice help?\nroutine: cooling\nconcepts:\n  needs: [cold]\n"
        "asks:\n  one: [is ice any good, what about ice]\n  two: [should i cool it]\n---\n"
        "The leaflet says: ten minutes of ice. [F01] {how-long}\n\nThat is not from the leaflet. [safety]\n"
        "\n## More\n\nThe leaflet says: wrap it up. [F01, F02]\nAsk for the steps. {order} [product]\n"
    ),
    "entries/rest.md": "---\nid: rest\ntitle: rest\nquestion: Shall I rest?\n---\nThe leaflet says: yes. [F02]\n",
    "routines/cooling.yaml": (
        "id: cooling\ntitle: cooling\ndescribe: [Ice for ten minutes.]\n"
        "steps:\n- {id: ice, kind: timed, seconds: 600, say: [Put it on.], facts: [F01]}\n"
    ),
    "facts.yaml": (
        "- {id: F01, entry: ice, says: ten minutes, figures: [10 minutes]}\n- {id: F02, entry: rest, says: rest}\n"
    ),
    "unanswered.yaml": "- {id: swelling, title: swelling, asks: [my knee is swollen], speech: It doesn't say.}\n",
    "vocabulary.yaml": "concepts:\n  cold: [ice]\nsound_alikes:\n  i scream: ice cream\n",
    "phrases.yaml": "help: Ask about knees.\nunknown: [No., Not there.]\n",
    "off_topic.yaml": "- how do i boil an egg\n",
    "source.runs": "aa\nbb\n",
}


def changed(**files: str | None) -> Mapping[str, str]:
    """The pack with some files changed, or taken away (None); "__" stands for a slash and "_yaml" for the ending."""
    named = {name.replace("__", "/").replace("_yaml", ".yaml").replace("_md", ".md"): t for name, t in files.items()}
    assert set(named) <= set(PACK) | {"entries/copy.md"}
    return {name: text for name, text in {**PACK, **named}.items() if text is not None}


def test_a_pack_is_read_as_it_is_written() -> None:
    guide = parse_pack(PACK)
    assert (guide.id, guide.title, guide.attribution, guide.language) == ("knees", "Knees", "the leaflet says", "en")
    assert list(guide.entries) == ["rest", "ice"]  # as pack.yaml has them
    ice = guide.entries["ice"]
    assert ice.ways == ("Does ice help?", "is ice any good", "what about ice", "should i cool it")
    assert [(s.text, s.facts, s.layer, s.facet) for s in ice.answer] == [
        ("The leaflet says: ten minutes of ice.", ("F01",), Layer.GUIDE, "how-long"),
        ("That is not from the leaflet.", (), Layer.SAFETY, None),
    ]
    assert [(s.text, s.facts, s.layer, s.facet) for s in ice.more] == [
        ("The leaflet says: wrap it up.", ("F01", "F02"), Layer.GUIDE, None),
        ("Ask for the steps.", (), Layer.PRODUCT, "order"),
    ]
    step = guide.routines["cooling"].steps[0]
    assert (step.kind, step.seconds) == (StepKind.TIMED, 600.0)
    assert list(guide.facts) == ["F01", "F02"]
    assert guide.unanswered["swelling"].asks == ("my knee is swollen",)
    assert guide.vocabulary.concepts == {"cold": ("ice",)}
    assert guide.phrases == {"help": ("Ask about knees.",), "unknown": ("No.", "Not there.")}
    assert guide.off_topic == ("how do i boil an egg",)
    assert guide.copied_runs == {"aa", "bb"}


def test_only_a_head_is_needed() -> None:
    guide = parse_pack({"pack.yaml": "id: a\ntitle: A\nattribution: it says\n"})
    assert (guide.entries, guide.routines, guide.facts, guide.off_topic) == ({}, {}, {}, ())


def test_files_of_other_folders_are_left_alone() -> None:
    more = {"notes.md": "[broken", "drafts/ice.md": "---\n: :\n", "entries/readme.txt": "x", "entries/old.yaml": "["}
    assert parse_pack({**PACK, **more}) == parse_pack(PACK)


def test_entries_that_the_head_does_not_list_come_last() -> None:
    guide = parse_pack(changed(pack_yaml="id: a\ntitle: A\nattribution: it says\nentries: [rest]\n"))
    assert list(guide.entries) == ["rest", "ice"]


def test_a_guide_is_frozen() -> None:
    guide = parse_pack(PACK)
    with pytest.raises(ValueError, match="frozen"):
        guide.title = "other"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("pack_yaml", None, "pack.yaml: missing; a pack needs it."),
        ("pack_yaml", "", "pack.yaml: should be keys with values."),
        ("pack_yaml", "- a\n", "pack.yaml: should be keys with values."),
        ("pack_yaml", "id: [\n", "pack.yaml: not valid YAML ("),
        ("pack_yaml", "id: a\nattribution: b\n", "pack.yaml: title: "),
        ("pack_yaml", "id: a\ntitle: A\n", "pack.yaml: attribution: "),
        ("pack_yaml", "id: a\ntitle: A\nattribution: b\nlanguage: de\n", "pack.yaml: language: Input should be 'en'."),
        ("pack_yaml", "id: a\ntitle: A\nattribution: b\nsubject: [c]\n", "pack.yaml: subject: "),
        ("pack_yaml", "id: a\ntitle: A\nattribution: b\nsubject: {mine: [c]}\n", "pack.yaml: subject, mine: "),
        ("pack_yaml", "id: a\ntitle: A\nattribution: b\nentries: [gone]\n", "pack.yaml: lists gone, which has no file"),
        ("pack_yaml", "id: a\ntitle: A\nattribution: b\nentries: rest\n", "pack.yaml: entries: should be a list"),
        ("pack_yaml", "id: a\ntitle: A\nattribution: b\nentries: [1]\n", "pack.yaml: entries: 1 is no text"),
        ("pack_yaml", "id: a\ntitle: A\nattribution: b\nroutines: [{}]\n", "pack.yaml: routines: {} is no text"),
        ("pack_yaml", "id: 2024-13-45\n", "pack.yaml: has a value in it that can't be used (month must be in 1..12)."),
        ("pack_yaml", f"id: {'[' * 5_000}{']' * 5_000}\n", "pack.yaml: "),
        ("pack_yaml", "id: !!python/object/apply:os.getcwd []\n", "pack.yaml: not valid YAML ("),
        ("pack_yaml", "id: a\x07\n", "pack.yaml: not valid YAML ("),
        ("entries__copy_md", PACK["entries/ice.md"], "entries: ice is there twice."),
        ("facts_yaml", "- {id: F01, entry: a, says: b}\n" * 2, "facts.yaml: F01 is there twice."),
        ("unanswered_yaml", PACK["unanswered.yaml"] * 2, "unanswered.yaml: swelling is there twice."),
        ("entries__ice_md", "no front matter [F01]\n", "entries/ice.md: id: Field required."),
        ("entries__ice_md", "---\nid: [\n---\nyes [F01]\n", "entries/ice.md: front matter: "),
        ("entries__ice_md", "---\nid: 2024-13-45\n---\nyes [F01]\n", "entries/ice.md: front matter: month"),
        ("entries__ice_md", "---\nid: ice\ntitle: ice\nquestion: q\n---\n", "entries/ice.md: answer: "),
        ("entries__ice_md", "---\nid: ice\ntitle: i\nquestion: q\n---\n## more\nx [F01]\n", "entries/ice.md: answer: "),
        (
            "entries__ice_md",
            "---\nid: ice\ntitle: i\nquestion: q\nask: {}\n---\nx [F01]\n",
            "entries/ice.md: ask: Extra",
        ),
        (
            "entries__ice_md",
            "---\nid: ice\ntitle: i\nquestion: q\nasks: {one: [yes]}\n---\nx [F01]\n",
            "entries/ice.md: asks.one.0: Input should be a valid string.",
        ),
        (
            "entries__ice_md",
            "---\nid: ice\ntitle: i\nquestion: q\n---\nThe leaflet says so.\n",
            "entries/ice.md: no fact and no layer on the line 'The leaflet says so.'.",
        ),
        (
            "entries__ice_md",
            "---\nid: ice\ntitle: i\nquestion: q\n---\nThe leaflet says so. [savety]\n",
            "entries/ice.md: [savety] is neither a fact (such as F07) nor a layer (guide, safety, product).",
        ),
        ("routines__cooling_yaml", "id: cooling\ntitle: c\n", "routines/cooling.yaml: describe: Field required."),
        (
            "routines__cooling_yaml",
            "id: c\ntitle: c\ndescribe: [d]\nsteps:\n- {id: a, kind: soon, say: [b]}\n",
            "routines/cooling.yaml: steps.0.kind: Input should be 'timed'",
        ),
        (
            "routines__cooling_yaml",
            "id: c\ntitle: c\ndescribe: [d]\nsteps:\n- {id: a, kind: timed, say: [b], seconds: 0}\n",
            "routines/cooling.yaml: steps.0.seconds: Input should be greater than 0.",
        ),
        ("facts_yaml", "F01: ten minutes\n", "facts.yaml: should be a list."),
        (
            "facts_yaml",
            "- {id: F01, entry: a, says: b}\n- {id: X2, entry: a, says: b}\n",
            "facts.yaml: item 2 (X2), id: ",
        ),
        ("facts_yaml", "- just words\n", "facts.yaml: item 1: "),
        ("unanswered_yaml", "- {id: a, title: a, asks: [], speech: b}\n", "unanswered.yaml: item 1 (a), asks: "),
        ("vocabulary_yaml", "concepts: {cold: ice}\n", "vocabulary.yaml: concepts.cold: "),
        ("phrases_yaml", "help: 5\n", "phrases.yaml: help: should be a list of texts."),
        ("phrases_yaml", "help:\n", "phrases.yaml: help: should be a list of texts."),
        ("phrases_yaml", "help: []\n", "phrases.yaml: help: should be a list of texts."),
        ("phrases_yaml", "help: [yes]\n", "phrases.yaml: help: True is no text; put it into quotes."),
        ("off_topic_yaml", "- no\n", "off_topic.yaml: the list: False is no text; put it into quotes."),
    ],
)
def test_what_is_wrong_is_told_with_file_and_place(name: str, text: str | None, told: str) -> None:
    with pytest.raises(BrokenContentError) as fault:
        parse_pack(changed(**{name: text}))
    assert str(fault.value).startswith(f"Content file {told}")
    assert "\n" not in str(fault.value)
    assert fault.value.exit_code == 2


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_both_yaml_loaders_tell_the_same_faults(loader: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "_YAML_LOADER", loader)
    assert load_yaml("a", "a: [b, 1, yes, null, 'x: y']") == {"a": ["b", 1, True, None, "x: y"]}
    for text in ("[", "a: b: c", "a: \x00", "2024-13-45", "[" * 5_000, "{[a]: b}", "*gone"):
        with pytest.raises(BrokenContentError, match=r"^Content file a: "):
            load_yaml("a", text)
