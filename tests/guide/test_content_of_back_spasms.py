"""The pack that ships against its contract: facts, figures and contradictions of the document it was made from."""

import re
from collections.abc import Iterator
from typing import Final

import pytest

from assistant.content import load_guide, shipped
from assistant.guide.lint import Severity, check_guide
from assistant.guide.lint_facts import measures_in, numbers_in
from assistant.guide.lint_places import spoken_by
from assistant.guide.model import Guide, Layer, Sentence, Step
from assistant.guide.source_runs import copied_from, file_of, runs_of_document
from shared_folder import SHARED

ENTRIES: Final[dict[str, tuple[int, int]]] = {
    "massage-for-a-spasm": (1, 4),
    "should-i-get-a-massage": (5, 7),
    "is-massaging-a-spasm-ok": (8, 9),
    "stop-a-spasm": (10, 12),
    "best-type-of-massage": (13, 17),
    "fastest-relief": (18, 23),
    "sleep-with-spasms": (24, 28),
    "natural-muscle-relaxers": (29, 36),
    "heat-for-a-spasm": (37, 41),
    "calm-a-spasm": (42, 45),
    "why-spasms-recur": (46, 48),
    "why-a-spasm-started": (49, 51),
    "prevent-spasms": (52, 59),
    "sleep-with-back-pain": (60, 62),
    "massage-or-chiropractor": (63, 65),
    "massage-for-back-pain": (66, 68),
}
"""Each question of the document with the first and last number of its facts. Reports use these ids: they are fixed."""
FIGURES: Final[dict[str, str]] = {
    "F02": "30 to 60 seconds",
    "F14": "6 months",
    "F22": "20 minutes",
    "F23": "20 minutes",
    "F29": "7",
    "F41": "15 to 20 minutes",
    "F51": "1 or 2 weeks",
}
"""All figures of the document. There is no other."""
ROUTINES: Final = {
    "press-and-rub": [(30, 60), (None, None)],
    "hot-and-cold": [(1200, None), (1200, None), (1200, None)],
    "heating-pad": [(900, 1200)],
    "stretch-and-hold": [(None, None), (None, None), (None, None)],
    "sleep-on-back": [(None, None)] * 3,
    "sleep-on-side": [(None, None)] * 3,
}
"""The routines, each with the seconds of its steps and what they may be extended to."""
SOURCE: Final = SHARED / "guide" / "source.txt"
"""The document, where it is at hand: it isn't ours to publish."""


@pytest.fixture(scope="module")
def guide() -> Guide:
    return load_guide()


def answer(guide: Guide, entry: str) -> str:
    return " ".join(s.text for s in guide.entries[entry].answer)


def everything(guide: Guide, entry: str) -> str:
    found = guide.entries[entry]
    return " ".join(s.text for s in (*found.answer, *found.more))


def guide_sentences(guide: Guide) -> Iterator[str]:
    """Give all that is said as being the guide's."""
    return (spoken.text for spoken in spoken_by(guide) if spoken.layer is Layer.GUIDE)


def step(guide: Guide, routine: str, name: str) -> Step:
    return next(step for step in guide.routines[routine].steps if step.id == name)


def carrying(guide: Guide, fact: str) -> list[Sentence]:
    entry = guide.entries[guide.facts[fact].entry]
    return [s for s in (*entry.answer, *entry.more) if fact in s.facts]


def test_the_ids_are_those_that_reports_and_tests_use(guide: Guide) -> None:
    assert list(guide.entries) == list(ENTRIES)
    assert list(guide.routines) == list(ROUTINES)


def test_every_fact_is_there_and_at_home_in_its_entry(guide: Guide) -> None:
    homes = {f"F{n:02}": name for name, (first, last) in ENTRIES.items() for n in range(first, last + 1)}
    assert len(homes) == 68
    assert {fact.id: fact.entry for fact in guide.facts.values()} == homes
    assert [name for name in homes if not carrying(guide, name)] == []


