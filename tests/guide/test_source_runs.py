import re

from assistant.guide.source_runs import RUN_LENGTH, copied_from, file_of, runs_of_document

TEXT = "Rub the area for 30–60 seconds, then bend the knees7 a little, and don’t hurry."


def test_six_words_in_a_row_are_a_copy_and_five_are_not() -> None:
    runs = runs_of_document(TEXT)
    assert copied_from("Then bend the knees a little", runs) == ["then bend the knees a little"]
    assert copied_from("Then bend the knees a bit", runs) == []


def test_signs_capitals_and_figures_make_no_difference() -> None:
    runs = runs_of_document(TEXT)
    assert copied_from("the AREA, for thirty to sixty seconds", runs)
    assert copied_from("a little -- and don't hurry", runs) == []
    assert copied_from("knees a little -- and don't hurry", runs) == ["knees a little and don't hurry"]


def test_a_long_document_is_covered_from_end_to_end() -> None:
    words = [f"{a}{b}{c}" for a in "bdfgklmnpr" for b in "aeiou" for c in "bdfgklmnprst"] * 2
    runs = runs_of_document("  ".join(words))
    for start in range(0, len(words) - RUN_LENGTH, 7):
        piece = " ".join(words[start : start + RUN_LENGTH])
        assert copied_from(piece, runs) == [piece]


def test_the_file_holds_sorted_short_digests_and_no_word() -> None:
    text = file_of(runs_of_document(TEXT))
    lines = text.splitlines()
    assert lines == sorted(set(lines))
    assert all(re.fullmatch(r"[0-9a-f]{16}", line) for line in lines)
    assert runs_of_document("Too short for a run.") == frozenset()
