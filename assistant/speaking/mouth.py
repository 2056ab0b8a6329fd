"""The mouth: says sentences one after another, tells what it is saying, and falls silent at once.

The first sentence plays as soon as it is made; the others are made while it plays.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from assistant.sound.playback import Playback, PlaybackState
from assistant.sound.speaker import Output
from assistant.speaking.voice import Speech, SpokenWord, Synthesiser, VoiceSettings

GAP_SECONDS: Final = 0.18
"""Between two sentences, as a calm reader leaves it."""
DUCKED_GAIN: Final = 0.25
"""Low enough to hear oneself speak, loud enough to know that it goes on."""
REMEMBERED_SECONDS: Final = 30.0
"""How long the words that were played are remembered, to know them again in the microphone."""
LOOK_EVERY: Final = 0.02
AHEAD: Final = 1
"""Sentences made beyond the one that plays: making one takes milliseconds, and a change of the voice is heard
with the next but one at the latest."""

_log = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True)
class Saying:
    """What is coming out of the speaker now."""

    utterance_id: str
    index: int
    text: str
    began_at: float
    """When the sentence began (monotonic clock, s)."""
    words: tuple[SpokenWord, ...]
    """Those of its words that have begun to come out; times on the monotonic clock."""


@dataclass(slots=True)
class _Job:
    utterance_id: str
    sentences: tuple[str, ...]
    settings: VoiceSettings
    stopped: bool = False
    done: int = 0


@dataclass(frozen=True, slots=True)
class _Line:
    utterance_id: str
    index: int
    speech: Speech
    playback: Playback

    def words_out(self) -> list[SpokenWord]:
        """Return the words that have begun to come out; times on the monotonic clock."""
        return words_out(self.speech, self.playback)


def words_out(speech: Speech, playback: Playback) -> list[SpokenWord]:
    """Return the words of ``speech`` that have begun to come out; times on the monotonic clock."""
    out, time_of = playback.played(), playback.time_of
    if out <= 0.0:
        return []
    return [SpokenWord(w.text, time_of(w.start), time_of(w.end)) for w in speech.words if w.start <= out]


class Mouth:
    """Says things through an output, from a thread of its own; a new utterance takes the old one's place.

    Every utterance given to `say` ends with exactly one `SpeakingEnded`. Events come from the mouth's thread.
    """

    def __init__(self, synthesiser: Synthesiser, output: Output, on_event: Callable[[MouthEvent], None]) -> None:
        self._synthesiser = synthesiser
        self._output = output
        self._on_event = on_event
        self._condition = threading.Condition()
        self._next: _Job | None = None
        self._now: _Job | None = None
        self._overtaken: deque[_Job] = deque()
        self._closing = False
        self._ducked = False
        self._lines: deque[_Line] = deque()
        self._lost_told = False
        self._thread = threading.Thread(target=self._run, name="mouth", daemon=True)
        self._thread.start()

    # From any thread -------------------------------------------------------------------------------

    def say(self, utterance_id: str, sentences: Sequence[str], settings: VoiceSettings) -> None:
        """Say ``sentences`` in place of what is being said. Once closed it says nothing, and tells so at once."""
        with self._condition:
            closed = self._closing
            if not closed:
                self._drop()
                self._next = _Job(utterance_id, tuple(sentences), settings)
                self._condition.notify_all()
        if closed:
            self._tell(SpeakingEnded(utterance_id, "stopped", 0))

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
        self._ducked = on
        self._output.gain = DUCKED_GAIN if on else 1.0

    def change_settings(self, settings: VoiceSettings) -> None:
        """Say the sentences that are not made yet in another voice."""
        with self._condition:
            for job in (self._now, self._next):
                if job is not None:
                    job.settings = settings

    def use(self, output: Output) -> None:
        """Speak through another output from the next utterance on; what is being said stops."""
        with self._condition:
            self._drop()
            self._output = output
            self._output.gain = DUCKED_GAIN if self._ducked else 1.0
            self._lost_told = False
            self._condition.notify_all()

    def close(self) -> None:
        """Fall silent and end."""
        with self._condition:
            self._closing = True
            self._drop()
            self._condition.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join(5.0)

    def saying(self) -> Saying | None:
        """Return what is being said now (also while it is held), or None in silence."""
        for line in list(self._lines):
            began = line.playback.began_at
            if began is not None and line.playback.state is PlaybackState.PLAYING:
                return Saying(line.utterance_id, line.index, line.speech.text, began, tuple(line.words_out()))
        return None

    def words_played(self, between: tuple[float, float]) -> list[SpokenWord]:
        """Return the words that came out of the speaker in a stretch of the monotonic clock, times on it.

        They are remembered for `REMEMBERED_SECONDS`. A word held in its middle lasts until it went on.
        """
        first, last = between
        words = [word for line in list(self._lines) for word in line.words_out()]
        return [word for word in words if first <= word.end and word.start <= last]

    def _drop(self) -> None:
        """Stop the job at hand; with the lock held."""
        if self._next is not None:
            self._overtaken.append(self._next)
            self._next = None
        if self._now is not None:
            self._now.stopped = True
        self._silence()

    def _silence(self) -> None:
        try:
            self._output.stop_speech()  # a count that runs beside goes on
        except Exception as fault:  # noqa: BLE001 - a speaker that can't stop must not keep the mouth from going on
            _report("The speaker could not be stopped", fault)

    # The mouth's own thread --------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._condition:
                while self._next is None and not self._overtaken and not self._closing:
                    self._condition.wait()
                overtaken = list(self._overtaken)
                self._overtaken.clear()
                job, self._next = self._next, None
                self._now = job
            for other in overtaken:
                self._tell(SpeakingEnded(other.utterance_id, "stopped", 0))
            if job is None:
                if self._closing:
                    return
                continue
            try:
                how = self._perform(job)
            except Exception as fault:  # noqa: BLE001 - whatever fails, the dialogue must hear that no more is said
                _report("An utterance broke off", fault)
                how = "failed"
            with self._condition:
                self._now = None
                if how == "failed" and not job.stopped:
                    self._silence()
            self._tell(SpeakingEnded(job.utterance_id, how, job.done))

    def _tell(self, event: MouthEvent) -> None:
        try:
            self._on_event(event)
        except Exception as fault:  # noqa: BLE001 - a listener's fault must not silence the mouth
            _report("An event of the mouth was not taken", fault)

    def _perform(self, job: _Job) -> str:
        queued: deque[_Line] = deque()
        failed = False
        for index in range(len(job.sentences)):
            speech = self._made(job, index)
            if speech is None:
                failed = True
                break
            line = self._queue(job, index, speech)
            if line is None:
                return "stopped"
            queued.append(line)
            while len(queued) > AHEAD:
                if not self._follow(job, queued.popleft()):
                    return self._broken_off(job)
        while queued:
            if not self._follow(job, queued.popleft()):
                return self._broken_off(job)
        if job.stopped:
            return "stopped"
        return "failed" if failed else "finished"

    def _made(self, job: _Job, index: int) -> Speech | None:
        try:
            return self._synthesiser.synthesise(job.sentences[index], job.settings)
        except Exception as fault:  # noqa: BLE001 - what was said so far is finished, and then it is told
            _log.warning("A sentence could not be said: %s", fault)
            return None

    def _queue(self, job: _Job, index: int, speech: Speech) -> _Line | None:
        """Give a sentence to the output, with the pause after it. Return None where the job was stopped."""
        last = index == len(job.sentences) - 1
        gap = np.zeros(0 if last else int(GAP_SECONDS * speech.rate), dtype=np.int16)
        samples = np.concatenate((speech.samples, gap))
        with self._condition:
            if job.stopped:
                return None
            playback = self._output.play(samples, speech.rate)
            playback.boundaries = tuple(round(word.end * playback.rate) for word in speech.words)
            line = _Line(job.utterance_id, index, speech, playback)
            self._lines.append(line)
            self._forget()
            return line

    def _forget(self) -> None:
        """Drop the lines that are over for longer than is remembered."""
        horizon = time.monotonic() - REMEMBERED_SECONDS
        while len(self._lines) > 1:
            playback = self._lines[0].playback
            if not playback.done.is_set() or (
                playback.began_at is not None and playback.time_of(playback.played()) > horizon
            ):
                return
            self._lines.popleft()

    def _follow(self, job: _Job, line: _Line) -> bool:
        """Wait until a sentence has been said; tell when it begins. Return False where it was broken off."""
        told = False
        while True:
            ended = line.playback.done.wait(LOOK_EVERY if told else LOOK_EVERY / 4)
            if not told and line.playback.began_at is not None:
                told = True
                if line.index == 0:
                    self._tell(SpeakingBegan(job.utterance_id, line.playback.began_at))
                self._tell(SentenceBegan(job.utterance_id, line.index))
            if ended:
                whole = line.playback.state is PlaybackState.FINISHED
                job.done += whole
                return whole
            if job.stopped or not self._output.check():
                return False

    def _broken_off(self, job: _Job) -> str:
        if job.stopped:
            return "stopped"
        if not self._lost_told:
            self._lost_told = True
            self._tell(SpeakerLost("the speaker is gone"))
        return "failed"


def _report(what: str, fault: Exception) -> None:
    """Log a fault of ours in one line; with its traceback only where debugging is on."""
    _log.error("%s: %s: %s", what, type(fault).__name__, fault, exc_info=_log.isEnabledFor(logging.DEBUG))