def test_the_lint_finds_no_error(guide: Guide) -> None:
    assert [str(f) for f in check_guide(guide) if f.severity is Severity.ERROR] == []


def test_every_fact_has_words_that_prove_it_was_said(guide: Guide) -> None:
    assert [fact.id for fact in guide.facts.values() if not fact.must] == []


def test_every_figure_of_the_document_is_spoken_with_its_unit(guide: Guide) -> None:
    assert {fact.id: ", ".join(fact.figures) for fact in guide.facts.values() if fact.figures} == FIGURES
    for fact, figure in FIGURES.items():
        said = " ".join(s.text for s in carrying(guide, fact))
        assert numbers_in(figure) <= numbers_in(said), fact
        assert measures_in(figure) <= measures_in(said), fact


def test_the_guide_says_no_figure_that_the_document_lacks(guide: Guide) -> None:
    numbers = numbers_in(" . ".join(FIGURES.values()))
    measures = {measure for figure in FIGURES.values() for measure in measures_in(figure)}
    for text in guide_sentences(guide):
        assert numbers_in(text) <= numbers, text
        assert measures_in(text) <= measures, text


def test_the_seven_natural_relaxers_are_seven(guide: Guide) -> None:
    for name in (
        "chamomile",
        "cherry juice",
        "blueberry smoothies",
        "cayenne pepper",
        "vitamin d",
        "magnesium",
        "rest",
    ):
        assert name in answer(guide, "natural-muscle-relaxers").lower()


def test_routines_count_the_documents_figures_and_no_others(guide: Guide) -> None:
    for name, steps in ROUTINES.items():
        assert [(s.seconds, s.extend_to) for s in guide.routines[name].steps] == steps


def test_nothing_lasts_longer_than_twenty_minutes(guide: Guide) -> None:  # X02
    for routine in guide.routines.values():
        for each in routine.steps:
            assert max(each.seconds or 0, each.extend_to or 0) <= 1200


def test_after_an_injury_no_order_is_said_to_be_the_guides(guide: Guide) -> None:  # X01
    said = guide.entries["stop-a-spasm"].answer
    assert any(s.layer is Layer.PRODUCT and "doesn't say which goes first" in s.text for s in said)
    assert any(s.layer is Layer.SAFETY and "cold" in s.text for s in said)
    for sentence in said:
        if sentence.layer is Layer.GUIDE:
            assert not re.search(r"\bfirst\b|\bstart with\b|\bthen\b", sentence.text), sentence.text
    for text in guide_sentences(guide):
        assert not re.search(r"\b(ice|cold)( pack| pad)? first\b", text.lower()), text


def test_hot_goes_before_cold_when_they_alternate(guide: Guide) -> None:  # X01, X08
    assert re.search(r"hot pad first, then cold", answer(guide, "fastest-relief").lower())
    assert [s.id for s in guide.routines["hot-and-cold"].steps] == ["warm", "break", "cold"]
    assert any("start with the cold pack" in text for text in guide.routines["hot-and-cold"].before)


def test_each_length_of_heat_stays_with_its_use(guide: Guide) -> None:  # X02
    (both,) = (s for s in guide.entries["heat-for-a-spasm"].more if {"F22", "F41"} <= set(s.facts))
    assert "15 to 20 minutes" in both.text
    assert "alone" in both.text
    assert "20 minutes when you alternate" in both.text


def test_each_sleeping_position_names_the_other_and_keeps_its_pillow(guide: Guide) -> None:  # X03
    assert re.search(r"low back pain .*\byour side\b", everything(guide, "sleep-with-spasms"))
    assert re.search(r"spasm .*\byour back\b", everything(guide, "sleep-with-back-pain"))
    for entry in ("sleep-with-spasms", "sleep-with-back-pain"):
        assert "whichever hurts less" in everything(guide, entry)
    assert "pillow under your knees" in answer(guide, "sleep-with-spasms")
    assert "between" not in answer(guide, "sleep-with-spasms")
    assert "pillow between the knees" in answer(guide, "sleep-with-back-pain")
    assert "under the knees" not in answer(guide, "sleep-with-back-pain")


