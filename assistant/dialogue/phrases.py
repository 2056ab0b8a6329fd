"""The product's own spoken texts, by key, from ``content/product`` and ``content/safety``."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.errors import WrongInputError
from assistant.language import sentences_of

REQUIRED: Final[frozenset[str]] = frozenset(
    [
        "attribution",
        "spotted",
        "spotted_alone",
        "heard_in_routine",
        "greeting",
        "greeting_typed",
        "disclaimer_first_use",
        "listening_again",
        "not_heard",
        "unknown",
        "unknown_near",
        "clarify",
        "clarify_three",
        "more_offer",
        "no_more",
        "nothing_to_repeat",
        "paused",
        "resumed",
        "slower",
        "faster",
        "louder",
        "quieter",
        "at_slowest",
        "at_fastest",
        "at_loudest",
        "at_quietest",
        "help",
        "nothing_running",
        "routine_offer",
        "routine_begin",
        "routine_needs",
        "less_time",
        "used_up",
        "routine_over",
        "routine_stopped",
        "skipped",
        "say_off",
        "reminder",
        "paused_unheard",
        "say_next",
        "check_in",
        "cue_half",
        "cue_left",
        "which_one",
        "already_paused",
        "routine_paused",
        "pad_meanwhile",
        "runs_already",
        "pad_off_ack",
        "which_step",
        "routine_help",
        "time_is_up",
        "held_for",
        "no_set_time",
        "not_begun",
        "left_paused",
        "start_again",
        "start_beside",
        "start_instead",
        "no_time_to_add",
        "at_limit",
        "at_limit_off",
        "break_limit",
        "time_added",
        "added_to_limit",
        "guide_says",
        "limit_will_be",
        "still_paused",
        "off_in_pause",
        "pad_goes_on",
        "if_it_is_on",
        "unknown_in_routine",
        "not_forgotten",
        "other_guide",
        "carrying_on",
        "too_little_left",
        "time_taken",
        "time_will_be",
        "away_unknown",
        "away_moment",
        "away",
        "shall_we_go_on",
        "was_at",
        "still_runs",
        "was_paused",
        "ended_unknown",
        "ended_meanwhile",
        "voice_changed",
        "cadence_quiet",
        "cadence_normal",
        "cadence_often",
        "tick_on",
        "tick_off",
        "forgotten",
        "yes_to_what",
        "no_ack",
        "microphone_lost",
        "microphone_back",
        "speaker_lost",
        "speaker_back",
        "voice_failed",
        "recogniser_restarted",
        "wake_ack",
        "after_flag",
        "stop_ack",
        "wait_ack",
        "nothing_more",
        "offer_entry",
        "choose_first",
        "choose_second",
        "choose_third",
        "choose_last",
        "choose_both",
        "choose_neither",
        "choose_again",
        "neither_ack",
        "cleared",
        "cleared_ack",
        "not_a_clear_answer",
        "safety_no",
        "safety_unclear",
        "safety_unheard",
        "safety_dropped",
        "safety_first",
    ]
)


class MissingPhraseError(WrongInputError):
    """The content lacks texts that the dialogue says."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"content/product/phrases.yaml lacks: {', '.join(sorted(missing))}.")


@dataclass(frozen=True, slots=True)
class Script:
    """A fixed text of the safety layer, with its source."""

    sentences: tuple[str, ...]
    source: str


class Phrases:
    """Looks up what to say. Variants are taken in turn, so that the same words don't wear out."""

    def __init__(self, product: Mapping[str, Sequence[str] | str], scripts: Mapping[str, Script]) -> None:
        """Take the texts.

        Raises:
            MissingPhraseError: a phrase that the dialogue needs isn't there.
        """
        self._product = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in product.items()}
        self._scripts = dict(scripts)
        missing = REQUIRED - self._product.keys()
        if missing:
            raise MissingPhraseError(sorted(missing))

    def __contains__(self, key: str) -> bool:
        return key in self._product

    def say(self, key: str, turn: int = 0, /, **slots: str) -> tuple[str, ...]:
        """Return the sentences of phrase ``key``; ``turn`` picks the variant, ``slots`` fill the gaps."""
        variants = self._product[key]
        variant = variants[turn % len(variants)]
        text = string.Formatter().vformat(variant, (), slots)
        if variant.startswith("{"):
            text = text[:1].upper() + text[1:]
        return tuple(sentences_of(text))

    def variants(self, key: str) -> tuple[str, ...]:
        """Return all variants of a phrase as they are written."""
        return self._product[key]

    def script(self, key: str, heard: str) -> tuple[str, ...]:
        """Return a safety script; the person's own words fill its gap. Without any the sentence is left out."""
        sentences = [s for s in self._scripts[key].sentences if heard or "{heard}" not in s]
        return tuple(sentence.replace("{heard}", heard) for sentence in sentences)

    def has_script(self, key: str) -> bool:
        """Return whether there is a script of that name."""
        return key in self._scripts
