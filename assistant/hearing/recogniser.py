"""The recognisers: an open one and one that knows only a grammar, on one shared `vosk.Model`.

Everything here belongs to one thread: libvosk aborts the process when two threads share a recogniser.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Final

import vosk

from assistant.errors import MissingPartError
from assistant.hearing.events import Hypothesis, Word

SAMPLE_RATE: Final = 16_000
ALTERNATIVES: Final = 5
"""Readings asked for: past five they differ in one small word."""
LIKELIHOOD_SCALE: Final = 0.35
"""Recognisers overrate the differences between readings, for frames are not independent; this flattens them."""
UNKNOWN: Final = "[unk]"
"""Without it in the grammar every sound becomes one of its phrases."""

vosk.SetLogLevel(-2)


class UnusableModelError(MissingPartError):
    """A model folder that libvosk refuses."""


class _Model(vosk.Model):  # type: ignore[misc]
    """vosk's model, whose end makes no noise on stderr where its making failed or was broken off."""

    _handle: Any = None

    def __del__(self) -> None:
        if self._handle is not None:
            super().__del__()


class SpeechModel:
    """A loaded model and its vocabulary. Loading takes about half a second and some 130 MB."""

    def __init__(self, folder: str, time_scale: float = 1.0) -> None:
        """Load ``folder``. ``time_scale`` corrects word times of models whose frames aren't 30 ms.

        Raises:
            UnusableModelError: libvosk can't make a model of the folder.
        """
        self.time_scale = time_scale
        try:
            self._model = _Model(folder)
        except Exception as fault:
            raise UnusableModelError(
                f"The speech model in {folder} can't be loaded ({fault}).\n"
                "Run: marigold models verify, or choose another with --model."
            ) from fault

    def knows(self, word: str) -> bool:
        """Return whether the recogniser can write ``word``."""
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def open_recogniser(self, *, alternatives: int = ALTERNATIVES) -> Recogniser:
        """Return a recogniser of the whole vocabulary."""
        return Recogniser(self._make(None), self.time_scale, alternatives=alternatives)

    def grammar_recogniser(self, phrases: Sequence[str]) -> Recogniser | None:
        """Return a recogniser of ``phrases`` and of "something else"; None where no phrase can be heard."""
        known = sorted({p for p in phrases if p.split() and all(self.knows(word) for word in p.split())})
        if not known:
            return None
        grammar = json.dumps([*known, UNKNOWN], ensure_ascii=False)
        return Recogniser(self._make(grammar), self.time_scale, alternatives=0)

    def _make(self, grammar: str | None) -> Any:  # noqa: ANN401 - vosk has no types
        try:
            if grammar is None:
                return vosk.KaldiRecognizer(self._model, SAMPLE_RATE)
            return vosk.KaldiRecognizer(self._model, SAMPLE_RATE, grammar)
        except Exception as fault:
            raise UnusableModelError(f"The speech model is damaged: {fault}. Run: marigold models verify") from fault


class Recogniser:
    """One recogniser for one utterance after another."""

    def __init__(self, recogniser: Any, time_scale: float, *, alternatives: int) -> None:  # noqa: ANN401
        self._recogniser = recogniser
        self._time_scale = time_scale
        self._alternatives = alternatives
        self._done: list[tuple[Hypothesis, ...]] = []
        self._words: list[Word] = []
        self._fed = 0.0
        self._base = 0.0
        """How much was fed when libvosk's front end began anew: its raw times count from there, scaled."""
        self._origin = 0.0
        """When the sound fed at ``_base`` came in the stream (s)."""
        self._running = False
        recogniser.SetMaxAlternatives(alternatives)
        recogniser.SetWords(True)  # noqa: FBT003 - vosk's interface

    def begin(self, at: float) -> None:
        """Say that the sound that comes next began at ``at`` (s): word times count from there."""
        self._origin = at - (self._fed - self._base)

    def accept(self, sound: bytes) -> None:
        """Take 16-bit mono samples at 16 kHz. The model's own end-pointing only closes a segment."""
        self._fed += len(sound) / 2 / SAMPLE_RATE
        self._running = not self._recogniser.AcceptWaveform(sound)
        if not self._running:
            self._keep(json.loads(self._recogniser.Result()))

    def partial(self) -> str:
        """Return what is heard so far, closed segments included."""
        now = json.loads(self._recogniser.PartialResult()).get("partial", "")
        before = [readings[0].text for readings in self._done if readings]
        return " ".join(part for part in (*before, now) if part)

    def final(self) -> tuple[Hypothesis, ...]:
        """Flush, and return the readings of all that was accepted since the last `final`, best first."""
        self._keep(json.loads(self._recogniser.FinalResult()))
        if self._running:  # only then libvosk begins anew; a segment that it closed itself goes on
            self._origin += self._fed - self._base
            self._base = self._fed
            self._running = False
        self._recogniser.Reset()
        segments, self._done = [s for s in self._done if s], []
        return join(segments)

    def words(self) -> tuple[Word, ...]:
        """Return the words of the last utterances with times, and forget them."""
        words, self._words = tuple(self._words), []
        return words

    def reset(self) -> None:
        """Forget what was accepted."""
        self.final()
        self._words = []

    def _keep(self, result: dict[str, Any]) -> None:
        if "alternatives" not in result:
            self._done.append((Hypothesis(result["text"], 1.0),) if result.get("text") else ())
            self._keep_words(result.get("result", []))
            return
        found = [a for a in result["alternatives"] if a["text"].strip()]
        if not found:
            return
        best = max(found, key=lambda a: a["confidence"])
        self._keep_words(best.get("result", []))
        weights = [math.exp(LIKELIHOOD_SCALE * (a["confidence"] - best["confidence"])) for a in found]
        total = sum(weights)
        readings = (Hypothesis(" ".join(a["text"].split()), w / total) for a, w in zip(found, weights, strict=True))
        self._done.append(tuple(sorted(readings, key=lambda h: -h.weight)))

    def _keep_words(self, words: list[dict[str, Any]]) -> None:
        """Keep words with stream times: libvosk counts frames of 30 ms from where its front end began."""

        def at(raw: float) -> float:
            return self._origin + (raw - self._base) * self._time_scale

        self._words += [Word(w["word"], at(w["start"]), at(w["end"]), float(w.get("conf", 1.0))) for w in words]


def join(segments: Sequence[tuple[Hypothesis, ...]], most: int = ALTERNATIVES) -> tuple[Hypothesis, ...]:
    """Return the readings of segments said one after another, best first, at most ``most``."""
    joined: tuple[Hypothesis, ...] = ()
    for segment in segments:
        if not segment:
            continue
        if not joined:
            joined = segment
            continue
        pairs = [Hypothesis(f"{a.text} {b.text}", a.weight * b.weight) for a in joined for b in segment]
        pairs = sorted(pairs, key=lambda h: -h.weight)[:most]
        total = sum(h.weight for h in pairs) or 1.0
        joined = tuple(Hypothesis(h.text, h.weight / total) for h in pairs)
    return joined[:most]