def test_firm_is_for_pressing_and_gentle_for_rubbing(guide: Guide) -> None:  # X04
    assert "press firmly but not painfully, then rub gently" in everything(guide, "massage-for-a-spasm").lower()
    assert "gently" in " ".join(step(guide, "press-and-rub", "rub").say)
    assert "not something to try on yourself" in everything(guide, "should-i-get-a-massage")
    for routine in guide.routines.values():
        assert not any("deep" in text.lower() for each in routine.steps for text in each.say)


def test_treating_and_preventing_point_at_each_other(guide: Guide) -> None:  # X05
    assert "happening now" in everything(guide, "prevent-spasms")
    assert "in turn" not in everything(guide, "prevent-spasms")
    assert "prevent the next spasm" in everything(guide, "why-spasms-recur")


def test_heat_alone_is_never_said_to_reduce_inflammation(guide: Guide) -> None:  # X06
    for text in guide_sentences(guide):
        for clause in re.split(r"[.;:,]", text.lower()):
            if "inflammation" in clause:
                assert "heat" not in clause, text
    assert "inflammation" not in everything(guide, "heat-for-a-spasm")
    for sentence in carrying(guide, "F19"):
        assert re.search(r"\b(pair|both)\b", sentence.text), sentence.text
    assert "inflammation" not in answer(guide, "fastest-relief")


def test_heat_or_cold_is_decided_by_how_the_muscle_feels(guide: Guide) -> None:  # X07
    assert re.search(r"cold if .*sore or tender, or heat if .*tense or tight", answer(guide, "calm-a-spasm"))
    assert "more sore and tender, or more tight?" in everything(guide, "calm-a-spasm")


def test_one_round_with_the_break_in_between(guide: Guide) -> None:  # X08
    assert step(guide, "hot-and-cold", "break").seconds == 1200
    assert "no number of rounds" in " ".join(guide.routines["hot-and-cold"].finish)
    assert "doesn't say how many rounds" in everything(guide, "fastest-relief")


def test_the_hold_is_open_ended_and_its_check_in_is_the_products(guide: Guide) -> None:  # X09
    hold = step(guide, "stretch-and-hold", "hold")
    assert (hold.kind, hold.seconds, hold.check_in) == ("open-ended", None, 20)
    assert any("my own figure, not the guide's" in text for text in hold.say)
    assert "until the spasm" in answer(guide, "calm-a-spasm")
    poses = r"\b(knee to chest|child's pose|cat cow|cobra|hamstring|twist)\b"
    for text in guide_sentences(guide):
        assert not re.search(poses, text.lower()), text


def test_how_long_relief_lasts_is_said_with_its_own_question(guide: Guide) -> None:  # X10
    assert "shown to relieve" in answer(guide, "best-type-of-massage")
    assert "lasting" not in everything(guide, "best-type-of-massage")
    assert "month" not in everything(guide, "massage-for-back-pain")
    for entry in ("best-type-of-massage", "massage-for-back-pain"):
        assert re.search(r"therapist; rubbing it yourself may not", everything(guide, entry))


def test_strong_words_are_the_guides_and_softened(guide: Guide) -> None:  # X11
    for text in guide_sentences(guide):
        assert not re.search(r"\b(proven|proves|great|guaranteed|always works)\b", text.lower()), text
    (substantial,) = (text for text in guide_sentences(guide) if "substantial" in text)
    assert substantial.startswith("The guide says")


def test_causes_are_a_list_and_no_diagnosis(guide: Guide) -> None:  # X12
    assert answer(guide, "why-spasms-recur").startswith("The guide lists common causes")
    assert "I can't tell which is yours." in answer(guide, "why-spasms-recur")
    assert "I can't tell what began yours." in everything(guide, "why-a-spasm-started")


