"""Measures, on virtual devices, how near to its second each cue begins when the whole assistant leads a routine.

    python tests/measure_led_countdown.py [--runs N] [--only silence|talk|pad]

A synthetic person starts each routine by voice, in a child process that hears and speaks as it ships:

* silence: press and rub, with its real 30 seconds;
* talk: the same, with a question and "how long is left" while it counts;
* pad: the warm pad of hot and cold, made 130 seconds long (from 120 on it counts as a wait: one minute left, the last
  ten seconds), with a skin check.

What has to be counted stands here, apart from the assistant's own plan. A cue's line is waited for, and its sound found
in what the speaker gave (`onsets.Alike`). Errors count against the start cue, as the person counts from it.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.content import shipped
from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.voice import VoiceSettings
from conversation import Conversation, conversation
from onsets import Found, Plan, Recorded, found_in, recorded, report, takes_of
from virtual_devices import EDGE_SECONDS, SPEAKER_RATE, VirtualDevices, virtual_devices

GREETING = 6.0
"""Seconds that the greeting lasts."""
INSTRUCTION = 9.0
"""... and what is said before "ready"."""
TIMES, ANSWERED = 3, 3.0
"""How often "next" is said, and seconds for its answer: just after "say next" it is taken for the assistant's own."""
PAD_SECONDS = 130
SKIN_CHECK_AT = 30
SKIN_CHECK = "A safety note, not from the guide: check the skin under the pad, and stay awake."
LEAST_LIKENESS = 0.92
"""Below this something else was said over the cue, or it was not said: two takes of a cue have 0.95 or more, two
different cues 0.86 or less."""
PRINTED_EARLY, PRINTED_LATE = 0.5, 1.0
"""Seconds around the printed line of the start cue in which its sound is looked for."""
NUMBERS = ("Ten", "Nine", "Eight", "Seven", "Six", "Five", "Four", "Three", "Two", "One")
PRESSING: Plan = [
    (0.0, "Press now."),
    (15.0, "Halfway."),
    (20.0, "Ten."),
    *((25.0 + n, f"{word}.") for n, word in enumerate(NUMBERS[-5:])),
    (30.0, "And release."),
]
PAD: Plan = [
    (0.0, "The time starts now."),
    (float(SKIN_CHECK_AT), SKIN_CHECK),
    (PAD_SECONDS / 2, "Halfway."),
    (PAD_SECONDS - 60.0, "1 minute left."),
    *((PAD_SECONDS - 10.0 + n, f"{word}.") for n, word in enumerate(NUMBERS)),
    (float(PAD_SECONDS), "Take the warm pad off now."),
]


