from pathlib import Path

import pytest

from assistant.guide.faq import READERS, SPOKEN_AT_ONCE, Faq, NoQuestionsError, NotTextError, read_faq, text_of
from assistant.guide.faq_pack import pack_files, title_of
from assistant.guide.pack import parse_pack
from assistant.language import normal_form
from shared_folder import SHARED

FAQS = Path(__file__).parent.parent / "data" / "faqs"
SOURCE = SHARED / "guide" / "source.txt"


def read(text: str, ending: str = ".md") -> Faq:
    return read_faq(text, ending, "name")


def asked(faq: Faq) -> list[str]:
    return [question.text for question in faq.questions]


def spoken(faq: Faq, question: str) -> str:
    found = next(q for q in faq.questions if q.text == question)
    return " ".join([*found.answer, *found.more])


def of_file(name: str) -> Faq:
    path = FAQS / name
    return read_faq(text_of(path.read_bytes()), path.suffix, path.stem)


# Whole documents


def test_markdown() -> None:
    faq = of_file("kettle.md")
    assert faq.title == "Looking after your kettle"
    assert asked(faq) == [
        "How do I descale my kettle?",
        "How often should I descale it?",
        "Why does the kettle switch off before the water boils?",
        "Is it safe to boil the same water twice?",
        "What can I do about a plastic smell?",
        "Can I put the kettle in the dishwasher?",
        "What is the smallest amount of water I can boil?",
        "Where do I recycle an old kettle?",
        "Contact us",  # a heading with text under it, where most headings are questions
    ]
    everything = " ".join(spoken(faq, question) for question in asked(faq))
    assert "1 to 2 hours" in everything  # a range
    assert "cloth or a drop" in everything  # and/or
    assert "(see example.org)." in everything  # an address
    for gone in ("Short answer", "tap water keep", "hinge", "^", "…", "https", "*", "Jump to"):
        assert gone not in everything


def test_html() -> None:
    faq = of_file("library.html")
    assert faq.title == "Nether Wick village library, questions"
    assert asked(faq) == [
        "How do I join the library?",
        "Can my children have their own card?",
        "How many books can I borrow at once?",
        "How long can I keep a book?",
        "How do I renew a loan?",
        "What happens if I lose a book?",
        "When is the library open?",
        "Can I print something there?",
        "Is there a toilet?",
    ]
    assert faq.questions[3].also == ("When is my book due back?",)
    assert spoken(faq, "When is the library open?") == (
        "The guide says: Tuesday and Thursday: 2 to 7. Saturday: 10 to 1."
    )
    assert spoken(faq, "What happens if I lose a book?").endswith("a second-hand copy costs. There are no other fines.")
    assert "top" not in spoken(faq, "Is there a toilet?")


def test_plain_text() -> None:
    faq = of_file("choir.txt")
    assert faq.title == "The Wednesday Choir"
    assert asked(faq) == [
        "Do I need to read music?",
        "Who can join the choir?",
        "What does it cost?",
        "When and where do you rehearse?",
        "Which part should I sing?",
        "What should I wear at a concert?",
        "What if I miss a rehearsal?",
        "Can I bring my dog?",
    ]
    assert faq.questions[4].also == ("How are voices sorted?",)
    assert "Mrs. Abara, who keeps the books" in spoken(faq, "What does it cost?")
    assert not any("piano" in sentence for q in faq.questions for sentence in q.answer)
    assert "news" not in spoken(faq, "Can I bring my dog?")


@pytest.mark.skipif(not SOURCE.is_file(), reason=f"the guide's own document isn't at {SOURCE}")
def test_the_document_of_back_spasms_has_sixteen_questions() -> None:
    faq = read_faq(text_of(SOURCE.read_bytes()), ".txt", "source")
    assert len(faq.questions) == 16
    assert "How are muscle spasms treated?" not in asked(faq)
    everything = " ".join(spoken(faq, question) for question in asked(faq)).lower()
    for gone in ("interesting", "naturopathy", "pinterest", "knees7", "pacemaker", "lymph", "heat or ice", "…"):
        assert gone not in everything
    assert "30 to 60 seconds" in everything


