"""Lint of routines: what is counted is what is said, and both are the guide's figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from assistant.guide.lint_facts import seconds_in
from assistant.guide.lint_finding import Finding, error
from assistant.guide.lint_places import is_disowned, routine_file, texts_of_step
from assistant.guide.model import Guide, Routine, Step, StepKind
from assistant.language import sentences_of

_COUNTED: Final = frozenset({StepKind.TIMED, StepKind.BREAK})


def check_routines(guide: Guide) -> Iterator[Finding]:
    """Find steps whose counted seconds aren't the figures of their facts, or aren't what they say."""
    for routine in guide.routines.values():
        for step in routine.steps:
            for check, what in _problems(step, routine, guide):
                yield error(check, routine_file(routine.id), f"step {step.id}", what)
    for entry in guide.entries.values():
        if entry.routine is not None and entry.routine not in guide.routines:
            yield error("no-routine", f"entries/{entry.id}.md", "routine", f"there is no routine '{entry.routine}'")


def _problems(step: Step, routine: Routine, guide: Guide) -> Iterator[tuple[str, str]]:
    if step.kind in _COUNTED and step.seconds is None:
        yield "step-without-seconds", f"is {step.kind.value} and has no seconds"
    if step.kind not in _COUNTED and (step.seconds is not None or step.extend_to is not None):
        yield "step-with-seconds", f"is {step.kind.value}, so it can't have seconds"
    yield from _against_facts(step, guide)
    yield from _against_words(step, routine, guide)
    yield from _check_in(step, guide)
    if any(second >= (step.seconds or 0) for second in step.skin_checks):
        yield "late-skin-check", "a check of the skin comes after its end"


def _against_facts(step: Step, guide: Guide) -> Iterator[tuple[str, str]]:
    if step.seconds is None:
        return
    allowed = sorted(
        seconds_in(figure for name in step.facts if name in guide.facts for figure in guide.facts[name].figures)
    )
    if not allowed:
        yield "seconds-invented", f"counts {step.seconds:g} seconds, and no fact of it has a length of time"
        return
    limits = " or ".join(f"{figure:g}" for figure in allowed)
    if step.seconds != allowed[0]:
        yield "seconds-invented", f"counts {step.seconds:g} seconds; its facts begin at {allowed[0]:g}"
    if step.extend_to is not None and (step.extend_to != allowed[-1] or step.extend_to <= step.seconds):
        yield "seconds-invented", f"may be extended to {step.extend_to:g} seconds; its facts have {limits}"


def _against_words(step: Step, routine: Routine, guide: Guide) -> Iterator[tuple[str, str]]:
    own = [s for text in texts_of_step(step) for s in sentences_of(text) if not is_disowned(s, guide)]
    said = seconds_in(own)
    counted = {figure for figure in (step.seconds, step.extend_to) if figure is not None}
    if step.seconds is not None and step.seconds not in seconds_in(step.say):
        yield "seconds-not-said", f"counts {step.seconds:g} seconds and doesn't say so"
    for other in sorted(said - counted):
        yield "seconds-not-counted", f"says {other:g} seconds, which it doesn't count"
    if step.extend_to is not None and not _offered(step.extend_to, routine, guide):
        yield "seconds-not-said", f"may be extended to {step.extend_to:g} seconds, and the routine never says so"


def _offered(seconds: float, routine: Routine, guide: Guide) -> bool:
    """Return whether the routine's texts state a length, its unit said or left out ("or up to 60 if you like")."""
    texts = [*routine.describe, *(text for step in routine.steps for text in step.say)]
    own = " ".join(s for text in texts for s in sentences_of(text) if not is_disowned(s, guide))
    if seconds in seconds_in([own]):
        return True
    bare = seconds if seconds < 2 * 60 else seconds / 60
    return re.search(rf"\b{bare:g}\b", own) is not None


def _check_in(step: Step, guide: Guide) -> Iterator[tuple[str, str]]:
    if step.check_in is None:
        return
    if step.kind is not StepKind.OPEN_ENDED:
        yield "check-in", f"is {step.kind.value}: only an open-ended step checks in"
    announced = [s for text in step.say for s in sentences_of(text) if is_disowned(s, guide)]
    if step.check_in not in seconds_in(announced):
        yield "check-in", f"checks in every {step.check_in:g} seconds without saying that this isn't the guide's figure"
