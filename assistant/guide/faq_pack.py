"""Writes the questions and answers of a document as the files of a content pack (path inside the pack -> text)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Any, Final

import yaml

from assistant.guide.ask_variants import variants_of_all
from assistant.guide.faq import Faq, Question
from assistant.guide.faq_spoken import ATTRIBUTION
from assistant.language import normal_form, speakable, words_of

TITLE_WORDS: Final = 9
"""A title is said in "did you mean A, or B?": two of them must stay in the ear."""
ID_WORDS: Final = 6
_MAX_ID: Final = 60
"""Letters of an id: it is a file name too."""

_ASKS_COMMENT: Final = """\
# Ways of asking, made by rules: edit them. Write how people really ask (short, rambling, in their own words),
# as they would be heard: small letters, numbers as words, no signs. Thirty and more make answers much surer.
"""
_VOCABULARY: Final = """\
# Words and phrases that mean the same for this guide, each list under a name of your choice, for instance:
#   clean: [clean, wash, scrub, rinse, get the dirt off]
# An entry may then say in its front matter that a question must hold one of them, or must not:
#   concepts: {needs: [clean], forbids: []}
concepts: {}
# What speech recognition makes of words of this guide, for instance: {the scaling: descaling}
sound_alikes: {}
"""
_README: Final = """\
# {title}

A content pack for Marigold, made from `{source}` by `marigold content import`. Read it over before you rely on it.

- `entries/`: one file for each question. In its front matter stand the ways of asking (`asks`): those under
  `generated` were made by rules and are there to be edited. Add your own in lists of their own. Below stands the
  answer, one spoken sentence a line; `[guide]` marks what your document says. What stands under `## More` is said
  when somebody asks for more.
- `pack.yaml`: the title, and the entries in order.
- `vocabulary.yaml`: words that mean the same for this guide.
- An `off_topic.yaml` (a list of sentences) may hold what people ask that this guide must not answer.

Check it: `marigold content check DIR`. Talk to it: `marigold --content DIR`.
"""


def pack_files(faq: Faq, source: str, taken: Collection[str] = ()) -> dict[str, str]:
    """Return the files of a pack that says what ``faq`` says.

    ``source`` is the document's name; no generated way of asking is one of ``taken`` (sentences that mean something
    else already, such as commands).
    """
    titles = _titles(faq.questions)
    ids = _ids(titles)
    asks = variants_of_all({name: [q.text, *q.also] for name, q in zip(ids, faq.questions, strict=True)}, taken)
    name = _one_line(source)
    head = {
        "id": slug(faq.title, _MAX_ID) or "guide",
        "title": faq.title,
        "language": "en",
        "attribution": ATTRIBUTION,
        "entries": ids,
    }
    files = {
        "README.md": _README.format(title=faq.title, source=name),
        "pack.yaml": f"# Made from {name} by marigold content import; edit as you like.\n{_yaml(head)}",
        "vocabulary.yaml": _VOCABULARY,
    }
    for entry, title, question in zip(ids, titles, faq.questions, strict=True):
        files[f"entries/{entry}.md"] = _entry(entry, title, question, asks[entry])
    return files


def slug(text: str, letters: int) -> str:
    """Return ``text`` as small letters, digits and hyphens, at most so many, cut between words."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    whole = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return whole if len(whole) <= letters else whole[: letters + 1].rpartition("-")[0] or whole[:letters]


def _entry(name: str, title: str, question: Question, asks: Sequence[str]) -> str:
    head = _yaml({"id": name, "title": title, "question": question.text})
    generated = _yaml({"asks": {"generated": list(asks)}})
    body = "".join(f"{sentence} [guide]\n" for sentence in question.answer)
    if question.more:
        body += "\n## More\n" + "".join(f"{sentence} [guide]\n" for sentence in question.more)
    return f"---\n{head}{_ASKS_COMMENT}{generated}---\n\n{body}"


def _yaml(data: dict[str, Any]) -> str:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=1000)


def _one_line(name: str) -> str:
    return speakable(name).replace("`", "'") or "a document"


# Titles and ids ---------------------------------------------------------------------------------------

_TITLES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), title)
    for pattern, title in (
        (r"^how (?:do|can|should|would|could) (?:i|you|we|one) (.+)$", r"how to \1"),
        (r"^(?:can|may|could|am i allowed to) (?:i|we|you) (.+)$", r"whether you can \1"),
        (r"^(?:should|must) (?:i|we|you) (.+)$", r"whether you should \1"),
        (r"^do (?:i|we|you) (need|have) (.+)$", r"whether you \1 \2"),
        (r"^what (?:is|are) (.+)$", r"\1"),
        (r"^how (often|long) (?:do|can|should) (?:i|you|we) (.+)$", r"how \1 to \2"),
        (r"^what (?:should|do|can) (?:i|you|we) do (if|when) (.+)$", r"what to do \1 \2"),
        (r"^(what|when|where|how|who|why|which) (.+)$", r"\1 \2"),
    )
)
_TO_YOU: Final[dict[str, str]] = {"i": "you", "my": "your", "me": "you", "am": "are", "i'm": "you're", "i've": "you've"}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_DANGLING: Final = _set("a an the of to in on at for from with by and or if when my your is are")
_LEAD: Final = _set("how to whether you can should need have what when where who why which do does is are")
_LITTLE: Final = _DANGLING | _set("your it its be this that there i")


def title_of(question: str) -> str:
    """Return a short title of a question, as it is said in "did you mean A, or B?"."""
    plain = " ".join(words_of(question)) or question
    for pattern, title in _TITLES:
        hit = pattern.match(plain)
        if hit is not None:
            plain = hit.expand(title)
            break
    words = [_TO_YOU.get(word, word) for word in plain.split()]
    if len(words) > TITLE_WORDS:
        words = words[:TITLE_WORDS]
        while len(words) > 1 and words[-1] in _DANGLING:
            words.pop()
    return " ".join(words)


def _titles(questions: Sequence[Question]) -> list[str]:
    titles = [title_of(question.text) for question in questions]
    forms = [normal_form(title) for title in titles]
    return [
        title if forms.count(form) == 1 else question.text.rstrip("?")
        for title, form, question in zip(titles, forms, questions, strict=True)
    ]


def _ids(titles: Sequence[str]) -> list[str]:
    """Return an id for each title: its telling words; a number makes two of the same distinct."""
    ids: list[str] = []
    for title in titles:
        words = words_of(title)
        telling = [word for word in words if word not in _LITTLE and word not in _LEAD] or words
        name = wanted = slug(" ".join(telling[:ID_WORDS]), _MAX_ID) or "question"
        number = 2
        while name in ids:
            name, number = f"{wanted}-{number}", number + 1
        ids.append(name)
    return ids
