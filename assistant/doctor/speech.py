"""The speech model and the voice, and both joined: a question of our own voice goes through the ear.

Each trial only measures; each ``check_…`` judges what was measured.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.answering import reply_to
from assistant.content import Content
from assistant.doctor.check import Check, bad, good
from assistant.guide.model import Entry
from assistant.hearing.ear import Ear
from assistant.hearing.events import Heard, HearingEvent
from assistant.hearing.models.disk import megabytes
from assistant.hearing.models.locate import ModelFolder, resolve_model
from assistant.hearing.models.verify import DamagedModelError, verify_files
from assistant.hearing.recogniser import SpeechModel
from assistant.hearing.recording import TAIL_SECONDS, hear_recording, one_question
from assistant.loading import checked_model
from assistant.sound.microphone import BLOCK_SECONDS
from assistant.sound.samples import SAMPLE_RATE
from assistant.sound.speaker import resampled
from assistant.speaking.voice import Speech, Synthesiser, VoiceSettings
from assistant.understanding.interpret import Weighted

NEEDED_WORDS: Final = ("stop", "yes", "no", "marigold")
"""Without these a person on the floor can't stop, answer, or call it."""
SLOWEST_ANSWER: Final = 1.5
"""Seconds of work before an answer begins, beyond which people ask again; here it takes 0.2."""
_STATM: Final = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A loaded model and what loading it took."""

    folder: ModelFolder
    model: SpeechModel
    seconds: float
    added_bytes: int | None
    """Resident memory added; None where the system doesn't tell."""


def resident_bytes() -> int | None:
    """Return the memory that this process has in use, or None where the system doesn't tell (only Linux does)."""
    try:
        return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return None


def load_model(choice: str | None) -> LoadedModel:
    """Compare the model's files with what they should be, by their contents, and load it.

    Raises:
        MissingPartError, UnknownModelError: there is none, or a damaged one; the message says what to do.
    """
    folder = resolve_model(choice, os.environ)
    problems = verify_files(folder.path, folder.entry, hashes=True)
    if problems:
        raise DamagedModelError(folder.path, problems)
    checked_model(choice)
    before, began = resident_bytes(), time.perf_counter()
    model = SpeechModel(str(folder.path), folder.time_scale)
    seconds, after = time.perf_counter() - began, resident_bytes()
    added = max(0, after - before) if before is not None and after is not None else None
    return LoadedModel(folder, model, seconds, added)


def check_model(loaded: LoadedModel) -> Check:
    """Judge a model that could be loaded."""
    folder, entry = loaded.folder, loaded.folder.entry
    where = f"{folder.name} in {folder.path}"
    unknown = [word for word in NEEDED_WORDS if not loaded.model.knows(word)]
    if unknown:
        return bad(
            "model",
            f"{where} loads, but can't hear: {', '.join(unknown)}",
            "Choose another with --model NAME: marigold models list",
        )
    files = f"{len(entry.files)} files verified" if entry is not None and entry.files else "its files are of their kind"
    memory = f", {megabytes(loaded.added_bytes)} of memory" if loaded.added_bytes is not None else ""
    return good("model", f"{where}: {files}, loaded in {loaded.seconds:.2f} s{memory}; knows {', '.join(NEEDED_WORDS)}")


@dataclass(frozen=True, slots=True)
class SpokenTrial:
    """A sentence said by the voice, without a speaker."""

    version: str
    voices: int
    speech: Speech
    seconds: float
    """What making it took."""


def try_voice(synthesiser: Synthesiser, sentence: str, settings: VoiceSettings) -> SpokenTrial:
    """Start the voice and have it say ``sentence``.

    Raises:
        NoVoiceError, UnknownVoiceError, VoiceFailedError: it can't.
    """
    version, voices = synthesiser.version, len(synthesiser.voices())
    began = time.perf_counter()
    speech = synthesiser.synthesise(sentence, settings)
    return SpokenTrial(version, voices, speech, time.perf_counter() - began)


