"""Cuts a spoken phrase to what is heard of it, so that it begins on its second.

espeak leaves 8 to 74 ms of silence before "two" or "four", and by the voice's rate other ones.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.speaking.voice import Speech, SpokenWord

ONSET_SHARE: Final = 0.02
"""Of the phrase's own peak. From 0.002 to 0.03 espeak's numbers begin within 2 ms of each other (within 4 ms for
"one"); from 0.05 on the soft "f", "th" and "h" are missed."""
END_SHARE: Final = 0.005
"""Of the peak: last sounds fade."""
FADE_SECONDS: Final = 0.002
"""From silence to the onset: no lower threshold finds an earlier one, and it doesn't click."""
FADE_OUT_SECONDS: Final = 0.005
HEARD_SHARE: Final = 0.1
"""Of the peak. What is softer isn't heard across a room, nor found by a simple measurement."""
SOFT_SECONDS: Final = 0.01
"""A beginning softer than that for longer than this is lifted: "four" was heard from its vowel on, 60 to 80 ms late."""
LIFTED_SHARE: Final = 0.12
MOST_LIFTED: Final = 3.5
"""Times: espeak's "f" has a thirtieth of its vowel's peak; a speaker's close to a microphone has a tenth."""
LIFT_FADE_SECONDS: Final = 0.005


def trimmed(speech: Speech) -> Speech:
    """Return a phrase from its acoustic onset (2 ms after the first sample) to its acoustic end; words move along."""
    level = np.abs(speech.samples.astype(np.int32))
    peak = int(level.max(initial=0))
    if peak == 0:
        return speech
    rate = speech.rate
    onset = int(np.argmax(level > peak * ONSET_SHARE))
    end = int(np.flatnonzero(level > peak * END_SHARE)[-1]) + 1
    sound = speech.samples[:end].astype(np.float32)
    _lift(sound, level, onset, rate)
    fade, fade_out = int(FADE_SECONDS * rate), min(int(FADE_OUT_SECONDS * rate), end - onset)
    lead = sound[max(0, onset - fade) : onset]
    lead = np.concatenate((np.zeros(fade - len(lead), dtype=np.float32), lead))
    cut = np.concatenate((lead * np.linspace(0.0, 1.0, fade, endpoint=False, dtype=np.float32), sound[onset:]))
    cut[len(cut) - fade_out :] *= np.linspace(1.0, 0.0, fade_out, dtype=np.float32)
    samples: NDArray[np.int16] = np.clip(cut, -32768, 32767).astype(np.int16)
    return Speech(speech.text, samples, rate, _moved(speech.words, (onset - fade) / rate, len(samples) / rate))


def _lift(sound: NDArray[np.float32], level: NDArray[np.int32], onset: int, rate: int) -> None:
    """Make a soft beginning louder, so that it is heard where it begins."""
    peak = int(level.max())
    heard = int(np.argmax(level > peak * HEARD_SHARE))
    if heard - onset <= SOFT_SECONDS * rate:
        return
    early = int(level[onset : onset + int(SOFT_SECONDS * rate)].max())
    times = min(MOST_LIFTED, peak * LIFTED_SHARE / early)
    fade = int(LIFT_FADE_SECONDS * rate)
    gain = np.full(heard, times, dtype=np.float32)
    gain[heard - fade :] = np.linspace(times, 1.0, fade, dtype=np.float32)
    sound[:heard] *= gain


def _moved(words: tuple[SpokenWord, ...], earlier: float, seconds: float) -> tuple[SpokenWord, ...]:
    def within(at: float) -> float:
        return min(seconds, max(0.0, at - earlier))

    return tuple(SpokenWord(word.text, within(word.start), within(word.end)) for word in words)