# What counts as a question


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (".md", "## One?\nYes.\n\n## Two?\nNo."),
        (".md", "Q: One?\nA: Yes.\n\nQ: Two?\nA: No."),
        (".md", "**Q: One?** A: Yes.\n\n**Q:** Two?\n\n**A:** No."),
        (".md", "**One?**\n\nYes.\n\n**Two?** No."),
        (".md", "1. **One?**\n   Yes.\n2. **Two?**\n   No."),
        (".md", "- One?\n\n  Yes.\n\n- Two?\n\n  No."),
        (
            ".md",
            "<details><summary>One?</summary>\n\nYes.\n\n</details>\n<details><summary>Two?</summary>No.</details>",
        ),
        (".md", "One?\n\nYes.\n\nTwo?\n\nNo."),
        (".html", "<h2>One?</h2><p>Yes.</p><h3>Two?</h3>No."),
        (".html", "<![x <h2>One?</h2>Yes.<h2>Two?</h2>No."),
        (".html", "<dl><dt>One?<dd>Yes.<dt>Two?<dd>No.</dl>"),
        (".html", "<h3><button>One?</button></h3><div>Yes.</div><button>Two?</button><div>No.</div>"),
        (".html", "<p><b>One?</b><br>Yes.<p><strong>Two?</strong><br>No."),
        (".html", "<div>One?</div><div>Yes.</div><div>Two?</div><div>No.</div>"),
        (".txt", "One?\nYes.\nTwo?\nNo."),
        (".txt", "1. One?\nYes.\n\n2) Two?\nNo."),
        (".txt", "Q1: One?\nA1: Yes.\nQ2: Two?\nA2: No."),
        (".txt", "ONE?\n----\nYes.\n\nTWO?\n----\nNo."),
        (".txt", "# Title\n## One?\nYes.\n## Two?\nNo."),
    ],
)
def test_ways_of_writing_a_question(ending: str, text: str) -> None:
    faq = read(text, ending)
    assert asked(faq) == ["One?", "Two?"]
    assert [q.answer for q in faq.questions] == [("The guide says: yes.",), ("The guide says: no.",)]


def test_headings_without_a_question_mark_count_where_most_are_questions() -> None:
    faq = read("# FAQ\n## One?\nYes.\n## Two?\nNo.\n## Opening hours\nNine to five.")
    assert asked(faq) == ["One?", "Two?", "Opening hours"]
    few = read("# FAQ\n## About\nText.\n## Hours\nText.\n## One?\nYes.\n## Two?\nNo.\n## Contact\nText.")
    assert asked(few) == ["One?", "Two?"]
    assert spoken(few, "Two?") == "The guide says: no."


def test_a_question_that_heads_a_section_is_no_question() -> None:
    faq = read("# Shop\n## Have you ordered?\n### One?\nYes.\n### Two?\nNo.\n## Three?\nMaybe.")
    assert asked(faq) == ["One?", "Two?", "Three?"]
    assert any("Have you ordered?" in note for note in faq.notes)


def test_a_sub_heading_that_asks_is_another_wording() -> None:
    faq = read("## How do I calm it?\n### How is it treated?\nGently.\n## Two?\nNo.")
    assert asked(faq) == ["How do I calm it?", "Two?"]
    assert faq.questions[0].also == ("How is it treated?",)


def test_unanswered_and_doubled_questions_are_named() -> None:
    faq = read("## One?\n## Two?\nNo.\n## Two?\nYes.\n## Three?\n")
    assert asked(faq) == ["Two?"]
    assert spoken(faq, "Two?") == "The guide says: no."
    assert [note.split(": ")[1] for note in faq.notes] == ["One?", "Three?", "Two?"]


def test_a_question_within_an_answer_is_none() -> None:
    faq = read("## One?\nStill stuck? Ask yourself:\n\n- Is it on?\n- Is it full?\n\n## Two?\nNo.")
    assert asked(faq) == ["One?", "Two?"]
    assert "Is it full" in spoken(faq, "One?")


@pytest.mark.parametrize(
    "text", ["", "No questions here.", "## Title\n\nText.", "What now?", "What?\n\nWho?\n\nWhere?"]
)
@pytest.mark.parametrize("ending", list(READERS))
def test_a_document_without_answered_questions(text: str, ending: str) -> None:
    with pytest.raises(NoQuestionsError):
        read(text, ending)


def test_html_nested_without_end_is_no_fault_of_ours() -> None:
    with pytest.raises(NoQuestionsError):
        read("<div>" * 20_000 + "<h2>One?</h2>Yes.", ".html")


# Answers