def check_voice(trial: SpokenTrial, settings: VoiceSettings) -> Check:
    """Judge what the voice gave."""
    if not np.any(trial.speech.samples):
        return bad(
            "voice", f"{trial.version} gives silence as {settings.voice}", "Choose another voice, such as en-us."
        )
    return good(
        "voice",
        f"{trial.version}, {trial.voices} voices; {settings.voice} made {trial.speech.seconds:.1f} s of speech in "
        f"{trial.seconds * 1000:.0f} ms",
    )


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A question from our own voice through the ear to the begin of the answer. Times in seconds."""

    said: str
    heard: str
    right: bool
    """Whether the answer is the one to what was said."""
    sound: float
    """Length of what the ear was given."""
    hearing: float
    """What hearing it took, in all."""
    final_result: float
    understanding: float
    first_synthesis: float | None
    """None where there was nothing to say."""

    @property
    def work(self) -> float:
        """From the end of the turn to the first samples of the answer."""
        return self.final_result + self.understanding + (self.first_synthesis or 0.0)


def rehearse(
    model: SpeechModel, question: Speech, entry: Entry, content: Content, voice: Synthesiser, settings: VoiceSettings
) -> Rehearsal:
    """Give ``question``, which asks for ``entry``, to the ear in blocks as a microphone gives them.

    The blocks come one after another without a wait, so that this takes less time than the sound lasts.

    Raises:
        MarigoldError: the model or the voice fails.
    """
    turns: list[Heard] = []

    def keep(event: HearingEvent) -> None:
        if isinstance(event, Heard):
            turns.append(event)

    ear = Ear(model, keep)
    sound = _with_silence(resampled(question.samples, question.rate, SAMPLE_RATE))
    step = int(BLOCK_SECONDS * SAMPLE_RATE)
    began = time.perf_counter()
    for first in range(0, len(sound), step):
        ear.feed(sound[first : first + step])
    ear.finish()
    heard = time.perf_counter()
    readings = one_question(turns)
    reply = reply_to(content, [Weighted(r.text, r.weight) for r in readings])
    understood = time.perf_counter()
    synthesis: float | None = None
    if readings and reply.sentences:
        voice.synthesise(reply.sentences[0], settings)
        synthesis = time.perf_counter() - understood
    return Rehearsal(
        said=question.text,
        heard=readings[0].text if readings else "",
        right=reply.meaning.id == entry.id,
        sound=len(sound) / SAMPLE_RATE,
        hearing=heard - began,
        final_result=turns[-1].stages.final_result if turns else 0.0,
        understanding=understood - heard,
        first_synthesis=synthesis,
    )


def _with_silence(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    silence = np.zeros(int(TAIL_SECONDS * SAMPLE_RATE), dtype=np.int16)
    return np.concatenate((silence, samples, silence))


def check_latency(run: Rehearsal, pauses: tuple[float, float]) -> Check:
    """Judge how fast an answer begins; ``pauses`` (s) are those that the ear waits for, by the settings."""
    slow = "End other programs, or choose a smaller model: marigold models list"
    if not run.heard or run.first_synthesis is None:
        what = f"was heard as '{run.heard}', and nothing is said to that" if run.heard else "was not heard at all"
        return bad("latency", f"'{run.said}' of our own voice {what}", "Choose another model: marigold models list")
    if run.hearing > run.sound:
        return bad("latency", f"hearing {run.sound:.1f} s of sound took {run.hearing:.1f} s: too slow to keep up", slow)
    times = (
        f"an answer begins {run.work * 1000:.0f} ms after the pause of {pauses[0]:.2f} to {pauses[1]:.2f} s: final "
        f"result {run.final_result * 1000:.0f}, understanding {run.understanding * 1000:.0f}, first synthesis "
        f"{run.first_synthesis * 1000:.0f} ms; hearing takes {100 * run.hearing / run.sound:.0f} % of the time"
    )
    if run.work > SLOWEST_ANSWER:
        return bad("latency", times, slow)
    remark = "" if run.right else f"heard as '{run.heard}', which gets another answer"
    return good("latency", times, (remark,) if remark else ())


def words_in(model: SpeechModel, samples: NDArray[np.int16]) -> str:
    """Return what is heard in a recording (mono, 16 kHz); empty where there are no words."""
    readings = one_question(hear_recording(model, samples))
    return readings[0].text if readings else ""