@dataclass(frozen=True, slots=True)
class Said:
    """What the person says at a second of the clock (when it begins), and what has to be printed after it."""

    second: float
    text: str
    expected: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A routine to lead: how it is begun, what it has to count, and what is said meanwhile."""

    title: str
    start: str
    begun: str
    instruction: str
    plan: Plan
    meanwhile: tuple[Said, ...] = ()
    content: Callable[[Path], Path] | None = None


def long_pad(folder: Path) -> Path:
    """Return a copy of the content with a warm pad of `PAD_SECONDS`."""
    pack = folder / "pack"
    shutil.copytree(shipped("content") / "back-spasms", pack)
    file = pack / "routines" / "hot-and-cold.yaml"
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"^    seconds: 1200$", f"    seconds: {PAD_SECONDS}", text, count=1, flags=re.MULTILINE)
    text = text.replace("skin_checks: [600]", f"skin_checks: [{SKIN_CHECK_AT}]")
    file.write_text(text, encoding="utf-8")
    return pack


SCENES = {
    "silence": Scene(
        "press and rub, 30 s, in silence",
        "start press and rub",
        r"^Marigold: Okay, pressing and rubbing",
        r"^Marigold: Press firmly",
        PRESSING,
    ),
    "talk": Scene(
        "press and rub, 30 s, with a question at 5 s and 'how long is left' at 18 s",
        "start press and rub",
        r"^Marigold: Okay, pressing and rubbing",
        r"^Marigold: Press firmly",
        PRESSING,
        (
            Said(5.0, "does heat help a spasm", r"^Marigold: The guide says"),
            Said(18.0, "how long is left", r"^Marigold: .*seconds? left"),
        ),
    ),
    "pad": Scene(
        f"the warm pad of hot and cold, shortened to {PAD_SECONDS} s",
        "start hot and cold",
        r"^Marigold: Okay, hot and cold",
        r"^Marigold: Put the warm pad on",
        PAD,
        content=long_pad,
    ),
}


def begin(talk: Conversation, scene: Scene) -> None:
    """Start the routine, by voice, up to "ready"; it may be taken for a question that offers it."""
    before = len(talk.lines)
    talk.ask(f"hey marigold {scene.start}")
    if "Okay, " not in talk.wait_for(r"^Marigold: (Okay, |.*Shall I)", after=before).text:
        talk.ask("hey marigold yes please")
    talk.wait_for(scene.begun, after=before)
    for _ in range(TIMES):
        time.sleep(1.0)
        talk.ask("next")
        with contextlib.suppress(AssertionError):
            talk.wait_for(scene.instruction, after=before, seconds=ANSWERED)
            break
    talk.wait_for(scene.instruction, after=before, seconds=0.0)
    time.sleep(INSTRUCTION)
    talk.ask("ready")


def led(scene: Scene, devices: VirtualDevices, folder: Path) -> list[Found]:
    """Let the assistant lead a routine; return where its cues were found.

    Raises:
        AssertionError: a cue, or an answer, was not given.
    """
    options = ("--content", str(scene.content(folder))) if scene.content else ()
    with conversation(devices, folder, *options) as talk:
        time.sleep(GREETING)
        with recorded(devices, folder / "heard.raw") as recording:
            begin(talk, scene)
            printed = _printed(talk, scene)
            time.sleep(2.0)  # the last cue is said to its end
    print("\nsaid meanwhile:", *(f"  {line.at - printed[0]:7.2f}  {line.text}" for line in talk.lines), sep="\n")
    return _found(recording, scene.plan, printed)


def _printed(talk: Conversation, scene: Scene) -> list[float]:
    """Return when each cue was printed; say meanwhile what is to be said."""
    plan = scene.plan
    start = talk.wait_for(rf"^ +0:00  {re.escape(plan[0][1])}", seconds=10.0).at
    for said in scene.meanwhile:
        before, sound = len(talk.lines), talk.spoken(said.text)
        time.sleep(max(0.0, start + said.second - EDGE_SECONDS - time.monotonic()))
        talk.play(sound)
        talk.wait_for(said.expected, after=before)
    printed = []
    for second, text in plan:
        pattern = rf"^ +{int(second) // 60}:{int(second) % 60:02}  {re.escape(text)}$"
        left = start + second - time.monotonic()
        printed.append(talk.wait_for(pattern, seconds=max(0.0, left) + 5.0).at)
    counted = [line.text for line in talk.lines if line.at <= printed[-1] and re.search(r"^ +\d+:\d\d  ", line.text)]
    assert len(counted) == len(plan), counted  # nothing else is counted
    return printed


def _found(recording: Recorded, plan: Plan, printed: list[float]) -> list[Found]:
    length, begun = recording.clock()
    near = (printed[0] - begun) / length / SPEAKER_RATE
    with contextlib.closing(SupervisedSynthesiser()) as synthesiser:
        sounds = takes_of({text for _, text in plan}, synthesiser, VoiceSettings())
    within = (near - PRINTED_EARLY, near + PRINTED_LATE + len(sounds[plan[0][1]].samples) / SPEAKER_RATE)
    found = found_in(recording, plan, sounds, printed, within)
    covered = [cue for cue in found if cue.likeness < LEAST_LIKENESS]
    for cue in covered:
        print(f"NOT HEARD ALONE: {cue.text} at {cue.second:g} s has a likeness of only {cue.likeness:.3f}")
    return found


def main() -> None:
    """Run the measurement."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=1, help="How often each routine is led.")
    arguments.add_argument("--only", choices=SCENES, help="Lead this one only.")
    given = arguments.parse_args()
    worst = []
    for name in [given.only] if given.only else SCENES:
        for run in range(1, given.runs + 1):
            with virtual_devices() as devices, tempfile.TemporaryDirectory() as folder:
                found = led(SCENES[name], devices, Path(folder))
            worst.append(report(f"{SCENES[name].title}, run {run}", found, told="printed"))
    print(f"\nworst of all: {max(worst) * 1000:.2f} ms")


if __name__ == "__main__":
    main()
