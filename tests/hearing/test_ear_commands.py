"""The ear spots commands before the turn ends, and nothing else as one: synthesised speech and real people."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.hearing.events import CommandSpotted, Heard
from assistant.hearing.listening import Listening
from assistant.hearing.recogniser import Recogniser
from assistant.sound.wav import read_recording
from said import COMMANDS, END, QUESTION, SPOTTING, Listener, linux, said, sound, texts
from shared_folder import SHARED

pytestmark = linux

CORPUS = SHARED / "corpus"


def test_commands_are_spotted_before_the_turn_ends(capsys: pytest.CaptureFixture[str]) -> None:
    delays = {}
    for command in ("stop", "hang on", "yes", "no"):
        listener = Listener(SPOTTING).hear(sound(0.8, command, END))
        assert [spotted.text for spotted in listener.only(CommandSpotted)] == [command]
        delays[command] = listener.when(CommandSpotted)[0] - 0.8 - said(command).seconds
        heard = listener.only(Heard)[0]
        assert (heard.spotted, heard.grammar) == (command, command)
        assert listener.only(CommandSpotted)[0].began <= 0.8
    with capsys.disabled():
        print(
            f"\n  spotted {delays['stop']:.2f} s of sound after stop, {statistics.median(delays.values()):.2f} median"
        )
    assert max(delays.values()) < 0.45


def test_a_command_of_the_own_voice_is_dropped_and_the_persons_is_still_heard() -> None:
    asked: list[str] = []

    def first_is_own(spotted: CommandSpotted) -> bool:
        asked.append(spotted.text)
        return len(asked) == 1

    listener = Listener(SPOTTING, is_own=first_is_own).hear(sound(0.5, "stop", 0.5, "stop", END))
    assert asked == ["stop", "stop"]
    assert [spotted.text for spotted in listener.only(CommandSpotted)] == ["stop"]
    assert listener.when(CommandSpotted)[0] > 0.5 + said("stop").seconds + 0.5


def test_without_spotting_a_command_is_told_with_the_turn_only() -> None:
    listener = Listener(Listening(COMMANDS)).hear(sound(0.5, "stop", END))
    assert listener.only(CommandSpotted) == []
    heard = listener.only(Heard)[0]
    assert (heard.spotted, heard.grammar, heard.text) == (None, "stop", "stop")


@pytest.mark.parametrize(
    "text",
    ["how long do i leave it on", "how long do i press for", "how long do i wait"],
)
def test_questions_are_not_spotted_as_commands(text: str) -> None:
    listener = Listener(SPOTTING).hear(sound(0.5, text, END))
    assert listener.only(CommandSpotted) == []
    assert [(heard.text, heard.grammar) for heard in listener.only(Heard)] == [(text, None)]


def hear_on_and_on(monkeypatch: pytest.MonkeyPatch, partials: Sequence[tuple[str, str]]) -> list[str]:
    """Have the recognisers give (grammar, open) partial results, one pair a look; return what is spotted.

    They are given no sound: what they would make of it isn't asked for, and takes most of the time.
    """
    left = list(partials)
    listener = Listener(SPOTTING)

    def partial(recogniser: Recogniser) -> str:
        if recogniser is listener.ear._open:
            return left[0][1] if left else ""
        return left[0][0] if left else ""

    spotted_before: list[int] = []
    look = listener.ear._look

    def counted(turn: object) -> None:
        since = turn.since_look  # type: ignore[attr-defined]
        look(turn)  # type: ignore[arg-type]
        if turn.since_look < since and left:  # type: ignore[attr-defined]
            left.pop(0)
            spotted_before.append(len(listener.only(CommandSpotted)))

    monkeypatch.setattr(Recogniser, "accept", lambda recogniser, sound: None)
    monkeypatch.setattr(Recogniser, "partial", partial)
    monkeypatch.setattr(Recogniser, "final", lambda _: ())
    monkeypatch.setattr(listener.ear, "_look", counted)
    listener.hear(sound(0.5, QUESTION))
    assert not left, "every pair was looked at"
    return [spotted.text for spotted in listener.only(CommandSpotted)]


@pytest.mark.parametrize(
    ("partials", "spotted"),
    [
        ([("hang on", "hang on"), ("hang on", "hang on")], ["hang on"]),
        ([("hang on", "hang on"), ("hang on [unk]", "hang on to")], []),
        ([("hang on", "how long"), ("hang on", "how long do"), ("hang on", "how long do i")], []),
        ([("hang on", "hang on"), ("", ""), ("hang on", "hang on")], []),
        ([("wait", "wait"), ("pause", "pause"), ("wait", "wait")], []),
        ([("stop", "top"), ("[unk] stop", "shop")], ["stop"]),
        ([("stop", "top"), ("stop it", "top it"), ("stop it", "shop it")], ["stop it"]),
        ([("yes [unk] stop", "use ice and"), ("yes [unk] stop", "use ice and top")], ["stop"]),
        ([("yes [unk] wait", "use ice wait"), ("yes [unk] wait", "use ice wait")], ["wait"]),
        ([("yes [unk] wait", "use ice and"), ("yes [unk] wait", "use ice and heat")], []),
        ([("yes [unk]", "yes"), ("stop yes [unk]", "stop yes"), ("stop yes [unk]", "stop yes")], []),
        ([("wait", "wait")] * 5, ["wait"]),
        ([("no", "casino"), ("no", "casino")], []),
        ([("stop no", "stop no"), ("stop no", "stop no")], []),
    ],
)
def test_a_command_is_spotted_only_when_stable_and_believed(
    monkeypatch: pytest.MonkeyPatch, partials: list[tuple[str, str]], spotted: list[str]
) -> None:
    assert hear_on_and_on(monkeypatch, partials) == spotted


def test_what_is_listened_for_changes_between_turns_not_inside_one() -> None:
    listener = Listener(Listening(("stop",), spot=True))
    listener.hear(sound(0.5, said("wait").samples[:4000]))
    listener.ear.listen(Listening(("wait",), spot=True))
    listener.hear(sound(said("wait").samples[4000:], END))
    assert listener.only(CommandSpotted) == []
    listener.hear(sound("wait", END))
    assert [spotted.text for spotted in listener.only(CommandSpotted)] == ["wait"]


def test_spotting_may_be_switched_on_inside_a_turn() -> None:
    listener = Listener(Listening(COMMANDS))
    listener.hear(sound(0.5, said("enough").samples[:4000]))
    listener.ear.listen(SPOTTING)
    listener.hear(sound(said("enough").samples[4000:], END))
    assert [spotted.text for spotted in listener.only(CommandSpotted)] == ["enough"]


def test_commands_that_the_model_cannot_write_leave_the_open_recogniser() -> None:
    listener = Listener(Listening(("xqzzy",), spot=True)).hear(sound(0.5, "stop", END))
    assert [(heard.text, heard.grammar) for heard in listener.only(Heard)] == [("stop", None)]


# Real people ----------------------------------------------------------------------------------------------------


def recordings(wanted: Callable[[dict[str, str]], bool], most: int) -> list[tuple[str, NDArray[np.int16]]]:
    manifest = CORPUS / "manifest.tsv"
    if not manifest.exists():
        pytest.skip(f"no recordings of real people in {CORPUS}")
    with manifest.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if wanted(row)]
    return [(row["transcript"], read_recording(CORPUS / row["path"])) for row in rows[:most]]


@pytest.mark.parametrize("word", ["stop", "yes", "no"])
def test_real_commands_are_spotted(word: str) -> None:
    clips = recordings(lambda row: row["transcript"] == word and "speech_commands/" in row["path"], 2)
    assert len(clips) == 2
    spotted = []
    for _, samples in clips:
        listener = Listener(SPOTTING).hear(sound(0.5, samples, 0.5))
        spotted += [command.text for command in listener.only(CommandSpotted)]
    assert spotted == [word, word]


def test_real_coffee_orders_are_seldom_spotted_as_commands() -> None:
    """A false stop costs less than a missed one, and is taken on the grammar's word alone; anything else never is."""
    orders = recordings(lambda row: "picovoice_barista/" in row["path"], 8)
    stops = 0
    for _, samples in orders:
        listener = Listener(SPOTTING).hear(sound(samples, END))
        spotted = [command.text for command in listener.only(CommandSpotted)]
        assert set(spotted) <= {"stop"}
        stops += len(spotted)
        assert any(len(text.split()) > 4 for text in texts(listener))
    assert stops <= len(orders) // 4
