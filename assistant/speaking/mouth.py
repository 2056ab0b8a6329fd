"""The mouth: says sentences one after another, tells what it is saying, and falls silent at once.

The first sentence plays as soon as it is made; the others are made while it plays.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from assistant.sound.speaker import Output, Playback, PlaybackState
from assistant.speaking.voice import Speech, SpokenWord, Synthesiser, VoiceSettings

GAP_SECONDS: Final = 0.18
"""Between two sentences, as a calm reader leaves it."""
DUCKED_GAIN: Final = 0.25
REMEMBERED_SECONDS: Final = 30.0
"""How long the words that were played are remembered, to know them again in the microphone."""
LOOK_EVERY: Final = 0.02


@dataclass(frozen=True, slots=True)
class SpeakingBegan:
    """The first sound of an utterance comes out at ``at`` (monotonic clock, s)."""

    utterance_id: str
    at: float


@dataclass(frozen=True, slots=True)
class SentenceBegan:
    """Sentence number ``index`` (from 0) of an utterance begins."""

    utterance_id: str
    index: int


@dataclass(frozen=True, slots=True)
class SpeakingEnded:
    """An utterance has ended: ``finished``, ``stopped``, or ``failed``."""

    utterance_id: str
    how: str
    sentences_done: int


@dataclass(frozen=True, slots=True)
class SpeakerLost:
    """The speaker is gone."""

    reason: str


MouthEvent = SpeakingBegan | SentenceBegan | SpeakingEnded | SpeakerLost


@dataclass(slots=True)
class _Job:
    utterance_id: str
    sentences: tuple[str, ...]
    settings: VoiceSettings
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    speech: Speech
    playback: Playback


class Mouth:
    """Says things through an output, from a thread of its own; a new utterance takes the old one's place."""

    def __init__(self, synthesiser: Synthesiser, output: Output, on_event: Callable[[MouthEvent], None]) -> None:
        self._synthesiser = synthesiser
        self._output = output
        self._on_event = on_event
        self._condition = threading.Condition()
        self._next: _Job | None = None
        self._now: _Job | None = None
        self._closing = False
        self._lines: deque[_Line] = deque(maxlen=64)
        self._lost_told = False
        self._thread = threading.Thread(target=self._run, name="mouth", daemon=True)
        self._thread.start()

    # From any thread -------------------------------------------------------------------------------

    def say(self, utterance_id: str, sentences: Sequence[str], settings: VoiceSettings) -> None:
        """Say ``sentences`` in place of what is being said."""
        job = _Job(utterance_id, tuple(sentences), settings)
        with self._condition:
            self._drop()
            self._next = job
            self._condition.notify_all()

    def stop(self) -> None:
        """Fall silent at once."""
        with self._condition:
            self._drop()
            self._condition.notify_all()

    def pause(self) -> None:
        """Hold what is being said."""
        self._output.pause()

    def resume(self) -> None:
        """Go on with what was held."""
        self._output.resume()

    def duck(self, on: bool) -> None:  # noqa: FBT001 - a switch
        """Speak low for a while, or as before."""
        self._output.gain = DUCKED_GAIN if on else 1.0

    def use(self, output: Output) -> None:
        """Speak through another output from the next sentence on."""
        with self._condition:
            self._drop()
            self._output = output
            self._lost_told = False

    def close(self) -> None:
        """Fall silent and end."""
        with self._condition:
            self._closing = True
            self._drop()
            self._condition.notify_all()
        self._thread.join(5.0)

    def words_played(self, between: tuple[float, float]) -> list[SpokenWord]:
        """Return the words that came out of the speaker in a stretch of the monotonic clock, times on it."""
        first, last = between
        found = []
        for line in list(self._lines):
            began = line.playback.began_at
            if began is None or began > last:
                continue
            out = line.playback.played()
            found += [
                SpokenWord(word.text, began + word.start, began + word.end)
                for word in line.speech.words
                if word.start <= out and first <= began + word.end and began + word.start <= last
            ]
        return found

    def _drop(self) -> None:
        """Stop the job at hand; with the lock held."""
        self._next = None
        if self._now is not None:
            self._now.stopped = True
        self._output.stop()

    # The mouth's own thread --------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._condition:
                while self._next is None and not self._closing:
                    self._condition.wait()
                if self._closing:
                    return
                job, self._next = self._next, None
                self._now = job
            assert job is not None
            how, done = self._perform(job)
            with self._condition:
                self._now = None
            self._on_event(SpeakingEnded(job.utterance_id, how, done))

    def _perform(self, job: _Job) -> tuple[str, int]:
        queued: deque[tuple[int, Playback]] = deque()
        done = 0
        for index, sentence in enumerate(job.sentences):
            try:
                speech = self._synthesiser.synthesise(sentence, job.settings)
            except Exception:  # noqa: BLE001 - whatever fails, the dialogue must hear that nothing was said
                return "failed", done
            playback = self._play(job, speech, last=index == len(job.sentences) - 1)
            if playback is None:
                return "stopped", done
            queued.append((index, playback))
            while len(queued) > 1:
                if not self._follow(job, *queued.popleft()):
                    return self._broken_off(job), done
                done += 1
        while queued:
            if not self._follow(job, *queued.popleft()):
                return self._broken_off(job), done
            done += 1
        return "finished", done

    def _play(self, job: _Job, speech: Speech, *, last: bool) -> Playback | None:
        gap = np.zeros(0 if last else int(GAP_SECONDS * speech.rate), dtype=np.int16)
        with self._condition:
            if job.stopped:
                return None
            playback = self._output.play(np.concatenate((speech.samples, gap)), speech.rate)
            self._lines.append(_Line(speech, playback))
            return playback

    def _follow(self, job: _Job, index: int, playback: Playback) -> bool:
        """Wait until a sentence has been said; tell when it begins. Return False where it was broken off."""
        told = False
        while True:
            ended = playback.done.wait(LOOK_EVERY if told else LOOK_EVERY / 4)
            if not told and playback.began_at is not None:
                told = True
                if index == 0:
                    self._on_event(SpeakingBegan(job.utterance_id, playback.began_at))
                self._on_event(SentenceBegan(job.utterance_id, index))
            if ended:
                return playback.state is PlaybackState.FINISHED
            if job.stopped:
                return False
            if not self._output.check():
                return False

    def _broken_off(self, job: _Job) -> str:
        if job.stopped:
            return "stopped"
        if not self._lost_told:
            self._lost_told = True
            self._on_event(SpeakerLost("the speaker is gone"))
        return "failed"
