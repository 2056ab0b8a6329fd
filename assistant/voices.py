"""All that comes out of the speaker: what is said, and beside it the cues on their second."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from assistant.clock import Clock
from assistant.dialogue import actions, events
from assistant.dialogue.timing import LATE
from assistant.errors import MarigoldError
from assistant.sound.speaker import Output
from assistant.speaking.cue_voice import CueEvent, CueVoice
from assistant.speaking.mouth import Mouth, MouthEvent
from assistant.speaking.voice import SpokenWord, Synthesiser, VoiceSettings

ESSENTIAL_LATE: Final = 60.0
"""Seconds after its time at which "take the pad off" is still begun: it is right also late."""


class Voices:
    """Carries out what the dialogue wants said. Called from the event loop; its events come from threads."""

    def __init__(
        self,
        synthesiser: Synthesiser,
        output: Output,
        clock: Clock,
        on_event: Callable[[MouthEvent | CueEvent | events.Measured], None],
        *,
        sound_speed: float = 1.0,
    ) -> None:
        """``sound_speed`` is how many times faster than a voice the output "plays" (a silent one may)."""
        self._sound_speed = sound_speed
        self._clock = clock
        self._on_event = on_event
        self._mouth = Mouth(synthesiser, output, on_event)
        self._cues = CueVoice(synthesiser, output, on_event)
        self._settings = VoiceSettings()
        self._usual = self._settings.voice
        self.sentence = 0
        """The sentence of the current utterance that is being said."""
        self.before = 0
        """Sentences of the current utterance that were said before it was begun again in a changed voice."""
        self.begun_again = 0
        """Ends still to come of the parts that were broken off for that; they end nothing."""
        self._measured: tuple[object, ...] = ()

    def use_settings(self, settings: VoiceSettings, voice: str | None) -> None:
        """Speak with these from now on; ``voice`` is the one that the person chose, where there is one."""
        self._usual = settings.voice
        self._settings = replace(settings, voice=voice or settings.voice)

    def use(self, output: Output) -> None:
        """Speak through another output."""
        self._mouth.use(output)
        self._cues.use(output)

    def words_played(self, between: tuple[float, float]) -> list[SpokenWord]:
        """Return the words that came out of the speaker in a stretch of the monotonic clock."""
        return [*self._mouth.words_played(between), *self._cues.words_played(between)]

    def carry_out(self, action: actions.Action, said_now: tuple[str, tuple[str, ...]] | None) -> bool:
        """Do what ``action`` wants, where it is about sound. ``said_now``: utterance and sentences being said."""
        if isinstance(action, actions.Say):
            self.sentence = self.before = self.begun_again = 0
            self._mouth.say(action.utterance, action.sentences, self._settings)
        elif isinstance(action, actions.Silence):
            self._mouth.stop()
        elif isinstance(action, actions.Hold):
            self._mouth.pause()
        elif isinstance(action, actions.GoOn):
            self._mouth.resume()
        elif isinstance(action, actions.SetVoice):
            self._settings = replace(
                self._settings, rate=action.rate, volume=action.volume, voice=action.voice or self._usual
            )
            self._say_again(said_now)
        elif isinstance(action, actions.SayAt):
            late = ESSENTIAL_LATE if action.essential else LATE
            at = self._clock.monotonic(action.at)
            self._cues.say_at(action.cue, action.text, self._settings, at, gain=action.gain, late=late)
        elif isinstance(action, actions.SoftTick):
            self._cues.tick_at(self._clock.monotonic(action.at))
        elif isinstance(action, actions.DropCues):
            self._cues.drop(begun=action.begun)
        else:
            return False
        return True

    def _say_again(self, said_now: tuple[str, tuple[str, ...]] | None) -> None:
        """Go on in the changed voice from the begin of the sentence that is being said."""
        if said_now is None:
            return
        utterance, sentences = said_now
        self.before = self.sentence
        self.begun_again += 1
        self._mouth.say(utterance, sentences[self.before :], self._settings)

    def measure(self, texts: Collection[str], rate: int, voice: str | None) -> None:
        """Measure how long ``texts`` take, in the background, and tell; nothing where that was just done."""
        wanted = (frozenset(texts), self._settings)
        if not texts or wanted == self._measured:
            return
        self._measured = wanted
        settings, speed = self._settings, self._clock.speed / self._sound_speed

        def work() -> None:
            with contextlib.suppress(MarigoldError):
                lengths = self._cues.measure(sorted(texts), settings)
                told = {text: seconds * speed for text, seconds in lengths.items()}
                self._on_event(events.Measured(rate, voice, told))

        threading.Thread(target=work, name="measuring", daemon=True).start()

    def close(self) -> None:
        """Fall silent and end."""
        self._cues.close()
        self._mouth.close()
