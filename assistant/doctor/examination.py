"""All checks in their order. A broken one never stops the others, and one that hangs is left behind."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from assistant.content import Content, load_content, load_phrases
from assistant.doctor import machine, sound, speech
from assistant.doctor.check import Check, bad, from_fault, good, one_line
from assistant.errors import MarigoldError
from assistant.hearing.recogniser import SpeechModel
from assistant.settings import Settings, load_settings, voice_settings
from assistant.sound.devices import NoMicrophoneError, NoSpeakerError, find_input, find_output, list_devices, run_within
from assistant.sound.samples import SAMPLE_RATE
from assistant.sound.speaker import RATE
from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.voice import Speech, Synthesiser, VoiceSettings

LISTENING: Final = 1.0
"""Seconds; enough to tell a muted microphone."""
WATCHING: Final = 3.0
"""The same where somebody sees the level meter."""
RECORDING: Final = 3.0
QUICK: Final = 10.0
"""Seconds for what takes milliseconds: a slow card in a small computer, cold."""
LOADING: Final = 120.0
"""Seconds for a model: a large one from a slow disk, tried in a child process first."""
SOUNDING: Final = 20.0
"""Seconds for opening a device, using it and closing it; opening alone is given up after 5."""
_SERVER: Final = "Restart the sound server (log out and in again), or plug the device in anew."
QUESTIONS: Final = 3
"""Of the guide's own questions that are rehearsed at most: recognisers mishear some of a synthetic voice's."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody who calls for the doctor has asked for."""

    settings_file: Path | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the command line; None where one wasn't given."""
    quiet: bool = False
    """Nothing may be heard: the speaker plays silence, a recording isn't played back."""
    wants_recording: Callable[[], bool] = lambda: False
    """Asked when the other parts have been seen to."""


class Watcher:
    """Who looks on while the checks run. This one doesn't; `assistant.cli.doctor` has one that prints."""

    watches_level = False
    """Whether somebody sees the level meter, so that it is worth a longer look."""

    def begins(self, name: str) -> None:
        """Hear that a check begins."""

    def level(self, dbfs: float) -> None:
        """See the microphone's level."""

    def speak_now(self, seconds: float) -> None:
        """Hear that a recording begins."""


