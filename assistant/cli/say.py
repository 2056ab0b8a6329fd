"""``marigold say``: text through the voice, to the speaker or into a file."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from assistant.cli.options import Options
from assistant.errors import MissingPartError, WrongInputError
from assistant.language import sentences_of, speakable
from assistant.settings import voice_settings
from assistant.sound.wav import write_wav
from assistant.speaking.mouth import Mouth, MouthEvent, SpeakingEnded
from assistant.speaking.supervised import SupervisedSynthesiser

MAX_TEXT = 20_000
"""Letters; some twenty minutes of speech."""
GAP_SECONDS = 0.18


class VoiceSilentError(MissingPartError):
    """The voice could not say the text."""


def speak_aloud(options: Options, sentences: Sequence[str]) -> None:
    """Say ``sentences`` through the speaker and return when they have been said."""
    from assistant.sound.speaker import Speaker

    settings = options.settings()
    ended: list[SpeakingEnded] = []
    done = threading.Event()

    def keep(event: MouthEvent) -> None:
        if isinstance(event, SpeakingEnded):
            ended.append(event)
            done.set()

    synthesiser = SupervisedSynthesiser()
    try:
        speaker = Speaker(settings.speaker)
        mouth = Mouth(synthesiser, speaker, keep)
        try:
            mouth.say("say", sentences, voice_settings(settings))
            while not done.wait(0.1):
                pass
        finally:
            mouth.close()
            speaker.close()
    finally:
        synthesiser.close()
    if ended and ended[0].how == "failed":
        raise VoiceSilentError("The voice could not say that. Run: marigold doctor")


@click.command()
@click.argument("text")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write a WAV file; play nothing.")
@click.option("--voice", metavar="NAME", help="A voice, such as en-gb or en-us.")
@click.option("--rate", metavar="N", help="Words a minute, 105 to 285.")
@click.option("--volume", metavar="N", help="25 to 100.")
@click.option("--pitch", metavar="N", help="0 to 100.")
@click.pass_obj
def say(
    options: Options,
    text: str,
    out: Path | None,
    voice: str | None,
    rate: str | None,
    volume: str | None,
    pitch: str | None,
) -> None:
    """Say TEXT."""
    if len(text) > MAX_TEXT:
        raise WrongInputError(f"That is {len(text)} letters; at most {MAX_TEXT} can be said at once.")
    sentences = sentences_of(speakable(text))
    if not sentences:
        raise WrongInputError("There is nothing to say in that text.")
    given = {"voice": voice, "rate": rate, "volume": volume, "pitch": pitch}
    named = {key: value for key, value in given.items() if value is not None}
    chosen = Options(options.settings_file, options.typed, {**options.given, **named})
    if out is None:
        speak_aloud(chosen, sentences)
        return
    synthesiser = SupervisedSynthesiser()
    try:
        speeches = [synthesiser.synthesise(sentence, voice_settings(chosen.settings())) for sentence in sentences]
    finally:
        synthesiser.close()
    gap = np.zeros(int(GAP_SECONDS * speeches[0].rate), dtype=np.int16)
    parts = [part for speech in speeches for part in (speech.samples, gap)]
    write_wav(out, np.concatenate(parts[:-1]), speeches[0].rate)
    click.echo(f"{out}: {sum(len(part) for part in parts[:-1]) / speeches[0].rate:.2f} s")
