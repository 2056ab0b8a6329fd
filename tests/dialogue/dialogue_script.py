"""Conversations written as scripts: what happens at which time, and what is done about it.

The small guide and the phrases here name themselves, so that a test shows which text is said, not how it is worded.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from assistant.dialogue.actions import (
    Action,
    DropCues,
    Forget,
    GoOn,
    Hold,
    Say,
    SayAt,
    SetVoice,
    Silence,
    SoftTick,
    WakeAt,
)
from assistant.dialogue.advance import Dialogue
from assistant.dialogue.events import Event, SpeechEnded, Tick, Understood
from assistant.dialogue.phrases import REQUIRED, Phrases, Script
from assistant.dialogue.state import State
from assistant.guide.model import Entry, Guide, Layer, Routine, Sentence, Step, StepKind, Unanswered
from assistant.understanding.meaning import Kind, Meaning, Reason

PHRASES = Phrases(
    {
        **{key: f"{key}." for key in REQUIRED},
        "attribution": "The guide says.",
        "clarify": "clarify {a} or {b}?",
        "clarify_three": "clarify {a}, {b} or {c}?",
        "offer_entry": "offer_entry {title}?",
        "wake_ack": ["wake_ack one.", "wake_ack two."],
        "choose_first": ["the first", "the first one", "either"],
        "choose_second": ["the second", "the second one", "second one"],
        "choose_third": ["the third one"],
        "choose_last": ["the last one"],
        "choose_both": ["both"],
        "choose_neither": ["neither", "something else"],
        "cleared": ["i have been checked", "you misheard me"],
        "not_a_clear_answer": ["okay", "i am fine", "not really"],
    },
    {
        "E": Script(("E call now.", "Tell them: {heard}.", "E I can't call."), "test"),
        "U": Script(("U see somebody today.",), "test"),
        "D": Script(("D see somebody.",), "test"),
        "ASK": Script(("ASK any of these?",), "test"),
    },
)


def _sentence(text: str, layer: Layer = Layer.GUIDE, facet: str | None = None) -> Sentence:
    return Sentence(text=text, layer=layer, facet=facet)


GUIDE = Guide(
    id="small",
    title="A small guide",
    attribution="the guide",
    entries={
        "heat": Entry(
            id="heat",
            title="heat for a spasm",
            question="does heat help",
            routine="pad",
            answer=(
                _sentence("The guide says heat helps."),
                _sentence("Keep it on for 15 minutes.", facet="how-long"),
                _sentence("Note: not when swollen.", Layer.SAFETY, facet="does-it-hurt"),
            ),
            more=(_sentence("The guide says more on heat."), _sentence("Note: use a cloth.", Layer.SAFETY)),
        ),
        "massage": Entry(
            id="massage",
            title="massage for a spasm",
            question="does massage help",
            answer=(_sentence("The guide says massage helps."),),
        ),
        "sleep": Entry(
            id="sleep",
            title="how to sleep",
            question="how do i sleep",
            answer=(_sentence("The guide says sleep on your side."),),
        ),
    },
    routines={
        "pad": Routine(
            id="pad",
            title="the pad",
            describe=("Pad: 15 minutes.",),
            before=("Note: wrap it.",),
            steps=(
                Step(id="on", say=("Put it on.", "A note, not from the guide: look at it."), kind=StepKind.UNTIMED),
            ),
        )
    },
    unanswered={
        "pills": Unanswered(
            id="pills", title="pills", asks=("which pill",), speech="Nothing on pills.", safety="Note: ask."
        ),
        "pets": Unanswered(id="pets", title="pets", asks=("my cat",), speech="Nothing on pets."),
    },
)
SMALL = Dialogue(GUIDE, PHRASES)


def command(name: str, heard: str = "", *, addressed: bool = False) -> Understood:
    return Understood(Meaning(Kind.COMMAND, id=name, heard=heard or name, addressed=addressed))


def question(entry: str, facet: str | None = None, *, addressed: bool = False) -> Understood:
    return Understood(Meaning(Kind.ANSWER, id=entry, heard=f"about {entry}", facet=facet, addressed=addressed))


def words(heard: str, *likely: tuple[str, float], left_open: str | None = None, addressed: bool = False) -> Understood:
    """Words that were not understood; ``likely`` are the labels that came nearest."""
    reasons = tuple(Reason(label, score, "") for label, score in likely)
    return Understood(Meaning(Kind.UNKNOWN, id=left_open, heard=heard, reasons=reasons, addressed=addressed))


def either(*choices: str) -> Understood:
    return Understood(Meaning(Kind.CLARIFY, heard="a spasm", choices=choices))


def flag(name: str, tier: str, heard: str = "my words", evidence: tuple[str, ...] = ()) -> Understood:
    script = tier if tier in ("E", "U", "D", "ASK") else "U"
    return Understood(Meaning(Kind.RED_FLAG, id=name, tier=tier, script=script, heard=heard, evidence=evidence))


WAKE = Understood(Meaning(Kind.SILENCE, heard="hey marigold", addressed=True))
NOISE = Understood(Meaning(Kind.SILENCE))


def typed(event: Understood) -> Understood:
    return replace(event, typed=True)


@dataclass
class Talk:
    """A conversation as it goes on; ``at`` gives what is done, one line an action."""

    dialogue: Dialogue = SMALL
    state: State = field(default_factory=State)
    said: list[Say] = field(default_factory=list)

    def at(self, time: float, event: Event) -> list[str]:
        self.state, actions = self.dialogue.advance(self.state, event, time)
        self.said += [action for action in actions if isinstance(action, Say)]
        return [_written(action) for action in actions]

    def ends(self, time: float, *, after: int | None = None) -> list[str]:
        """What is being said ends: all of it, or after so many sentences."""
        spoken = self.state.speaking
        assert spoken is not None, "nothing is being said"
        done = len(spoken.sentences) if after is None else after
        return self.at(time, SpeechEnded(spoken.utterance, finished=after is None, sentences_done=done))

    def passes(self, time: float) -> list[str]:
        return self.at(time, Tick())

    def ignores(self, time: float, event: Event) -> bool:
        """Return whether ``event`` changes nothing and nothing is done about it."""
        before = self.state
        return self.at(time, event) == [] and self.state == before


def listening(dialogue: Dialogue = SMALL, **changes: object) -> Talk:
    """A conversation in which words are taken without the wake phrase until 1000 s."""
    return Talk(dialogue, replace(State(attentive_until=1000.0), **changes))  # type: ignore[arg-type]


def _written(action: Action) -> str:
    if isinstance(action, Say):
        return f"{action.source.value}: {action.text}"
    if isinstance(action, SetVoice):
        return f"voice {action.rate} {action.volume}"
    if isinstance(action, WakeAt):
        return f"wake at {action.time:g}"
    if isinstance(action, SayAt):
        return f"at {action.at:g}: {action.text}"
    if isinstance(action, SoftTick):
        return f"tick at {action.at:g}"
    if isinstance(action, DropCues):
        return "drop cues" if action.begun else "drop coming cues"
    return {Forget: "forget", Silence: "silence", Hold: "hold", GoOn: "go on"}[type(action)]