@pytest.mark.parametrize(
    ("markdown", "speech"),
    [
        ("You need:\n\n- Vinegar\n- Water\n- A cloth", "The guide says: you need: vinegar, water, and a cloth."),
        ("- Tea.\n- Rest.", "The guide says: tea, and rest."),
        ("1. Unplug it.\n2. Wait a day.", "The guide says: first, unplug it. Second, wait a day."),
        ("| Day | Open |\n|-|-|\n| Monday | 9-5 |", "The guide says: Monday: 9 to 5."),
        ("Wait 3–5 days — or more…", "The guide says: wait 3 to 5 days, or more."),
        ("Ask Mr. Smith.[1] See [here](https://example.org/a).", "The guide says: ask Mr. Smith. See here."),
        ("The guide says so.", "The guide says so."),
        ("NASA did. I too.", "The guide says: NASA did. I too."),
        ("Bend the knees7.", "The guide says: bend the knees."),
        ("`code` and **bold** and <b>tags</b>.", "The guide says: code and bold and tags."),
        ("It is open; come in.", "The guide says: it is open. Come in."),
    ],
)
def test_answers_are_made_to_be_spoken(markdown: str, speech: str) -> None:
    assert spoken(read(f"## One?\n{markdown}\n\n## Two?\nNo."), "One?") == speech


def test_long_answers_go_on_when_asked_for_more() -> None:
    faq = read("## One?\n" + " ".join(f"This is sentence {n}." for n in range(1, 8)) + "\n## Two?\nNo.")
    first = faq.questions[0]
    assert len(first.answer) == SPOKEN_AT_ONCE
    assert first.more[0] == "The guide says: this is sentence 5."
    assert len(first.more) == 3


# Bytes


@pytest.mark.parametrize(
    "data",
    [
        "\ufeff## Café?\r\nOui.\r\n".encode(),
        "## Café?\nOui.\n".encode("utf-16"),
        "## Café?\nOui.\n".encode("cp1252"),
        "## Café?\rOui.".encode(),
        "## Café?\nOu".encode() + b"\xff" + b"i.",
    ],
)
def test_odd_bytes_are_read(data: bytes) -> None:
    assert spoken(read(text_of(data)), "Café?") == "The guide says: oui."


@pytest.mark.parametrize("data", [b"%PDF-1.7 x", b"PK\x03\x04abc", b"a\0b", bytes(range(1, 32)) * 9])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(NotTextError):
        text_of(data)


# The pack


@pytest.mark.parametrize("name", ["kettle.md", "library.html", "choir.txt"])
def test_the_pack_is_one(name: str) -> None:
    faq = of_file(name)
    guide = parse_pack(pack_files(faq, name))
    assert guide.title == faq.title
    assert [entry.question for entry in guide.entries.values()] == asked(faq)
    forms: set[str] = set()
    for entry, question in zip(guide.entries.values(), faq.questions, strict=True):
        assert tuple(sentence.text for sentence in entry.answer) == question.answer
        assert tuple(sentence.text for sentence in entry.more) == question.more
        own = {normal_form(way) for way in entry.ways}
        assert len(own) == len(entry.ways) > 10
        assert not own & forms, "a way of asking that leads to two entries"
        forms |= own


def test_the_files_say_that_the_asks_are_to_be_edited() -> None:
    files = pack_files(of_file("kettle.md"), "kettle.md")
    assert "edit them" in files["entries/descale-kettle.md"]
    assert "kettle.md" in files["README.md"]
    assert "vocabulary.yaml" in files


def test_ids_and_titles_differ_and_are_file_names() -> None:
    faq = read("".join(f"## {q}?\nYes.\n\n" for q in ["How do I do it", "Can I do it", "../../etc: #1", "Do it"]))
    guide = parse_pack(pack_files(faq, "a\nb: c"))
    assert len(guide.entries) == 4
    assert len({entry.title for entry in guide.entries.values()}) == 4
    assert all(name.replace("-", "").isalnum() for name in guide.entries)


@pytest.mark.parametrize("text", ["yes", "no", "null", "12", "- a: [b]", "'quoted\" #x", "{a}", "Größe & Maß"])
def test_whatever_the_words_are_the_pack_can_be_read(text: str) -> None:
    faq = read_faq(f"Q: {text} one?\nA: {text} {{x}} [guide] two\n", ".txt", text)
    guide = parse_pack(pack_files(faq, text))
    assert [entry.answer[0].text for entry in guide.entries.values()] == [faq.questions[0].answer[0]]


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("How do I descale my kettle?", "how to descale your kettle"),
        ("Can I bring my dog?", "whether you can bring your dog"),
        ("What are the opening hours?", "the opening hours"),
        ("What should I do if the lid sticks?", "what to do if the lid sticks"),
        ("Opening hours", "opening hours"),
    ],
)
def test_titles_can_be_said_after_did_you_mean(question: str, title: str) -> None:
    assert title_of(question) == title