def test_rest_has_no_amount(guide: Guide) -> None:  # X13
    assert "gives no time for it" in guide.unanswered["rest-how-long"].speech


def test_massage_or_chiropractor_has_no_winner(guide: Guide) -> None:  # X14
    text = everything(guide, "massage-or-chiropractor")
    assert "doesn't name a winner" in answer(guide, "massage-or-chiropractor")
    assert not re.search(r"\b(better|best|prefer|recommend)", text.lower())
    assert {"F64", "F65"} <= {fact for s in guide.entries["massage-or-chiropractor"].answer for fact in s.facts}


def test_nothing_is_said_to_be_the_fastest(guide: Guide) -> None:  # X15
    assert answer(guide, "fastest-relief").startswith("The guide suggests")
    for spoken in spoken_by(guide):
        assert not re.search(r"\b(fastest|quickest|speediest)\b", spoken.text.lower()), spoken.text


def test_natural_relaxers_get_no_rank_no_form_and_no_amount(guide: Guide) -> None:  # X16
    text = everything(guide, "natural-muscle-relaxers").lower()
    assert not re.search(r"\b(best|tea|cream|supplements?|capsules?|pills?|tablets?|milligrams?)\b", text)
    assert "doesn't rank them" in text
    assert "no amounts" in text
    for risk in ("pharmacist", "blood thinners", "kidney disease", "pregnant"):
        assert risk in text


def test_every_routine_stops_where_it_hurts_more(guide: Guide) -> None:  # X17
    for routine in guide.routines.values():
        assert "Stop if it hurts more" in routine.before[0], routine.id
    assert "hurts more" in everything(guide, "calm-a-spasm")


def test_who_gives_the_massage_is_said(guide: Guide) -> None:  # X18
    assert "someone with you" in everything(guide, "massage-for-a-spasm")
    assert "by a trained person" in everything(guide, "should-i-get-a-massage")
    for entry in ("best-type-of-massage", "massage-for-back-pain"):
        assert "by a therapist" in everything(guide, entry)


def test_prevention_is_five_things_and_relief_one(guide: Guide) -> None:
    (five,) = (s for s in guide.entries["prevent-spasms"].answer if "F53" in s.facts)
    assert five.facts == ("F53", "F55", "F56", "F57", "F58")
    (relief,) = carrying(guide, "F59")
    assert relief.facts == ("F59",)
    assert relief.text.startswith("For relief")


def test_questions_that_the_document_only_mentions_are_said_to_be_unanswered(guide: Guide) -> None:
    for name in ("lymph-flow", "massage-gun", "pacemaker"):
        assert "doesn't answer it" in guide.unanswered[name].speech
    assert guide.unanswered["pacemaker"].safety is not None


def test_the_pages_residue_is_not_spoken(guide: Guide) -> None:
    for spoken in spoken_by(guide):
        assert not re.search(r"pinterest|naturopathy|\botc\b|knees7|interesting|…|\.\.", spoken.text.lower()), (
            spoken.text
        )


def test_nothing_is_copied_from_the_document(guide: Guide) -> None:
    assert len(guide.copied_runs) > 500
    texts = [spoken.text for spoken in spoken_by(guide)] + [fact.says for fact in guide.facts.values()]
    assert [
        (text, copied_from(text, guide.copied_runs)) for text in texts if copied_from(text, guide.copied_runs)
    ] == []
    # The document's own questions are kept to match against; that they are found proves the digests are its.
    found = [e.id for e in guide.entries.values() if copied_from(e.question, guide.copied_runs)]
    assert len(found) >= 14


@pytest.mark.skipif(not SOURCE.is_file(), reason=f"the guide's own document isn't at {SOURCE}")
def test_the_digests_are_those_of_the_document(guide: Guide) -> None:
    runs = runs_of_document(SOURCE.read_text(encoding="utf-8"))
    assert guide.copied_runs == runs
    text = (shipped("content") / "back-spasms" / "source.runs").read_text(encoding="utf-8")
    assert text == file_of(runs)
