"""Lint of ways of asking: enough of them, each leading to one place, in words that can be heard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz, process

from assistant.guide.lint_finding import Finding, error, warning
from assistant.guide.lint_places import UNANSWERED, entry_file, routine_file
from assistant.guide.model import Guide
from assistant.language import normal_form, words_of

MIN_WAYS: Final = 25
"""Ways of asking that an entry needs. With fewer the matcher knows the document's words and not people's."""
NEAR: Final = 95.0
"""rapidfuzz token_sort_ratio from which two ways of asking are all but the same: a short word or an ending apart.
Below it, ways that rightly lead to different places would be named: heat and ice "for a tight muscle" have 89."""
_form = lru_cache(maxsize=20_000)(normal_form)  # each line is looked at by several checks
ANSWERS_TO_QUESTIONS: Final = frozenset({"command yes", "command no"})
"""They count only where a question was asked, and win there: what else their words mean elsewhere is no clash."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way of asking or commanding, and what it leads to."""

    file: str
    owner: str
    """What it leads to, such as "entry calm-a-spasm" or "command stop"."""
    line: str


def ways_of(guide: Guide, commands: Mapping[str, Iterable[str]]) -> list[Way]:
    """Return all ways of asking of the guide and its routines, and of saying a command."""
    found = [Way(entry_file(e.id), f"entry {e.id}", line) for e in guide.entries.values() for line in e.ways]
    for routine in guide.routines.values():
        lines = (line for batch in routine.asks.values() for line in batch)
        found += [Way(routine_file(routine.id), f"routine {routine.id}", line) for line in lines]
    found += [Way(UNANSWERED, f"unanswered {u.id}", line) for u in guide.unanswered.values() for line in u.asks]
    found += [Way("product/commands.yaml", f"command {name}", x) for name, lines in commands.items() for x in lines]
    return found


def check_asks(
    guide: Guide,
    knows: Callable[[str], bool] | None,
    commands: Mapping[str, Iterable[str]],
    wake: Iterable[str],
    off_topic: Iterable[str],
) -> Iterator[Finding]:
    """Find entries with too few ways of asking, ways that lead to two places, and words that can't be heard."""
    yield from _counts(guide)
    ways = ways_of(guide, commands)
    refused = [Way("product/off_topic.yaml", "off-topic", line) for line in (*off_topic, *guide.off_topic)]
    yield from _doubles(guide)
    yield from _collisions([*ways, *refused])
    if knows is not None:
        wakes = [Way("wake phrase", "wake phrase", line) for line in wake]
        yield from _unheard([*ways, *wakes], knows)


GENERATED: Final = "generated"
"""The batch that an import writes, there to be edited."""


def _counts(guide: Guide) -> Iterator[Finding]:
    for entry in guide.entries.values():
        count = len({_form(line) for line in entry.ways})
        if count < MIN_WAYS:
            generated = set(entry.asks) <= {GENERATED}
            make = warning if generated else error
            yield make("few-ways", entry_file(entry.id), "asks", f"has {count} ways of asking; {MIN_WAYS} are needed")


def _doubles(guide: Guide) -> Iterator[Finding]:
    """Find lines that stand twice in one list. The document's own question may stand among the ways as well."""
    lists = [(entry_file(e.id), "asks", _joined(e.asks)) for e in guide.entries.values()]
    lists += [(routine_file(r.id), "asks", _joined(r.asks)) for r in guide.routines.values()]
    lists += [(UNANSWERED, u.id, u.asks) for u in guide.unanswered.values()]
    for file, place, lines in lists:
        seen: dict[str, str] = {}
        for line in lines:
            normal = _form(line)
            if normal in seen:
                same = " twice" if line == seen[normal] else f", which counts the same as '{seen[normal]}'"
                yield warning("double", file, place, f"has '{line}'{same}")
            seen.setdefault(normal, line)


def _joined(asks: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(line for batch in asks.values() for line in batch)


def _collisions(ways: Iterable[Way]) -> Iterator[Finding]:
    by_form: dict[str, dict[str, Way]] = defaultdict(dict)
    for way in ways:
        by_form[_form(way.line)].setdefault(way.owner, way)
    for owners in by_form.values():
        clashing = [way for way in owners.values() if way.owner not in ANSWERS_TO_QUESTIONS]
        for other in clashing[1:]:
            first = clashing[0]
            yield error("collision", first.file, first.owner, f"'{first.line}' leads to {other.owner} as well")
    yield from _near(by_form)


def _near(by_form: Mapping[str, Mapping[str, Way]]) -> Iterator[Finding]:
    # Sorted once here: the ratio of sorted words is the token sort ratio, and comparing all with all stays quick.
    forms = [form for form in by_form if form]
    sorted_words = [" ".join(sorted(form.split())) for form in forms]
    scores = process.cdist(sorted_words, sorted_words, scorer=fuzz.ratio, score_cutoff=NEAR)
    for row, column in zip(*scores.nonzero(), strict=True):
        if row >= column:
            continue
        one = next(iter(by_form[forms[row]].values()))
        two = next(iter(by_form[forms[column]].values()))
        if one.owner != two.owner:
            yield warning(
                "near", one.file, one.owner, f"'{one.line}' is all but the same as '{two.line}' of {two.owner}"
            )


def _unheard(ways: Iterable[Way], knows: Callable[[str], bool]) -> Iterator[Finding]:
    lines: dict[str, list[Way]] = defaultdict(list)
    for way in ways:
        for word in dict.fromkeys(words_of(way.line)):
            # "back's" is heard as "backs" or "back is", which normal form opens it to.
            if not any(sign.isdigit() for sign in word) and not knows(word) and not knows(word.removesuffix("'s")):
                lines[word].append(way)
    for word, found in sorted(lines.items()):
        count = "once" if len(found) == 1 else f"in {len(found)} lines"
        yield warning(
            "unheard",
            found[0].file,
            found[0].owner,
            f"the speech model can't hear '{word}', used {count}: '{found[0].line}'",
        )
