import pytest

from assistant.guide.ask_variants import MAX_VARIANTS, variants, variants_of_all
from assistant.language import normal_form

USUAL = [
    "How do I descale my kettle?",
    "How often should I descale it?",
    "How long can I keep a book?",
    "How long does the loan last?",
    "How much does a card cost?",
    "How much does it cost to join?",
    "What does it cost?",
    "How many books can I borrow at once?",
    "Can I borrow a book without a card?",
    "Should I rinse it afterwards?",
    "Do I need to read music?",
    "Is it safe to boil water twice?",
    "What should I do if the lid sticks?",
    "What happens if I lose a book?",
    "Why does my kettle smell of plastic?",
    "What kind of vinegar is best?",
    "What are the opening hours?",
    "When is the library open?",
    "When and where do you rehearse?",
    "Where do I recycle an old kettle?",
    "Who can join the choir?",
    "Does the hall have a piano?",
    "Opening hours in winter",
]


@pytest.mark.parametrize("question", USUAL)
def test_a_usual_question_is_asked_in_ten_ways_or_more(question: str) -> None:
    ways = variants(question)
    forms = [normal_form(way) for way in ways]
    assert 10 <= len(ways) <= MAX_VARIANTS
    assert len(set(forms)) == len(forms), "two ways that count as the same"
    assert normal_form(question) not in forms, "the question itself is no other way of asking it"


@pytest.mark.parametrize("question", USUAL)
def test_ways_are_written_as_they_are_heard(question: str) -> None:
    for way in variants(question):
        assert way == way.lower()
        assert not set(way) - set("abcdefghijklmnopqrstuvwxyz' "), way


@pytest.mark.parametrize(
    ("question", "way"),
    [
        ("How do I descale my kettle?", "how to descale my kettle"),
        ("How do I descale my kettle?", "how can i descale the kettle"),
        ("How do I descale my kettle?", "descale kettle"),
        ("Can I borrow a DVD?", "am i allowed to borrow a dvd"),
        ("Could you please tell me how I can renew my card?", "how to renew my card"),
        ("What are the opening hours?", "what are the opening times"),
        ("How do I organise a party?", "how do i organize a party"),
        ("How do I change a tire?", "how do i change a tyre"),
        ("Can I bring 2 friends?", "is it ok to bring two friends"),
        ("How do I clean it if it leaks?", "if it leaks how do i clean it"),
        ("When and where do you rehearse?", "where do you rehearse"),
        ("How do I contact you?", "how do i get in touch with you"),
    ],
)
def test_rewrites(question: str, way: str) -> None:
    forms = {normal_form(found) for found in variants(question)}
    # The first ways of a rule are combined with other words for the same, where they fit.
    assert normal_form(way) in forms or normal_form(way).replace("the", "my") in forms


@pytest.mark.parametrize("odd", ["", "?", "???", "Why?", "Ünïcödé?", "Что это?", "x" * 5000, "how " * 900])
def test_odd_questions_do_no_harm(odd: str) -> None:
    assert len(variants(odd)) <= MAX_VARIANTS


def test_no_two_entries_share_a_way() -> None:
    ways = variants_of_all(
        {
            "a": ["Can I borrow a film?"],
            "b": ["Am I allowed to borrow a film?"],  # a way of asking the first
            "c": ["How do I borrow a film?"],
        }
    )
    forms = [normal_form(way) for found in ways.values() for way in found]
    assert len(forms) == len(set(forms))
    assert normal_form("am i allowed to borrow a film") not in forms
    assert all(ways.values())


def test_what_is_taken_already_is_left_out() -> None:
    free = variants_of_all({"a": ["How do I start it?"]})["a"]
    left = variants_of_all({"a": ["How do I start it?"]}, taken=["How can I start it?"])["a"]
    assert "how can i start it" in free
    assert [way for way in free if way != "how can i start it"] == left


def test_other_wordings_of_a_question_are_ways_of_asking_it() -> None:
    ways = variants_of_all({"a": ["How long can I keep a book?", "When is my book due back?"]})["a"]
    assert ways[0] == "when is my book due back"
    assert "what time is my book due back" in ways
