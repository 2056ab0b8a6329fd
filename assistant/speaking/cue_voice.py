"""The voice of a timed routine: numbers and short phrases that begin on their second, beside what the mouth says.

A thread of its own makes them, so that a synthesiser that hangs keeps nobody waiting; another one tells of them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.sound.playback import Playback, PlaybackState
from assistant.sound.speaker import Output
from assistant.speaking.mouth import REMEMBERED_SECONDS, words_out
from assistant.speaking.trimming import trimmed
from assistant.speaking.voice import Speech, SpokenWord, Synthesiser, VoiceSettings

LATE: Final = 0.15
"""Seconds: a number later than this no longer belongs to its second."""
LOOK_EVERY: Final = 0.01
"""Seconds between two looks at a cue that is near or sounds."""
NEAR_SECONDS: Final = 0.1
"""The output takes a cue up to this long before it comes out."""
LONGEST_REST: Final = 0.5
"""Seconds between two looks at a cue that is far: the speaker may have been lost."""
TICK_RATE: Final = 22_050
TICK_HERTZ: Final = 880.0
TICK_SECONDS: Final = 0.06
TICK_ATTACK: Final = 0.004
"""Seconds; a tone that begins at once clicks."""
TICK_DECAY: Final = 0.012
TICK_PEAK: Final = 2_000
"""A sixteenth of full scale: felt rather than heard."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CueBegan:
    """The first sound of a cue comes out at ``at`` (monotonic clock, s)."""

    cue_id: str
    at: float


@dataclass(frozen=True, slots=True)
class CueEnded:
    """A cue has ended: ``finished``, ``stopped``, ``late`` (never said), or ``failed``."""

    cue_id: str
    how: str


CueEvent = CueBegan | CueEnded


@dataclass(slots=True, eq=False)
class _Cue:
    cue_id: str
    text: str
    settings: VoiceSettings
    at: float
    gain: float
    late: float
    speech: Speech | None = None
    playback: Playback | None = None
    began: bool = False
    how: str | None = None
    """How it ended; None while it waits or sounds."""
    told: bool = False

    @property
    def until(self) -> float:
        """When it ends or ended, as far as that is known (monotonic clock, s)."""
        if self.playback is None:
            return self.at if self.how is None else 0.0
        if self.how is None:
            began = self.playback.began_at
            return (self.at if began is None else began) + len(self.playback.samples) / self.playback.rate
        return self.playback.time_of(self.playback.played()) if self.playback.began_at is not None else 0.0


