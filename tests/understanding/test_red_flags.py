"""Red flags: the sheet's wordings exactly, other wordings as far as measured, and no alarm at ordinary talk."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assistant.content import load_commands, load_guide, load_off_topic, load_red_flags
from assistant.understanding.red_flags import URGENCY, BrokenRedFlagsError, RedFlags

DATA: Final = Path(__file__).parents[1] / "data" / "red_flags"
SHEET: Final[dict[str, Any]] = yaml.safe_load((DATA / "sheet.yaml").read_text(encoding="utf-8"))
TRAIN_RECALL: Final = 0.98
"""Below what was measured (0.995): patterns were made with these batches in sight."""
HELD_OUT_RECALL: Final = 0.77
"""Below what was measured (0.798): only the score of this batch was looked at."""
HELD_OUT_ALARMS: Final = 0.03
"""Share of ordinary lines kept apart that raise a flag; measured 0.022."""
LONG_SECONDS: Final = 0.05

FLAGS: Final = load_red_flags()


def raised(*readings: str, context: str = "idle") -> str | None:
    flag = FLAGS.find(readings, context=context)
    return None if flag is None else flag.id


@cache
def batches(kind: str) -> dict[str, tuple[str, ...]]:
    """Return the lines of all batches of ``kind`` ("train", "held_out") by flag; "none" are the near misses."""
    lines: dict[str, tuple[str, ...]] = {}
    for path in sorted(DATA.glob(f"{kind}_*.yaml")):
        for flag, said in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            lines[flag] = (*lines.get(flag, ()), *said)
    return lines


def recall(kind: str) -> float:
    said = [(flag, line) for flag, lines in batches(kind).items() if flag != "none" for line in lines]
    return sum(raised(line) == flag for flag, line in said) / len(said)


@pytest.mark.parametrize("context", ["idle", "routine"])
@pytest.mark.parametrize(
    ("flag", "tier", "said"),
    [(name, flag["tier"], said) for name, flag in SHEET["flags"].items() for said in flag["said"]],
)
def test_wordings_of_the_sheet(flag: str, tier: str, said: str, context: str) -> None:
    found = FLAGS.find([said], context=context)
    assert found is not None
    assert (found.id, found.tier) == (flag, tier)


@pytest.mark.parametrize("context", ["idle", "routine"])
@pytest.mark.parametrize("near_miss", SHEET["near_misses"], ids=lambda near_miss: near_miss["said"])
def test_near_misses_of_the_sheet(near_miss: dict[str, Any], context: str) -> None:
    assert raised(near_miss["said"], context=context) == near_miss[context]


def test_every_flag_of_the_sheet_is_there_and_has_batches() -> None:
    assert set(SHEET["flags"]) == FLAGS.ids
    assert all(len(batches("train")[flag]) >= 30 and len(batches("held_out")[flag]) >= 9 for flag in FLAGS.ids)


def test_recall_of_wordings_in_sight() -> None:
    assert recall("train") >= TRAIN_RECALL


def test_recall_of_wordings_kept_apart() -> None:
    assert recall("held_out") >= HELD_OUT_RECALL


def test_no_line_is_both_in_sight_and_kept_apart() -> None:
    train = {line for lines in batches("train").values() for line in lines}
    held_out = {line for lines in batches("held_out").values() for line in lines}
    assert not train & held_out - {line for line in train if len(line.split()) <= 4}


def test_ordinary_talk_raises_nothing() -> None:
    assert {line: raised(line) for line in batches("train")["none"] if raised(line)} == {}


def test_ordinary_talk_kept_apart_raises_next_to_nothing() -> None:
    lines = batches("held_out")["none"]
    assert sum(raised(line) is not None for line in lines) <= HELD_OUT_ALARMS * len(lines)


def test_questions_of_the_guide_and_commands_raise_nothing() -> None:
    guide = load_guide()
    lines = [way for entry in guide.entries.values() for way in entry.ways]
    lines += [line for routine in guide.routines.values() for batch in routine.asks.values() for line in batch]
    lines += [line for said in load_commands().values() for line in said]
    lines += load_off_topic()
    assert {line: raised(line) for line in lines if raised(line)} == {}


@pytest.mark.parametrize(
    "said",
    [
        "no numbness or weakness",
        "no numbness tingling or weakness in my legs",
        "without any numbness between my legs",
        "i've not had any trouble peeing",
        "i haven't lost control of my bladder or bowels",
        "neither fever nor chest pain",
        "i don't think i've got a fever",
        "i haven't noticed any blood in my wee",
        "never had cancer or osteoporosis",
    ],
)
def test_what_is_negated_did_not_happen(said: str) -> None:
    assert raised(said) is None


@pytest.mark.parametrize(
    ("said", "flag"),
    [
        ("no pain but i'm numb between my legs", "R01"),
        ("no pain numb between my legs", "R01"),
        ("there's no feeling between my legs", "R01"),
        ("i ain't got no feeling in my bum", "R01"),
        ("no numbness but i can't pee", "R02"),
        ("i haven't slept my legs have gone weak", "R04"),
        ("can't pee", "R02"),
        ("i'm not joking i can't feel my legs", "R04"),
    ],
)
def test_a_negation_covers_no_more_than_its_own(said: str, flag: str) -> None:
    assert raised(said) == flag


@pytest.mark.parametrize(
    ("said", "flag"),
    [
        ("my husband can't pee", "R02"),
        ("my mate had cancer", None),
        ("my neighbour fell off a ladder", None),
        ("my friend drove me home after i fell off a ladder", "R06"),
        ("my friend can't feel her legs", "R04"),
        ("the dog's legs are weak", None),
        ("my horse threw me", "R06"),
    ],
)
def test_of_whom_it_is_told(said: str, flag: str | None) -> None:
    assert raised(said) == flag


@pytest.mark.parametrize(
    ("said", "flag"),
    [
        ("i fell off a ladder ten years ago", None),
        ("i fell off a ladder", "R06"),
        ("i had a fall years ago but now i can't pee", "R02"),
        ("i had cancer ten years ago", "R11"),
    ],
)
def test_what_was_long_ago(said: str, flag: str | None) -> None:
    assert raised(said) == flag


@pytest.mark.parametrize(
    ("said", "flag"),
    [
        ("what are the warning signs", None),
        ("is numbness a sign of something serious", None),
        ("can a back spasm make your legs go numb", None),
        ("what if i'm having a baby", None),
        ("should i go to hospital if i can't pee", "R02"),
        ("i'm numb between my legs is it a sign of something", "R01"),
    ],
)
def test_what_is_asked_in_general(said: str, flag: str | None) -> None:
    assert raised(said) == flag


@pytest.mark.parametrize(
    ("said", "flag"),
    [
        ("my back's killing me and i'm numb between my legs", "R01"),
        ("i'm lying on the towel and i've gone numb between my legs", "R01"),
        ("my back's killing me and i want to end it", "R23"),
        ("i've taken too many tablets should i be worried", "R23"),
        ("i was in a crash on the motorway", "R06"),
        ("i fell out of bed", "R06"),
        ("i fell off a ladder and my phone fell out of my pocket", "R06"),
        ("i've got the pillow under my knees and now my legs have gone weak", "R04"),
        ("i fell asleep in front of the telly and now i can't feel my legs", "R04"),
        ("i was watching a film and i got chest pain", "R07"),
        ("i was bringing my knees to my chest and i got a crushing pain in my chest", "R07"),
        ("i've got a temperature and it's cold in this room", "R09"),
        ("i've got a blister bigger than my hand", "R21"),
        ("i was laughing and i messed myself", "R03"),
        ("i put the pillow between my legs and my hand's gone numb", None),
        ("my phone fell down the stairs", None),
        ("i nearly wet myself laughing", None),
        ("what's the temperature in the room", None),
        ("can i have wine with my codeine", None),
    ],
)
def test_ordinary_words_beside_a_flag_do_not_silence_it(said: str, flag: str | None) -> None:
    assert raised(said) == flag


@pytest.mark.parametrize("said", ["sat all numbness", "saddle numb this", "i can't go for a we", "my chess hurts"])
def test_what_a_recogniser_makes_of_it(said: str) -> None:
    found = FLAGS.find([said])
    assert found is not None
    assert found.tier == "E"


def test_a_lesser_reading_raises_a_flag_with_less_confidence() -> None:
    first, second = FLAGS.find(["i can't pee"]), FLAGS.find(["i can't see", "i can't pee"])
    assert first is not None
    assert second is not None
    assert second.id == first.id == "R02"
    assert second.confidence < first.confidence


def test_the_most_urgent_of_all_readings_is_taken() -> None:
    assert raised("i've had this for weeks") == "R18"
    assert raised("i've had this for weeks and i can't pee") == "R02"
    assert raised("i've had this for weeks", "i've had this for weeks and i can't pee") == "R02"
    assert raised("i'm pregnant and it shoots down my leg") == "R14"
    assert raised("i've got a temperature and it shoots down my leg") == "R09"


def test_harm_by_the_routine_comes_early_in_a_routine() -> None:
    assert raised("i fell asleep") is None
    assert raised("i fell asleep", context="routine") == "R21"
    assert raised("i'm pregnant and it's burning me") == "R14"
    assert raised("it's burning me and i can't feel my legs", context="routine") == "R04"


def test_signs_of_sepsis_are_an_emergency() -> None:
    found = FLAGS.find(["he's confused and he's burning up"])
    assert found is not None
    assert (found.id, found.tier) == ("R09", "E")


def test_all_of_a_long_ramble_is_heard() -> None:
    assert raised("i can't pee " + "and the kettle was on " * 70) == "R02"
    assert raised("and the kettle was on " * 70 + "i can't pee") == "R02"


@pytest.mark.parametrize(
    "words",
    ["my legs numb", "no numb or weak", "i have lost a lot of", "my friend had a fall", "pain down my leg", "can not"],
)
def test_long_input_takes_no_long_time(words: str) -> None:
    text = " ".join((words.split() * 400)[:400])
    taken = []
    for _ in range(3):
        begin = time.perf_counter()
        FLAGS.find([text])
        taken.append(time.perf_counter() - begin)
    assert min(taken) < LONG_SECONDS


@given(st.lists(st.text(max_size=200), max_size=3), st.sampled_from(["idle", "routine", "question", "speaking"]))
def test_any_text_is_taken(readings: list[str], context: str) -> None:
    found = FLAGS.find(readings, context=context)
    assert found is None or found.tier in URGENCY


WORDS: Final = ("no", "not", "i", "can", "my", "legs", "numb", "or", "and", "pee", "had", "a", "fall", "years", "ago")


@given(st.lists(st.sampled_from(WORDS)))
def test_any_words_are_taken(words: list[str]) -> None:
    FLAGS.find([" ".join(words)])


def definition(**changes: object) -> dict[str, Any]:
    rules = [{"all": ["numb"]}]
    return {
        "concepts": {"numb": ["numb"]},
        "negation": {"words": "no", "qualifier": "any", "list": r"\w+"},
        "general-question": "^what",
        "flags": [{"id": "R01", "tier": "E", "script": "E", "rules": rules}],
        **changes,
    }


def test_a_small_definition_is_enough() -> None:
    flags = RedFlags(definition())
    assert flags.find(["so numb"]) is not None
    assert flags.find(["no numb"]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"concepts": {"numb": ["("]}},
        {"concepts": {"numb": ["<nowhere>"]}},
        {"concepts": {"other": ["numb"]}},
        {"concepts": {"numb": ["<a>"]}, "parts": {"a": "<a>"}},
        {"flags": [{"id": "R01", "tier": "X", "script": "E", "rules": [{"all": ["numb"]}]}]},
        {"flags": [{"id": "R01", "tier": "E", "rules": [{"all": ["numb"]}]}]},
        {"negation": None},
        {"places": ["nowhere"]},
    ],
)
def test_a_broken_definition_is_named(changes: dict[str, object]) -> None:
    with pytest.raises(BrokenRedFlagsError, match=r"red_flags\.yaml"):
        RedFlags(definition(**changes))
