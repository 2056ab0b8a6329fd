"""Measures, on virtual devices, how near to its second each cue of a routine begins at the speaker.

    python tests/measure_countdown.py [--minutes N] [--long] [--reading]

By itself it plays the pressing's 30 seconds and a shortened turn of hot and cold, each in silence and while an answer
is being read. `--minutes N` plays a number every ten seconds (every five while N is 5 or less) for that long, for
drift, with `--reading` while answers are read; `--long` is an hour of it.

Onsets are found as `onsets` tells.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from pathlib import Path

from assistant.sound.speaker import Speaker
from assistant.speaking.cache import CachedSynthesiser
from assistant.speaking.cue_voice import CueBegan, CueEnded, CueEvent, CueVoice
from assistant.speaking.mouth import Mouth
from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.voice import Synthesiser, VoiceSettings
from onsets import Found, Plan, exact_sounds, found_in, recorded, report
from virtual_devices import VirtualDevices, in_this_process, virtual_devices

LEAD = 1.5
"""Seconds from the request to the first cue."""
VOICE = VoiceSettings()
ANSWER = [
    "Lie on your side with your knees bent and put a pillow between them, so that your spine stays straight.",
    "If you would rather lie on your back, put the pillow under your knees instead, and let your legs go heavy.",
    "Try both of them, and stay with the one that lets the muscle go; either can take a little while to help.",
    "You can change from one to the other whenever you like, and you need not hurry to get up again afterwards.",
]
COUNT = ["five", "four", "three", "two", "one"]


def plan_of(seconds: int, done: str, begin: str) -> Plan:
    """Return the cues of a timed step."""
    plan = [(0.0, begin), (seconds / 2, "halfway")]
    if seconds > 30:
        plan.append((seconds - 30.0, "thirty"))
    plan.append((seconds - 10.0, "ten"))
    plan += [(seconds - 5.0 + number, word) for number, word in enumerate(COUNT)]
    return sorted([*plan, (float(seconds), done)])


def drifting(minutes: float) -> Plan:
    """Return a number every ten seconds, for that long."""
    words = ["ten", "thirty", *COUNT, "six", "seven", "eight", "nine"]
    every = 5 if minutes <= 5 else 10
    return [(float(second), words[n % len(words)]) for n, second in enumerate(range(0, int(minutes * 60) + 1, every))]


def played(devices: VirtualDevices, plan: Plan, synthesiser: Synthesiser, *, reading: bool, file: Path) -> list[Found]:
    """Play a plan and return where its cues were found; skips cues that ended otherwise than finished."""
    began: dict[str, float] = {}
    ended: dict[str, str] = {}

    def keep(event: CueEvent) -> None:
        if isinstance(event, CueBegan):
            began[event.cue_id] = event.at
        elif isinstance(event, CueEnded):
            ended[event.cue_id] = event.how

    with recorded(devices, file) as recording, contextlib.ExitStack() as open_things:
        speaker = open_things.enter_context(contextlib.closing(Speaker(None)))
        voice = open_things.enter_context(contextlib.closing(CueVoice(synthesiser, speaker, keep)))
        mouth = open_things.enter_context(contextlib.closing(Mouth(synthesiser, speaker, lambda _: None)))
        voice.measure({text for _, text in plan}, VOICE)
        _follow(plan, voice, mouth, reading=reading)
    wrong = {cue: how for cue, how in ended.items() if how != "finished"}
    if wrong or len(ended) != len(plan):
        raise SystemExit(f"cues were not said: {wrong or ended}")
    sounds = exact_sounds({text for _, text in plan}, synthesiser, VOICE)
    told = [began[str(number)] for number in range(len(plan))]
    return found_in(recording, plan, sounds, told, (0.0, LEAD + 3.0))


def _follow(plan: Plan, voice: CueVoice, mouth: Mouth, *, reading: bool) -> None:
    """Give each cue to the voice some seconds ahead, as the routines do; read again and again with ``reading``."""
    start = time.monotonic() + LEAD
    next_reading = start + 0.4
    for number, (second, text) in enumerate(plan):
        while time.monotonic() < start + second - LEAD:
            if reading and time.monotonic() > next_reading:
                mouth.say(f"answer {number}", ANSWER, VOICE)
                next_reading = time.monotonic() + 9.3  # an answer lasts longer: each is overtaken by the next
            time.sleep(0.02)
        voice.say_at(str(number), text, VOICE, start + second)
    while time.monotonic() < voice.speaking_until() + 0.5:
        time.sleep(0.05)


def main() -> None:
    """Run the measurement."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--minutes", type=float, help="a number every ten seconds for so many minutes")
    arguments.add_argument("--long", action="store_true", help="the same as --minutes 60")
    arguments.add_argument("--reading", action="store_true", help="with --minutes: read answers meanwhile")
    arguments.add_argument("--each", action="store_true", help="with --minutes: print each cue")
    given = arguments.parse_args()
    minutes = 60.0 if given.long and given.minutes is None else given.minutes
    worst = []
    with (
        tempfile.TemporaryDirectory() as folder,
        virtual_devices() as devices,
        in_this_process(devices),
        contextlib.closing(CachedSynthesiser(SupervisedSynthesiser())) as synthesiser,
    ):
        file = Path(folder) / "heard.raw"
        if minutes is not None:
            found = played(devices, drifting(minutes), synthesiser, reading=given.reading, file=file)
            worst.append(
                report(f"a number again and again for {minutes:g} minutes", found, each=given.each or minutes <= 5)
            )
        else:
            press = plan_of(30, "And release.", "Press now.")
            warm = plan_of(40, "Take the warm pad off now.", "The time starts now.")
            for name, plan in (("press and rub, 30 s", press), ("hot and cold, shortened to 40 s", warm)):
                for reading in (False, True):
                    title = f"{name}, {'while answers are read' if reading else 'in silence'}"
                    worst.append(report(title, played(devices, plan, synthesiser, reading=reading, file=file)))
    print(f"\nworst of all: {max(worst) * 1000:.2f} ms")


if __name__ == "__main__":
    main()
