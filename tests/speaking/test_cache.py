from __future__ import annotations

import threading

import numpy as np
import pytest

from assistant.speaking.cache import CachedSynthesiser
from assistant.speaking.voice import Speech, VoiceFailedError, VoiceSettings

VOICE = VoiceSettings()


class Counting:
    """Makes 1000 bytes of sound a letter and counts."""

    def __init__(self) -> None:
        self.version = "1"
        self.made: list[str] = []
        self.closed = False
        self.fails = False

    def synthesise(self, text: str, settings: VoiceSettings) -> Speech:
        self.made.append(text)
        if self.fails:
            raise VoiceFailedError("no")
        return Speech(text, np.zeros(500 * len(text), dtype=np.int16), 22_050)

    def voices(self) -> list[str]:
        return ["en-gb"]

    def close(self) -> None:
        self.closed = True


def test_the_same_text_is_made_once_for_each_voice_and_library() -> None:
    inner = Counting()
    cache = CachedSynthesiser(inner)
    first = cache.synthesise("a", VOICE)
    assert cache.synthesise("a", VOICE) is first
    cache.synthesise("a", VoiceSettings(rate=200))
    inner.version = "2"
    cache.synthesise("a", VOICE)
    assert inner.made == ["a", "a", "a"]
    assert (cache.hits, cache.misses) == (1, 3)


def test_what_was_used_least_recently_goes_first() -> None:
    inner = Counting()
    cache = CachedSynthesiser(inner, max_bytes=3000)
    for text in ("a", "b", "c", "a", "d"):
        cache.synthesise(text, VOICE)
    assert cache.bytes_kept == 3000
    inner.made.clear()
    for text in ("a", "c", "d", "b"):
        cache.synthesise(text, VOICE)
    assert inner.made == ["b"]


def test_the_memory_stays_within_its_bound() -> None:
    cache = CachedSynthesiser(Counting(), max_bytes=5000)
    for size in (1, 4, 6, 3, 50, 2, 5):
        assert cache.synthesise("x" * size, VOICE).text == "x" * size
        assert cache.bytes_kept <= 5000


def test_a_failure_is_not_kept() -> None:
    inner = Counting()
    cache = CachedSynthesiser(inner)
    inner.fails = True
    with pytest.raises(VoiceFailedError):
        cache.synthesise("a", VOICE)
    inner.fails = False
    assert cache.synthesise("a", VOICE).text == "a"


def test_warming_makes_texts_ahead() -> None:
    inner = Counting()
    cache = CachedSynthesiser(inner)
    cache.warm(["a", "b"], VOICE)
    cache.synthesise("b", VOICE)
    assert inner.made == ["a", "b"]
    assert cache.hits == 1


def test_several_threads_may_use_it() -> None:
    cache = CachedSynthesiser(Counting(), max_bytes=4000)
    faults: list[Exception] = []

    def work(seed: int) -> None:
        try:
            for n in range(300):
                text = "x" * (1 + (seed + n) % 7)
                assert cache.synthesise(text, VOICE).text == text
        except Exception as fault:  # noqa: BLE001 - a thread's fault is the test's
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert cache.bytes_kept <= 4000


def test_closing_and_voices_are_the_inner_ones() -> None:
    inner = Counting()
    cache = CachedSynthesiser(inner)
    assert cache.voices() == ["en-gb"]
    assert cache.version == "1"
    cache.close()
    assert inner.closed
