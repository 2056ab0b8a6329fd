"""One utterance, one answer, outside of a conversation: what ``marigold ask`` and its JSON give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.content import Content
from assistant.dialogue.actions import Say
from assistant.dialogue.advance import Dialogue
from assistant.dialogue.events import Understood
from assistant.dialogue.state import State
from assistant.guide.model import Layer
from assistant.understanding.interpret import Weighted
from assistant.understanding.meaning import Context, Meaning


@dataclass(frozen=True, slots=True)
class Reply:
    """What was understood and what is said to it."""

    meaning: Meaning
    sentences: tuple[str, ...]
    source: Layer

    def as_json(self, ref: object = None) -> dict[str, Any]:
        """Return the object of the command-line contract; its keys are fixed."""
        meaning = self.meaning
        return {
            "ref": ref,
            "heard": meaning.heard,
            "kind": meaning.kind.value,
            "id": meaning.id,
            "tier": meaning.tier,
            "score": round(meaning.score, 3),
            "choices": list(meaning.choices),
            "speech": " ".join(self.sentences),
            "source": self.source.value,
        }


def error_json(ref: object, heard: str, message: str) -> dict[str, Any]:
    """Return the contract's object for an input that can't be used."""
    return {
        "ref": ref,
        "heard": heard,
        "kind": "error",
        "id": None,
        "tier": None,
        "score": 0.0,
        "choices": [],
        "speech": message,
        "source": Layer.PRODUCT.value,
    }


def reply_to(content: Content, hypotheses: Sequence[Weighted | str], context: Context = Context.IDLE) -> Reply:
    """Understand one utterance (its readings, best first) and return the reply to it."""
    meaning = content.interpreter.interpret(hypotheses, context)
    _, actions = Dialogue(content.guide, content.phrases).advance(State(), Understood(meaning, typed=True), now=0.0)
    said = next((action for action in actions if isinstance(action, Say)), None)
    if said is None:
        return Reply(meaning, (), Layer.PRODUCT)
    return Reply(meaning, said.sentences, said.source)