class CueVoice:
    """Says cues at their times through an output that it shares with the mouth.

    Every cue given to `say_at` ends with exactly one `CueEnded`. Events come from a thread of its own.
    """

    def __init__(self, synthesiser: Synthesiser, output: Output, on_event: Callable[[CueEvent], None]) -> None:
        self._synthesiser = synthesiser
        self._output = output
        self._on_event = on_event
        self._condition = threading.Condition()
        self._to_make: deque[_Cue] = deque()
        self._cues: list[_Cue] = []
        """Those that wait or sound, and those that were heard lately."""
        self._closing = False
        self._maker = threading.Thread(target=self._make, name="cue maker", daemon=True)
        self._teller = threading.Thread(target=self._run, name="cue voice", daemon=True)
        self._maker.start()
        self._teller.start()

    # From any thread -------------------------------------------------------------------------------

    def say_at(
        self,
        cue_id: str,
        text: str,
        settings: VoiceSettings,
        at: float | None,
        *,
        gain: float = 1.0,
        late: float = LATE,
    ) -> None:
        """Let ``text`` begin at ``at`` (monotonic clock, s), or as soon as can be without one; returns at once.

        Where it can't begin until ``late`` seconds after ``at`` it is dropped. Once closed nothing is said, and that
        is told at once.
        """
        cue = _Cue(cue_id, text, settings, time.monotonic() if at is None else at, gain, inf if at is None else late)
        with self._condition:
            closed = self._closing
            if not closed:
                self._cues.append(cue)
                self._to_make.append(cue)
                self._condition.notify_all()
        if closed:
            self._tell(CueEnded(cue_id, "stopped"))

    def tick_at(self, at: float) -> None:
        """Let a soft tick be heard at ``at``; speech goes on under it."""
        with self._condition:
            if not self._closing:
                try:
                    self._output.play_at(_TICK, TICK_RATE, at, alone=False, late=LATE)
                except Exception as fault:  # noqa: BLE001 - a tick that isn't heard is no reason to end a routine
                    _report("A tick could not be played", fault)

    def measure(self, texts: Iterable[str], settings: VoiceSettings) -> dict[str, float]:
        """Return how many seconds each text lasts as a cue; takes as long as making them does.

        Raises:
            MarigoldError: what the synthesiser raises.
        """
        return {text: trimmed(self._synthesiser.synthesise(text, settings)).seconds for text in texts}

    def drop(self, *, begun: bool = True) -> None:
        """Say no more cues (and ticks); with ``begun`` fall silent at once, else finish the one that sounds."""
        with self._condition:
            self._to_make.clear()
            for cue in self._cues:
                if cue.playback is None and cue.how is None:
                    cue.how = "stopped"
            self._silence(begun)
            self._condition.notify_all()

    def use(self, output: Output) -> None:
        """Speak through another output; what sounds stops, and what waits for its time moves along."""
        with self._condition:
            for cue in self._cues:
                playback = cue.playback
                if cue.how is None and playback is not None and playback.state is PlaybackState.WAITING:
                    cue.playback = None
                    self._to_make.append(cue)
            self._silence(begun=True)
            self._output = output
            self._condition.notify_all()

    def close(self) -> None:
        """Fall silent and end."""
        with self._condition:
            self._closing = True
        self.drop()
        if threading.current_thread() not in (self._maker, self._teller):
            self._teller.join(5.0)
            self._maker.join(LONGEST_REST)  # it may hang with the synthesiser, and ends with that

    def words_played(self, between: tuple[float, float]) -> list[SpokenWord]:
        """Return the words of cues that came out in a stretch of the monotonic clock, times on it."""
        first, last = between
        with self._condition:
            heard = [(cue.speech, cue.playback) for cue in self._cues]
        words = [word for speech, playback in heard if speech and playback for word in words_out(speech, playback)]
        return [word for word in words if first <= word.end and word.start <= last]

    def speaking_until(self) -> float:
        """Return when the last cue that is known of ends or ended (monotonic clock, s); 0 without one."""
        with self._condition:
            return max((cue.until for cue in self._cues), default=0.0)

    def _silence(self, begun: bool) -> None:  # noqa: FBT001 - as `drop` has it
        try:
            self._output.drop_scheduled(begun=begun)
        except Exception as fault:  # noqa: BLE001 - a speaker that can't stop must not keep the routine from going on
            _report("The cues could not be stopped", fault)

    # The thread that makes them ----------------------------------------------------------------------

    def _make(self) -> None:
        while True:
            with self._condition:
                while not self._to_make and not self._closing:
                    self._condition.wait()
                if self._closing:
                    return
                cue = self._to_make.popleft()
                speech, wanted = cue.speech, cue.how is None
            if not wanted:
                continue
            try:
                speech = speech or trimmed(self._synthesiser.synthesise(cue.text, cue.settings))
                self._place(cue, speech)
            except Exception as fault:  # noqa: BLE001 - whatever fails, the dialogue must hear of it
                _log.warning("A cue could not be said: %s", fault)
                with self._condition:
                    cue.how = cue.how or "failed"
                    self._condition.notify_all()

    def _place(self, cue: _Cue, speech: Speech) -> None:
        with self._condition:
            if cue.how is None:
                cue.speech = speech
                cue.playback = self._output.play_at(speech.samples, speech.rate, cue.at, gain=cue.gain, late=cue.late)
                self._condition.notify_all()

    # The thread that tells ---------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._condition:
                events = self._look(time.monotonic())
                if not events:
                    if self._closing and all(cue.told for cue in self._cues):
                        return
                    self._condition.wait(self._rest(time.monotonic()))
            for event in events:
                self._tell(event)

    def _look(self, now: float) -> list[CueEvent]:
        """Return what has happened since the last look; forget what was heard long ago."""
        events: list[CueEvent] = []
        for cue in self._cues:
            playback = cue.playback
            if cue.how is None and playback is None and now > cue.at + cue.late:
                cue.how = "late"
            if playback is not None and playback.began_at is not None and not cue.began:
                cue.began = True
                events.append(CueBegan(cue.cue_id, playback.began_at))
            if cue.how is None and playback is not None and playback.done.is_set():
                cue.how = self._outcome(playback.state)
            if cue.how is not None and not cue.told:
                cue.told = True
                events.append(CueEnded(cue.cue_id, cue.how))
        self._cues = [cue for cue in self._cues if not cue.told or cue.until > now - REMEMBERED_SECONDS]
        return events

    def _outcome(self, state: PlaybackState) -> str:
        if state is PlaybackState.FINISHED:
            return "finished"
        if state is PlaybackState.MISSED:
            return "late"
        return "stopped" if self._output.check() else "failed"

    def _rest(self, now: float) -> float | None:
        """Return the seconds until the next look; None where there is nothing to look at."""
        left = [cue.at + (cue.late if cue.playback is None else 0.0) - now for cue in self._cues if not cue.told]
        if not left:
            return None
        return min(LONGEST_REST, max(LOOK_EVERY, min(left) - NEAR_SECONDS))

    def _tell(self, event: CueEvent) -> None:
        try:
            self._on_event(event)
        except Exception as fault:  # noqa: BLE001 - a listener's fault must not silence the routine
            _report("An event of the cue voice was not taken", fault)


def _report(what: str, fault: Exception) -> None:
    """Log a fault of ours in one line; with its traceback only where debugging is on."""
    _log.error("%s: %s: %s", what, type(fault).__name__, fault, exc_info=_log.isEnabledFor(logging.DEBUG))


def _tick() -> NDArray[np.int16]:
    """Return a short tone that dies away."""
    times = np.arange(int(TICK_SECONDS * TICK_RATE)) / TICK_RATE
    rise = np.sin(np.minimum(1.0, times / TICK_ATTACK) * np.pi / 2) ** 2
    fall = np.exp(-times / TICK_DECAY) * (1.0 - times / TICK_SECONDS)
    tone = rise * fall * np.sin(2 * np.pi * TICK_HERTZ * times)
    samples: NDArray[np.int16] = np.round(tone / np.abs(tone).max() * TICK_PEAK).astype(np.int16)
    return samples


_TICK: Final = _tick()