class Examination:
    """One examination of this machine. Ask `run` for the checks, then `close` it."""

    def __init__(self, wishes: Wishes, watcher: Watcher | None = None) -> None:
        self._wishes = wishes
        self._watcher = watcher or Watcher()
        self._began = machine.moment()
        self._settings = Settings.model_construct()
        self._content: Content | None = None
        self._model: SpeechModel | None = None
        self._voice: Synthesiser = SupervisedSynthesiser()
        self._speech: Speech | None = None
        self._sound_fails = ""
        """Why no device can be tried; empty where they can."""
        self.left_behind = False
        """Whether a check hung: something of it may hold up the end of the process."""

    def run(self) -> Iterator[Check]:
        """Give one check after another, as they are made."""
        yield self._examined("settings", QUICK, self._check_settings)
        yield self._examined("disk", QUICK, self._check_disk)
        yield self._examined("model", LOADING, self._check_model)
        yield self._examined("content", LOADING, self._check_content)
        yield self._examined("voice", LOADING, self._check_voice)
        yield self._device("sound", self._check_library, QUICK)
        yield self._device("devices", self._check_devices)
        yield self._device("speaker", self._check_speaker)
        yield self._device("microphone", self._check_microphone)
        yield self._examined("latency", LOADING, self._check_latency)
        if self._wishes.wants_recording():
            yield self._device("recording", self._check_recording)
        yield self._examined("clock", QUICK, self._check_clock)

    def close(self) -> None:
        """End the voice."""
        run_within(QUICK, self._voice.close)

    def _examined(self, name: str, seconds: float, work: Callable[[], Check]) -> Check:
        self._watcher.begins(name)
        found: list[Check] = []
        try:
            in_time = run_within(seconds, lambda: found.append(work()))
        except Exception as fault:  # noqa: BLE001 - whatever fails in one part, the others are still looked at
            return from_fault(name, fault)
        if not in_time:
            self.left_behind = True
            return bad(name, f"no answer within {seconds:.0f} s", "Run this again; if it stays, restart the computer.")
        return found[0] if found else bad(name, "this check ended without a finding", "")

    def _device(self, name: str, work: Callable[[], Check], seconds: float = SOUNDING) -> Check:
        if self._sound_fails:
            return bad(name, f"not tried, for {self._sound_fails}", "First see to the sound.")
        before = self.left_behind
        self.left_behind = False
        check = self._examined(name, seconds, work)
        if self.left_behind:
            self._sound_fails = "the sound server does not answer"
            check = bad(name, f"the sound server does not answer within {seconds:.0f} s", _SERVER)
        self.left_behind = self.left_behind or before
        return check

    # The checks ----------------------------------------------------------------------------------------

    def _check_settings(self) -> Check:
        file = machine.settings_file(self._wishes.settings_file)
        try:
            self._settings = load_settings(self._wishes.settings_file, **self._wishes.given)
        except MarigoldError as fault:
            # What was asked for on the command line counts also where a settings file can't be read.
            named = {key: value for key, value in self._wishes.given.items() if value is not None}
            self._settings = Settings.model_construct(**named)
            finding = one_line(str(fault)).removesuffix(".")
            return bad("settings", finding, f"Correct it in {file}, or where it was given.")
        return machine.check_settings(
            self._settings, file, machine.keys_in(file), dict(self._wishes.given), dict(os.environ)
        )

    def _check_disk(self) -> Check:
        folder = machine.data_folder(os.environ)
        free, writable = machine.free_bytes(folder)
        return machine.check_disk(folder, free, writable=writable)

    def _check_model(self) -> Check:
        loaded = speech.load_model(self._settings.model)
        self._model = loaded.model
        return speech.check_model(loaded)

    def _check_content(self) -> Check:
        began = time.perf_counter()
        self._content = load_content(self._settings.content)
        seconds = time.perf_counter() - began
        return machine.check_content(self._content.guide, seconds, self._model.knows if self._model else None)

    def _check_voice(self) -> Check:
        settings = self._voice_settings()
        trial = speech.try_voice(self._voice, load_phrases().say("greeting")[0], settings)
        check = speech.check_voice(trial, settings)
        self._speech = trial.speech if check.ok else None
        return check

    def _check_library(self) -> Check:
        try:
            return sound.check_library()
        except MarigoldError:
            self._sound_fails = "the sound library is not there"
            raise

    def _check_devices(self) -> Check:
        microphone = speaker = None
        with contextlib.suppress(MarigoldError):  # which is wrong with it, its own check tells
            microphone = find_input(self._settings.microphone)
        with contextlib.suppress(MarigoldError):
            speaker = find_output(self._settings.speaker)
        return sound.check_devices(list_devices(), microphone, speaker)

    def _check_speaker(self) -> Check:
        samples, rate = sound.tone(), RATE
        if self._speech is not None:
            samples, rate = self._speech.samples, self._speech.rate
        if self._wishes.quiet:
            samples = samples * 0
        try:
            played = sound.try_speaker(self._settings.speaker, samples, rate)
        except NoSpeakerError as fault:
            return bad("speaker", str(fault).splitlines()[0].removesuffix("."), sound.NO_SPEAKER)
        return sound.check_speaker(played, silent=self._wishes.quiet)

    def _check_microphone(self) -> Check:
        seconds = WATCHING if self._watcher.watches_level else LISTENING
        try:
            heard = sound.record(self._settings.microphone, seconds, self._watcher.level)
        except NoMicrophoneError as fault:
            return bad("microphone", str(fault).splitlines()[0].removesuffix("."), sound.NO_MICROPHONE)
        return sound.check_microphone(heard)

    def _check_latency(self) -> Check:
        parts = {"model": self._model, "content": self._content, "voice": self._speech}
        missing = [name for name, part in parts.items() if part is None]
        if self._model is None or self._content is None or self._speech is None:
            return bad("latency", f"not tried, for lack of {', '.join(missing)}", f"First see to: {missing[0]}.")
        entries = list(self._content.guide.entries.values())[:QUESTIONS]
        if not entries:
            return bad("latency", "not tried, for the guide answers nothing", "Run: marigold content check")
        settings = self._voice_settings()
        for entry in entries:
            question = self._voice.synthesise(entry.question, settings)
            run = speech.rehearse(self._model, question, entry, self._content, self._voice, settings)
            if run.right:
                break
        return speech.check_latency(run, (self._settings.short_pause, self._settings.long_pause))

    def _check_recording(self) -> Check:
        if self._model is None:
            return bad("recording", "not tried, for lack of a model", "First see to: model.")
        self._watcher.speak_now(RECORDING)
        heard = sound.record(self._settings.microphone, RECORDING, self._watcher.level)
        check = sound.check_microphone(heard, "recording")
        if not check.ok:
            return check
        remark = "not played back, as asked"
        if not self._wishes.quiet:
            remark = self._played_back(heard)
        text = speech.words_in(self._model, heard.samples)
        if not text:
            advice = "Speak nearer to the microphone, or turn it up; then: marigold doctor --record"
            return bad("recording", f"there are no words in {heard.seconds:.0f} s of sound; {remark}", advice)
        return good("recording", f"heard '{text}'; {remark}")

    def _played_back(self, heard: sound.Recorded) -> str:
        try:
            out = sound.play_back(self._settings.speaker, heard.samples, SAMPLE_RATE)
        except MarigoldError as fault:
            return f"not played back: {from_fault('recording', fault).finding}"
        return "played back" if out else "played back, but not to the end"

    def _check_clock(self) -> Check:
        return machine.check_clock(self._began, machine.moment(), machine.time_zone(os.environ))

    def _voice_settings(self) -> VoiceSettings:
        return voice_settings(self._settings)
