from __future__ import annotations

import pytest

from assistant.content import load_guide
from assistant.understanding.named import RoutineNames, named_routines

NAMES = {
    "heating-pad": ["the heating pad", "the pad", "the heat", "hot water bottle"],
    "hot-and-cold": ["hot and cold", "the pad", "the warm pad", "the ice", "the break"],
    "press-and-rub": ["the pressing", "pressing", "the massage"],
    "stretch-and-hold": ["the stretch", "the hold"],
    "sleep-on-back": ["the back position", "the position"],
}


@pytest.mark.parametrize(
    ("heard", "named"),
    [
        ("pause the heating pad", ("heating-pad",)),
        ("pause the heat pad timer", ("heating-pad",)),
        ("stop my pressing please", ("press-and-rub",)),
        ("the pressing one", ("press-and-rub",)),
        ("the pad", ("heating-pad", "hot-and-cold")),
        ("pad's off", ("heating-pad", "hot-and-cold")),
        ("the warm pad", ("hot-and-cold",)),
        ("stop the stretch and the heat", ("stretch-and-hold", "heating-pad")),
        ("the pads", ("heating-pad", "hot-and-cold")),
        ("how long is left of the break", ("hot-and-cold",)),
        ("stop the hold", ("stretch-and-hold",)),
        ("the back position", ("sleep-on-back",)),
        ("both", ()),
        ("hold on", ()),
        ("hold it there", ()),
        ("i need a break", ()),
        ("i'm in position", ()),
        ("go back", ()),
        ("", ()),
        ("🙂 \x00", ()),
    ],
)
def test_a_name_tells_which_routines_may_be_meant(heard: str, named: tuple[str, ...]) -> None:
    assert named_routines(heard, NAMES) == named


def test_without_names_nothing_is_named() -> None:
    assert named_routines("pause the pad", {}) == ()
    assert named_routines("pause the pad", {"heating-pad": ["", "the"]}) == ()


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("pause the heat timer", ["pause it", "pause"]),
        ("carry on with the pressing", ["carry on with it", "carry on"]),
        ("stop the ice and the stretch", ["stop it", "stop and"]),
        ("pads are off", ["they are off", "are off"]),
        ("repeat the pad step", ["repeat the step"]),
        ("pause", []),
    ],
)
def test_what_is_left_of_a_command_without_the_name(said: str, left: list[str]) -> None:
    assert list(RoutineNames(NAMES).without(said)) == left


@pytest.mark.parametrize(
    "said", ["it's on my back now", "hold on", "i need a break", "i'm lying on my side", "go back"]
)
def test_what_is_said_around_any_step_names_none_of_the_guide(said: str) -> None:
    assert named_routines(said, {routine.id: routine.names for routine in load_guide().routines.values()}) == ()


def test_each_routine_is_named_by_its_own_names() -> None:
    names = {routine.id: routine.names for routine in load_guide().routines.values()}
    for routine, lines in names.items():
        assert len(lines) >= 6
        for line in lines:
            assert routine in named_routines(f"stop {line}", names), line
