"""The steps of the recipe; each reads what the one before has written, and says what it found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import yaml
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from assistant.content import load_guide
from assistant.errors import MarigoldError
from assistant.hearing.language_part.combining import Source
from assistant.hearing.language_part.pronunciation import dictionary, pronounced
from assistant.hearing.language_part.spelling import heard_sentences
from assistant.pack_texts import SAID, load_beside, pack_texts
from models.recipe import align, encoder, export, feature_cache, graph, held_out, mel_map, teacher, train, weights
from models.recipe.augment import NoiseStore, coloured_noises
from models.recipe.batches import Clip, silence_clips
from models.recipe.clips import GARBAGE_PHONE, ClipSets, make_clips, trigram_of
from models.recipe.corpus import Skipped, Utterance, read_manifests, transcribe, words_of
from models.recipe.curves import draw_curves, read_log
from models.recipe.features import log_mel
from models.recipe.measured_text import cleaned, measured_sentences
from models.recipe.network import NetworkConfig, from_whisper, load_network
from models.recipe.nnet3_reader import read_start
from models.recipe.places import Places
from models.recipe.sounds import read_rooms, read_sound

# Whisper's outputs agree to this with the reference implementation (float32 sums in another order).
LARGEST_DIFFERENCE: Final = 1e-3
MAP_CLIPS: Final = 260
NOISE_SECONDS: Final = 60
# One clip of noise alone for so many of speech: silence and noise must be heard as nothing.
SPEECH_PER_NOISE: Final = 60
CHECKOUT: Final = Path(__file__).parents[2]
TEST_DATA: Final = CHECKOUT / "tests" / "data"
CONTENT: Final = CHECKOUT / "content"


class WrongWeightsError(MarigoldError):
    """The encoder written here does not compute what the original does."""


@dataclass(frozen=True)
class Say:
    """Where the steps print, and how they show progress."""

    console: Console

    def line(self, text: str) -> None:
        """Print a line."""
        self.console.print(text, highlight=False, markup=False)

    @contextmanager
    def bar(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show a bar; the function that is given is told how many of how many are done."""
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console) as progress:
            task = progress.add_task("", total=None)

            def tell(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            yield tell


def take_weights(places: Places, say: Say) -> None:
    """Step ``weights``: read the encoder from its package and show that ours computes the same.

    Raises:
        WrongWeightsError: It doesn't.
    """
    places.out.mkdir(parents=True, exist_ok=True)
    source = weights.installed_model()
    arrays = weights.read_encoder(source)
    weights.save_weights(places.whisper, arrays)
    recordings = read_manifests(places.manifests)
    sound = read_sound(recordings[len(recordings) // 2].path)
    difference = encoder.compare(source, arrays, sound)
    say.line(f"{len(arrays)} arrays; largest difference from the reference encoder on a clip: {difference:.1e}")
    if difference > LARGEST_DIFFERENCE:
        raise WrongWeightsError(f"The encoder differs from the reference by {difference:.1e}.")


def prepare(places: Places, say: Say) -> None:
    """Step ``prepare``: read manifests, find pronunciations, say what is left out and why."""
    utterances, skipped = read_utterances(places)
    kept = [utterance.recording for utterance in utterances]
    hours = sum(recording.seconds for recording in kept) / 3600
    speakers = {recording.speaker for recording in kept}
    validation = sum(recording.validates for recording in kept)
    say.line(f"{len(kept)} recordings, {hours:.2f} hours, {len(speakers)} speakers; {validation} for validation")
    say.line(str(skipped))


def read_utterances(places: Places) -> tuple[list[Utterance], Skipped]:
    """Return the recordings that can be trained on, with their phones, and why others can't."""
    recordings = read_manifests(places.manifests)
    words = {word for recording in recordings for word in words_of(recording.text)}
    words |= {word.strip("'") for word in words}
    lexicon = pronounced(words - {""})
    return transcribe(recordings, lambda word: lexicon.get(word, ()))


def make_features(places: Places, say: Say, *, processes: int) -> None:
    """Step ``features``: log-mel energies of all recordings, dry and in a room; and the map to Whisper's."""
    recordings = read_manifests(places.manifests)
    if not places.mel_map.exists():
        picked = np.random.default_rng(0).permutation(len(recordings))[:MAP_CLIPS]
        found = mel_map.fit_mel_map([read_sound(recordings[i].path) for i in picked])
        found.save(places.mel_map)
        say.line(f"from Kaldi's features to Whisper's: {found}")
    rooms_folder = places.data / "corpus" / "rir"
    rooms = read_rooms(rooms_folder, leave_out=held_out.measures) if rooms_folder.is_dir() else []
    if not rooms:
        say.line(f"{rooms_folder} isn't there: no copies in rooms.")
    store = feature_cache.open_cache(places.features)
    with say.bar("features") as bar:
        complaints = feature_cache.fill_cache(store, recordings, rooms, processes=processes, progress=bar)
    for complaint in complaints:
        say.line(complaint)
    say.line(f"{len(store)} recordings and copies")


def ask_teacher(places: Places, say: Say) -> None:
    """Step ``teacher``: what the original encoder makes of every recording."""
    arrays = weights.load_weights(places.require(places.whisper, "weights"))
    store = teacher.open_outputs(places.teacher)
    with say.bar("teacher") as bar:
        complaints = teacher.teach(store, read_manifests(places.manifests), arrays, progress=bar)
    for complaint in complaints:
        say.line(complaint)
    say.line(f"{len(store)} recordings")


def make_alignment(places: Places, say: Say) -> None:
    """Step ``align``: which phone is when. With a trained network by it, otherwise from nothing (flat start)."""
    utterances, _ = read_utterances(places)
    store = feature_cache.open_cache(places.require(places.features, "features"))
    present = [utterance for utterance in utterances if utterance.recording.key in store]
    clips = [Clip(store[found.recording.key], [list(word) for word in found.words]) for found in present]
    if places.network.exists():
        config, params = load_network(places.network)
        found = align.realign(config, params, clips, report=say.line)
    else:
        found, _ = align.flat_start(clips, report=say.line)
    states = {
        utterance.recording.key: alignment.states
        for utterance, alignment in zip(present, found, strict=True)
        if alignment is not None
    }
    np.savez(places.alignment, **states)  # type: ignore[arg-type]
    say.line(f"{len(states)} of {len(present)} recordings aligned")


def read_clips(places: Places) -> ClipSets:
    """Return everything that is trained on."""
    utterances, _ = read_utterances(places)
    features = feature_cache.open_cache(places.require(places.features, "features"))
    outputs = teacher.open_outputs(places.teacher)
    states: dict[str, NDArray[np.int16]] = {}
    if places.alignment.exists():
        with np.load(places.alignment, allow_pickle=False) as file:
            states = {key: file[key] for key in file.files}
    return make_clips(utterances, features, outputs, states)


def read_noises(places: Places) -> NoiseStore:
    """Return the noises that may be trained on, and coloured ones."""
    paths = held_out.for_training((places.data / "corpus" / "noise").glob("*.flac"))
    sounds = [read_sound(path)[: NOISE_SECONDS * 16_000] for path in paths]
    return NoiseStore([log_mel(sound) for sound in [*sounds, *coloured_noises()]])


def train_network(
    places: Places, say: Say, plan: train.TrainingPlan, config: NetworkConfig, start: Path | None
) -> None:
    """Step ``train``: from Whisper's encoder, or from ``start``; goes on where it was stopped.

    ``start`` is a network that this step has saved, or a model's folder; its sizes then stand in for ``config``.
    """
    begun = None if start is None else read_start(start)  # first of all: a wrong one is refused before the long work
    arrays = weights.load_weights(places.require(places.whisper, "weights"))
    sets, noises = read_clips(places), read_noises(places)
    say.line(f"{len(sets.training)} clips, {sets.hours:.1f} hours with copies; {len(sets.validation)} for validation")
    if begun is not None:
        config, params = begun
    else:
        with np.load(places.require(places.mel_map, "features"), allow_pickle=False) as file:
            params = from_whisper(arrays, {"A": file["A"], "c": file["c"]}, config)
    silence = silence_clips(noises, max(1, len(sets.training) // SPEECH_PER_NOISE))
    columns = (TextColumn("train"), BarColumn(), TextColumn("{task.fields[figures]}"), TimeRemainingColumn())
    with Progress(*columns, console=say.console) as progress:
        bar = progress.add_task("", total=plan.minutes * 60, figures="")

        def report(done: train.Progress, figures: dict[str, float]) -> None:
            shown = "  ".join(f"{name} {value:.3g}" for name, value in figures.items())
            progress.update(bar, completed=done.elapsed, figures=f"step {done.steps}  {shown}")
            if not say.console.is_terminal:
                say.line(f"{done.elapsed:.0f} s  step {done.steps}  {shown}")

        train.train(
            config, params, [*sets.training, *silence], sets.validation, noises, trigram_of(sets.training),
            (arrays["ln.g"], arrays["ln.b"]), plan, places.training, garbage=GARBAGE_PHONE, report=report,
        )  # fmt: skip
    draw_curves(read_log(places.training / "log.jsonl"), places.training / "curves.png")


def export_network(places: Places, say: Say) -> None:
    """Step ``export``: the network as ``am/final.mdl`` and ``conf/``."""
    config, params = load_network(places.require(places.network, "train"))
    export.export_model(config, {name: np.asarray(value) for name, value in params.items()}, places.model)
    size = (places.model / "am" / "final.mdl").stat().st_size
    say.line(f"{places.model / 'am' / 'final.mdl'}: {size / 1e6:.1f} MB, look-ahead {config.look_ahead_seconds:.2f} s")


def build_graph(places: Places, say: Say) -> None:
    """Step ``graph``: lexicon, n-gram and graph, of general text and of what is said with the guide that ships.

    What measures is taken out of all texts.
    """
    texts = places.data / "text"
    general, domain = graph.gathered(texts, places.data / "training")
    domain += pack_sources({word for sentences in general.values() for words in sentences for word in words})
    measured = measured_sentences(TEST_DATA, places.data / "corpus")
    kept, sources, taken_out = cleaned(general, domain, measured)
    say.line(f"{sum(map(len, kept.values()))} general sentences; {taken_out} that measure were taken out of all")
    made = graph.build(kept, sources, places.model, arpa_models=sorted(texts.rglob("*.arpa")))
    say.line(str(made))


def pack_sources(words: Collection[str]) -> list[Source]:
    """Return the texts of the guide that ships, as sources; ``words`` complete what warning signs leave open."""
    texts = pack_texts(load_guide(None), load_beside(), (words, dictionary()))
    return [Source(name, heard_sentences(found), name in SAID) for name, found in texts.items()]


def make_speech(places: Places, say: Say, *, voices: Path, minutes: float, workers: int) -> None:
    """Step ``speech``: synthetic speakers say sentences to train on; what measures is left out."""
    from models.recipe.reserved import strings, wordings
    from models.recipe.speech import make_training_speech

    measuring = [
        text
        for path in sorted(TEST_DATA.rglob("*.yaml"))
        for text in strings(yaml.safe_load(path.read_text(encoding="utf-8")))
    ]
    made = make_training_speech(
        places.data, voices, places.out / "speech",
        wordings=list(wordings(CONTENT)), without=measuring, minutes=minutes, workers=workers,
    )  # fmt: skip
    say.line(f"{made.clips} clips, {made.seconds / 60:.1f} minutes; {made.skipped} lines left out")


def make_reserved(data: Path, say: Say, *, voices: Path) -> None:
    """Step ``reserved``: the voices that measure speak the sentences that measure."""
    from models.recipe.reserved import make_reserved as speak_reserved

    with say.bar("reserved voices") as bar:
        training = data / "training"
        seen = [training / "domain.tsv", training / "manifest.tsv"]
        seconds = speak_reserved(data, voices, checkout=CHECKOUT, seen=seen, progress=bar)
    say.line(f"{seconds / 60:.1f} minutes in {data / 'reserved'}")


def check_model(
    model: Path,
    data: Path,
    say: Say,
    *,
    against: Path | None,
    yardstick: bool,
    quick: bool,
    jobs: int,
    out: Path | None,
    readme: Path | None,
) -> None:
    """Step ``check``: measure a model, and print the table."""
    from models.recipe.check import check
    from models.recipe.check_report import report

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=say.console) as progress:
        task = progress.add_task("check", total=None)

        def tell(stage: str, done: int, total: int) -> None:
            progress.update(task, description=stage, completed=done, total=total)

        results = check(
            model, data, against=against, yardstick=yardstick, quick=quick, jobs=jobs, out=out, readme=readme,
            phrases=CONTENT / "product" / "phrases.yaml", progress=tell,
        )  # fmt: skip
    say.line(report(results))


def check_if_possible(places: Places, say: Say) -> None:
    """Last step of all: measure the model where there is something to measure on, else say what is missing."""
    if not (places.data / "reserved" / "audio.jsonl").exists():
        say.line(
            "No check: make the reserved voices first (python -m models.recipe reserved), then run the step check."
        )
        return
    figures = places.out / "figures.json"
    check_model(
        places.model, places.data, say, against=None, yardstick=False, quick=False, jobs=1, out=figures, readme=None
    )


def ship_model(places: Places, say: Say) -> None:
    """Step ``ship``: the model becomes the one that is part of the package."""
    from models.recipe.ship import ship

    home = CHECKOUT / "models" / "marigold-en"
    total = ship(places.model, home, CHECKOUT / "models" / "catalogue.toml")
    say.line(f"{home}: {total / 1e6:.2f} MB")


def gather(data: Path, say: Say, *, only: Sequence[str]) -> None:
    """Step ``texts``: general text from public packages."""
    from models.recipe.texts import gather_texts

    for found in gather_texts(data, only=only or None):
        say.line(str(found))
