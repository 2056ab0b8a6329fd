"""Whole conversations in the content that ships: what is heard, what it means, what is said."""

from __future__ import annotations

import pytest
from dialogue_script import Talk

from assistant.content import Content, load_content
from assistant.dialogue.advance import Dialogue
from assistant.dialogue.events import Started, Understood
from assistant.dialogue.state import OfferQuestion, SafetyQuestion, State
from assistant.guide.model import Layer
from assistant.understanding.meaning import Kind, Meaning


@pytest.fixture(scope="module")
def content() -> Content:
    return load_content()


class Person:
    """Somebody who talks to the assistant and hears it out."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self.talk = Talk(Dialogue(content.guide, content.phrases), State())
        self.now = 0.0
        self.talk.at(0.0, Started(first_use=True))
        self.listens()

    def says(self, heard: str) -> str:
        """Say something; return what is said to it, or the other things that are done."""
        self.now += 3.0
        meaning = self._content.interpreter.interpret([heard], self.talk.state.context())
        done = self.talk.at(self.now, Understood(meaning))
        return " ".join(done)

    def listens(self) -> None:
        if self.talk.state.speaking is not None:
            self.now += 5.0
            self.talk.ends(self.now)


def test_it_says_once_that_it_is_no_doctor(content: Content) -> None:
    person = Person(content)
    assert "not a doctor" in person.talk.said[0].text
    assert "hey marigold" in person.talk.said[0].text.lower()


def test_an_answer_is_followed_by_the_steps_of_its_routine(content: Content) -> None:
    person = Person(content)
    answer = person.says("does heat help a back spasm")
    assert answer.startswith("guide: The guide")
    assert isinstance(person.talk.state.question, OfferQuestion)
    person.listens()
    assert "20" in person.says("yes please")
    said = person.talk.said[-1]
    assert said.source is Layer.GUIDE
    assert said.said_by(Layer.SAFETY), "the notes of the safety layer are known as such"
    stopped = person.says("stop")
    assert stopped.startswith("silence drop cues at ")
    assert stopped.endswith(": Stopped.")
    assert person.says("repeat that").startswith("guide: ")


def test_the_parts_of_an_answer_are_told_apart(content: Content) -> None:
    for entry in content.guide.entries.values():
        for facet in (None, "how-long", "order", "does-it-hurt", "why", "healing-time", "what-is-it"):
            person = Person(content)
            person.talk.at(9.0, Understood(Meaning(Kind.ANSWER, id=entry.id, facet=facet)))
            said = person.talk.said[-1]
            for note in said.said_by(Layer.GUIDE):
                assert "not from the guide" not in note, entry.id
            assert "guide" in said.sentences[0].lower(), (entry.id, facet)


def test_a_red_flag_over_an_answer_and_taken_back(content: Content) -> None:
    person = Person(content)
    person.says("does heat help a back spasm")
    script = person.says("my legs have gone numb and i can't feel them")
    assert script.startswith("safety: ")
    assert "999, 112 or 911" in script
    assert "my legs have gone numb and i can't feel them" in script
    assert person.says("start the heating pad") == ""
    person.listens()
    refused = person.says("start the heating pad")
    assert refused.startswith("safety: ")
    person.listens()
    assert person.says("you misheard me").startswith("product: ")
    person.listens()
    assert person.says("start the heating pad").startswith("guide: ")


@pytest.mark.parametrize(("answer", "flagged"), [("yes", True), ("no", False)])
def test_somebody_who_cannot_move_is_asked(content: Content, answer: str, flagged: bool) -> None:
    person = Person(content)
    assert person.says("i can't move at all").startswith("safety: ")
    assert isinstance(person.talk.state.question, SafetyQuestion)
    person.listens()
    said = person.says(answer)
    assert said.startswith("safety: ")
    assert ("Call your emergency number now" in said) is flagged
    assert (person.talk.state.flagged is not None) is flagged


@pytest.mark.parametrize(
    ("picked", "place"), [("the first one", 0), ("the second one", 1), ("the second", 1), ("first", 0)]
)
def test_a_choice_is_made_by_its_place(content: Content, picked: str, place: int) -> None:
    person = Person(content)
    choices = ("heat-for-a-spasm", "massage-for-a-spasm")
    person.talk.at(9.0, Understood(Meaning(Kind.CLARIFY, choices=choices)))
    person.now = 9.0
    person.listens()
    person.says(picked)
    assert person.talk.state.last is not None
    assert person.talk.state.last.entry == choices[place]


def test_neither_is_taken_for_neither(content: Content) -> None:
    person = Person(content)
    person.talk.at(9.0, Understood(Meaning(Kind.CLARIFY, choices=("heat-for-a-spasm", "massage-for-a-spasm"))))
    person.now = 9.0
    person.listens()
    assert person.says("neither of them").startswith("product: Okay.")
    assert person.talk.state.question is None


def test_what_the_guide_lacks_is_said_plainly(content: Content) -> None:
    person = Person(content)
    said = person.says("what is the capital of france")
    assert said.startswith("product: ")
    assert "guess" in said
