"""The real voice in its own process: what it says, and what happens when it hangs or dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.speaking import supervised, worker_process
from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.voice import NoVoiceError, UnknownVoiceError, VoiceFailedError, VoiceSettings

VOICE = VoiceSettings()
SENTENCE = "Lie on your back with your knees bent, and rest for ten minutes."
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the espeak worker is Linux only")
pytestmark = linux


@pytest.fixture(scope="module")
def voice() -> Iterator[SupervisedSynthesiser]:
    synthesiser = SupervisedSynthesiser()
    yield synthesiser
    synthesiser.close()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not gone(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_sentence_becomes_sound_with_its_words(voice: SupervisedSynthesiser) -> None:
    speech = voice.synthesise(SENTENCE, VOICE)
    assert speech.rate == 22_050
    assert speech.samples.dtype == np.int16
    assert 2.5 < speech.seconds < 5.0
    assert np.abs(speech.samples).max() > 5000
    assert [word.text for word in speech.words] == SENTENCE.replace(",", "").rstrip(".").split()
    starts = [word.start for word in speech.words]
    assert starts == sorted(starts)
    assert all(0 <= word.start <= word.end <= speech.seconds for word in speech.words)
    assert voice.version.startswith("espeak-ng 1.")


def test_words_behind_other_alphabets_and_figures_keep_their_place(voice: SupervisedSynthesiser) -> None:
    speech = voice.synthesise("Café naïve: rest 15–20 minutes.", VOICE)
    assert [word.text for word in speech.words] == ["Café", "naïve", "rest", "15", "to", "20", "minutes"]


def test_a_figure_is_one_word_though_it_is_said_as_several(voice: SupervisedSynthesiser) -> None:
    speech = voice.synthesise("It's 1,234.5 or 99, not 101.", VOICE)
    assert [word.text for word in speech.words] == ["It's", "1,234.5", "or", "99", "not", "101"]
    figure = speech.words[1]
    assert 1.5 < figure.end - figure.start < 4.0


def test_words_that_are_said_as_one_are_all_there(voice: SupervisedSynthesiser) -> None:
    text = "Get out of the way of the side-lying person, it is to be in the hall"
    speech = voice.synthesise(text, VOICE)
    assert [word.text for word in speech.words] == text.replace(",", "").split()
    for word, after in zip(speech.words, speech.words[1:], strict=False):
        assert word.start < word.end <= after.start + 1e-9


def test_the_silence_at_the_end_is_short(voice: SupervisedSynthesiser) -> None:
    for settings in (VOICE, VoiceSettings(volume=5)):
        samples = voice.synthesise(SENTENCE, settings).samples
        peak = int(np.abs(samples.astype(int)).max())
        loud = np.flatnonzero(np.abs(samples.astype(int)) > peak * 0.002)
        assert (len(samples) - 1 - loud[-1]) / 22_050 <= 0.081


def test_rate_volume_and_pitch_are_heard(voice: SupervisedSynthesiser) -> None:
    def crossings(settings: VoiceSettings) -> float:
        samples = voice.synthesise("aaah", settings).samples.astype(int)
        spectrum = np.abs(np.fft.rfft(samples, 1 << 16))[: int(400 / 22_050 * (1 << 16))]
        return float(np.argmax(spectrum))

    slow, fast = (voice.synthesise(SENTENCE, VoiceSettings(rate=rate)).seconds for rate in (100, 300))
    assert slow > 2 * fast
    quiet, loud = (
        int(np.abs(voice.synthesise(SENTENCE, VoiceSettings(volume=v)).samples.astype(int)).max()) for v in (30, 100)
    )
    assert loud > 2 * quiet
    assert crossings(VoiceSettings(pitch=90)) != crossings(VoiceSettings(pitch=10))


def test_volume_0_is_silent_and_as_long(voice: SupervisedSynthesiser) -> None:
    silent = voice.synthesise(SENTENCE, VoiceSettings(volume=0))
    assert not silent.samples.any()
    assert silent.seconds > 2.5


@pytest.mark.parametrize("text", ["", " ", ".", "\x00", "\n\n", "…", "🙂", "\x01\x02"])
def test_a_text_without_words_is_no_fault(voice: SupervisedSynthesiser, text: str) -> None:
    assert voice.synthesise(text, VOICE).seconds < 3


@pytest.mark.parametrize(
    "text",
    [
        "Rest <break time='9s'/> now",
        "Rest <voice name='fr'>now</voice>",
        "Rest [[n'aU]] now",
        "Rest \x01450s now",
        "Rest now" + "\x00" + "!" * 50,
        "<speak><prosody rate='x-slow'>Rest now</prosody></speak>",
    ],
)
def test_mark_up_and_control_characters_are_no_commands(voice: SupervisedSynthesiser, text: str) -> None:
    before = voice.restarts
    assert voice.synthesise(text, VOICE).seconds < 7
    after = voice.synthesise("Rest now", VOICE)
    assert after.seconds == pytest.approx(voice.synthesise("Rest now", VOICE).seconds, rel=0.05)
    assert voice.restarts == before


def test_a_long_text_is_said_whole(voice: SupervisedSynthesiser) -> None:
    text = " ".join(f"Sentence {n} is here." for n in range(200, 600))
    assert len(text) > 3 * supervised.MAX_LETTERS
    speech = voice.synthesise(text, VOICE)
    assert len(speech.words) == 1600
    starts = [word.start for word in speech.words]
    assert starts == sorted(starts)
    assert speech.words[-1].end <= speech.seconds


def test_a_long_text_without_sentences_is_cut_between_words(voice: SupervisedSynthesiser) -> None:
    speech = voice.synthesise("again " * 1000, VOICE)
    assert [word.text for word in speech.words] == ["again"] * 1000
    assert voice.synthesise("a" * 5000, VoiceSettings(rate=450)).seconds > 1


def test_an_unknown_voice_is_answered_with_near_ones(voice: SupervisedSynthesiser) -> None:
    with pytest.raises(UnknownVoiceError, match="en-gb") as fault:
        voice.synthesise("Hello", VoiceSettings(voice="en-gbb"))
    assert fault.value.exit_code == 2
    assert voice.synthesise("Hello", VOICE).seconds > 0.2
    assert {"en-gb", "en-us", "fr-fr"} <= set(voice.voices())


@pytest.mark.parametrize("name", ["en-us", "EN-GB", "en", "en-gb+f3", "gmw/en-US"])
def test_voices_go_by_language_or_name(voice: SupervisedSynthesiser, name: str) -> None:
    assert voice.synthesise("Hello", VoiceSettings(voice=name)).seconds > 0.2


def test_a_worker_that_died_is_replaced_and_the_sentence_said() -> None:
    voice = SupervisedSynthesiser()
    voice.start()
    first = voice.worker
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert voice.synthesise(SENTENCE, VOICE).seconds > 2.5
    assert voice.worker != first
    voice.close()


def test_a_worker_that_hangs_is_killed_and_the_sentence_said() -> None:
    voice = SupervisedSynthesiser()
    voice.start()
    first = voice.worker
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    began = time.monotonic()
    assert voice.synthesise("Rest now", VOICE).seconds > 0.3
    assert time.monotonic() - began < 3.0
    assert voice.restarts == 1
    assert gone_within(first, 2)
    voice.close()


BAD_WORKER = """
import os, signal, sys, time
from multiprocessing.connection import Connection
pipe = Connection(int(sys.argv[2]))
pipe.send(("ready", "bad"))
pipe.recv()
"""


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("time.sleep(60)", "hung"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "ended"),
        ("os._exit(1)", "ended"),
        ("pipe.send(('failed', 'no breath'))", "no breath"),
        ("os.write(pipe.fileno(), b'\\x00\\x00\\x10\\x00half'); time.sleep(60)", "ended"),
    ],
)
def test_a_voice_that_always_fails_is_given_up(monkeypatch: pytest.MonkeyPatch, fault: str, told: str) -> None:
    monkeypatch.setattr(worker_process, "_PROGRAM", BAD_WORKER + fault)
    monkeypatch.setattr(supervised, "BASE_TIMEOUT", 0.2)
    monkeypatch.setattr(supervised, "RECEIVING", 0.2)
    voice = SupervisedSynthesiser()
    began = time.monotonic()
    with pytest.raises(VoiceFailedError, match=told) as raised:
        voice.synthesise("Rest", VOICE)
    assert time.monotonic() - began < 10
    assert voice.restarts == 2
    assert raised.value.exit_code == 3
    voice.close()


def test_a_voice_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "_PROGRAM", "raise SystemExit(1)")
    voice = SupervisedSynthesiser()
    with pytest.raises(NoVoiceError, match="ended while it started"):
        voice.synthesise("Rest", VOICE)
    voice.close()


def test_after_closing_no_worker_is_started_again() -> None:
    voice = SupervisedSynthesiser()
    voice.start()
    pid = voice.worker
    assert pid is not None
    voice.close()
    assert gone_within(pid, 2)
    with pytest.raises(NoVoiceError, match="closed"):
        voice.synthesise("Rest", VOICE)
    voice.close()


def test_closing_does_not_wait_for_a_hanging_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "BASE_TIMEOUT", 30.0)
    voice = SupervisedSynthesiser()
    voice.start()
    pid = voice.worker
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    ended: list[str] = []

    def say() -> None:
        try:
            voice.synthesise("Rest", VOICE)
        except NoVoiceError:
            ended.append("closed")

    thread = threading.Thread(target=say)
    thread.start()
    time.sleep(0.2)
    began = time.monotonic()
    voice.close()
    thread.join(5)
    assert time.monotonic() - began < 2
    assert ended == ["closed"]


def test_several_threads_share_one_worker(voice: SupervisedSynthesiser) -> None:
    lengths: list[int] = []

    def work() -> None:
        for count in (1, 3, 5):
            speech = voice.synthesise(" ".join(["rest"] * count), VOICE)
            lengths.append(len(speech.words) - count)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lengths == [0] * 12


def child(program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


PARENT = (
    "from assistant.speaking.supervised import SupervisedSynthesiser\n"
    "voice = SupervisedSynthesiser()\n"
    "voice.start()\n"
    "print(voice.worker, flush=True)\n"
)


@pytest.mark.parametrize("busy", [False, True])
def test_no_worker_outlives_a_killed_parent(busy: bool) -> None:
    long_text = (
        "import threading, time\n"
        "from assistant.speaking import supervised\n"
        "from assistant.speaking.voice import VoiceSettings\n"
        "supervised.MAX_LETTERS = 10**7\n"
        "text = 'rest ' * 200_000\n"  # espeak is at it for half a minute
        "threading.Thread(target=voice.synthesise, args=(text, VoiceSettings())).start()\n"
        "time.sleep(1)\n"
    )
    parent = child(PARENT + (long_text if busy else "") + "print('on', flush=True)\nimport sys; sys.stdin.read()")
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert parent.stdout.readline() == "on\n"
    assert not gone(pid)
    parent.kill()
    assert gone_within(pid, 3)
    parent.communicate()


def test_ctrl_c_is_for_the_parent_only() -> None:
    parent = child(
        "import time\nfrom assistant.speaking.voice import VoiceSettings\n"
        + PARENT
        + "try:\n    print('on', flush=True)\n    time.sleep(20)\nexcept KeyboardInterrupt:\n"
        "    print(voice.synthesise('bye', VoiceSettings()).seconds > 0.1, voice.restarts, flush=True)\n"
        "voice.close()\n"
    )
    assert parent.stdout is not None
    parent.stdout.readline()
    assert parent.stdout.readline() == "on\n"
    os.killpg(parent.pid, signal.SIGINT)
    out, err = parent.communicate(timeout=20)
    assert (out, err) == ("True 0\n", "")
