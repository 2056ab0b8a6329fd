from __future__ import annotations

import measure_commands as measured
import pytest

from assistant.content import load_commands, load_content, load_guide
from assistant.understanding.commands import COMMANDS, CommandLexicon
from assistant.understanding.interpret import Interpreter
from assistant.understanding.meaning import Context, Kind
from assistant.understanding.named import RoutineNames
from assistant.understanding.plausible import EASED, READY

IDLE, ROUTINE, QUESTION, SPEAKING = Context.IDLE, Context.ROUTINE, Context.QUESTION, Context.SPEAKING


@pytest.fixture(scope="module")
def interpreter() -> Interpreter:
    return load_content().interpreter


@pytest.fixture(scope="module")
def lexicon() -> CommandLexicon:
    routines = load_guide().routines
    return CommandLexicon(load_commands(), RoutineNames({name: r.names for name, r in routines.items()}))


def found(lexicon: CommandLexicon, text: str, context: Context = ROUTINE) -> str | None:
    command = lexicon.find(text, context)
    return command.command if command else None


def test_every_command_has_phrases() -> None:
    # "make it ten minutes" has no fixed wording: its length is read from the words.
    assert set(load_commands()) == {*COMMANDS, READY, EASED} - {"length"}


def test_only_yes_and_no_share_phrases_with_other_commands(lexicon: CommandLexicon) -> None:
    assert [form for form, owners in lexicon.clashes().items() if len(set(owners) - {"yes", "no"}) > 1] == []


@pytest.mark.parametrize("batch", ["everyday", "polite", "naming_a_step", "held_out_mixed"])
def test_commands_are_understood_and_few_are_taken_for_others(interpreter: Interpreter, batch: str) -> None:
    outcomes = measured.outcomes(interpreter, batch)
    said = sum(len(lines) for lines in outcomes.values())
    assert len(outcomes["wrong"]) <= 0.02 * said, outcomes["wrong"]
    assert len(outcomes["right"]) >= 0.92 * said, outcomes["missed"]


@pytest.mark.parametrize(("batch", "right"), [("held_out_rambling", 0.6), ("held_out_second_language", 0.75)])
def test_long_winded_and_foreign_wordings_are_missed_rather_than_mistaken(
    interpreter: Interpreter, batch: str, right: float
) -> None:
    outcomes = measured.outcomes(interpreter, batch)
    said = sum(len(lines) for lines in outcomes.values())
    assert len(outcomes["wrong"]) <= 0.02 * said
    assert len(outcomes["right"]) >= right * said


@pytest.mark.parametrize(("batch", "most"), [("no_commands", 0.01), ("held_out_no_commands", 0.09)])
def test_little_else_is_taken_for_a_command(interpreter: Interpreter, batch: str, most: float) -> None:
    taken = measured.taken_for_commands(interpreter, batch)
    assert len(taken) <= most * len(list(measured.read_no_commands(batch))), taken


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("could you please stop", "stop"),
        ("i said stop", "stop"),
        ("oh for god's sake stop", "stop"),
        ("marigold stop", "stop"),
        ("that's enough thanks stop", "stop"),
        ("stop i need the loo", "stop"),
        ("hang on go back", "back"),
        ("sorry carry on", "resume"),
        ("would you mind waiting a second", "pause"),
        ("would you mind not shouting", "quieter"),
        ("that's rather too fast", "slower"),
        ("i've lost my place start again", "restart"),
        ("yes yes carry on", "resume"),
        ("it's there now next", "next"),
        ("please don't stop", "resume"),
    ],
)
def test_courtesies_and_reasons_around_a_command_are_left_out(lexicon: CommandLexicon, text: str, command: str) -> None:
    assert found(lexicon, text) == command


@pytest.mark.parametrize(
    "text",
    [
        "how do i stop a spasm",
        "will it stop",
        "i told him to stop",
        "it's back",
        "don't go back",
        "hold it until the spasm is gone",
        "what happens when i stop",
        "she starts school again on monday and he wants to stop",
        "",
        "\x00",
    ],
)
def test_talk_about_stopping_or_going_back_is_no_command(lexicon: CommandLexicon, text: str) -> None:
    for context in Context:
        assert found(lexicon, text, context) is None


def test_reasons_for_a_command_count_only_while_something_runs(lexicon: CommandLexicon) -> None:
    assert found(lexicon, "wrong one go back", ROUTINE) == "back"
    assert found(lexicon, "wrong one go back", IDLE) is None


@pytest.mark.parametrize(
    ("text", "command", "seconds"),
    [
        ("add two more minutes", "extend", 120),
        ("give me another thirty seconds", "extend", 30),
        ("could i have five more minutes please", "extend", 300),
        ("another two and a half minutes", "extend", 150),
        ("stick another minute on", "extend", 60),
        ("take off a minute", "extend", -60),
        ("knock two minutes off", "extend", -120),
        ("make it a minute shorter", "extend", -60),
        ("wait two minutes", "pause", 120),
        ("a bit longer", "extend", None),
    ],
)
def test_a_length_of_time_is_added_taken_off_or_waited(
    lexicon: CommandLexicon, text: str, command: str, seconds: float | None
) -> None:
    heard = lexicon.find(text, ROUTINE)
    assert heard is not None
    assert (heard.command, heard.seconds) == (command, seconds)


@pytest.mark.parametrize(
    "text",
    ["take it off for two minutes", "press for thirty seconds", "is it two more minutes"],
)
def test_a_length_that_is_neither_added_nor_taken_off_is_no_command(lexicon: CommandLexicon, text: str) -> None:
    assert found(lexicon, text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("make it twenty minutes", 1200), ("only ten minutes please", 600), ("cut it to a minute", 60)],
)
def test_a_length_of_the_whole_step_is_set_while_one_runs(lexicon: CommandLexicon, text: str, seconds: float) -> None:
    heard = lexicon.find(text, ROUTINE)
    assert heard is not None
    assert (heard.command, heard.seconds) == ("length", seconds)
    assert lexicon.find(text, Context.IDLE) is None


@pytest.mark.parametrize("text", ["how long have i got", "how much longer", "how long do i have"])
def test_how_long_is_about_the_timer_only_while_one_may_run(interpreter: Interpreter, text: str) -> None:
    assert interpreter.interpret([text], ROUTINE).id == "remaining"
    assert interpreter.interpret([text], IDLE).kind is not Kind.COMMAND
    assert interpreter.interpret(["how long is left on the timer"], IDLE).id == "remaining"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("go on then", "yes"),
        ("aye go on", "yes"),
        ("yes if you would", "yes"),
        ("nah you're alright", "no"),
        ("i'd rather not", "no"),
        ("not now", "no"),
        ("no leave it", "no"),
        ("no i don't think i will", "no"),
        ("no stop", "stop"),
        ("no go back", "back"),
        ("yes two more minutes", "extend"),
        ("no say that again", "repeat"),
    ],
)
def test_answers_to_a_question(lexicon: CommandLexicon, text: str, command: str) -> None:
    assert found(lexicon, text, QUESTION) == command


@pytest.mark.parametrize(
    "text",
    ["no i can't feel it", "no idea", "yes but how long do i leave it on", "yes no", "no i've got numbness there"],
)
def test_an_answer_with_more_to_it_is_neither_yes_nor_no(interpreter: Interpreter, text: str) -> None:
    assert interpreter.interpret([text], QUESTION).id not in ("yes", "no")


def test_go_on_then_agrees_only_to_a_question(lexicon: CommandLexicon) -> None:
    assert found(lexicon, "go on then", QUESTION) == "yes"
    assert found(lexicon, "go on then", SPEAKING) == "resume"
    assert found(lexicon, "not yet", ROUTINE) == "pause"


@pytest.mark.parametrize(
    "text",
    [
        "a cup of tea in ten minutes would be lovely and then i'd like you to stop",
        "my daughter rang to say she'll be back at six and wants more tea",
    ],
)
def test_long_talk_while_speaking_is_no_command(interpreter: Interpreter, text: str) -> None:
    assert interpreter.interpret([text], SPEAKING).kind is not Kind.COMMAND


@pytest.mark.parametrize(
    ("text", "command", "seconds"),
    [
        ("pause the heating pad", "pause", None),
        ("stop the pressing please", "stop", None),
        ("how long's left on the pad", "remaining", None),
        ("add two minutes to the heat", "extend", 120),
        ("take a minute off the ice", "extend", -60),
        ("pause the heat timer for two minutes", "pause", 120),
        ("carry on with the pressing", "resume", None),
        ("skip the break", "next", None),
        ("repeat the pad step", "repeat", None),
        ("my hand hurts stop the pressing", "stop", None),
        ("the packs are off", "acknowledge", None),
    ],
)
def test_a_command_may_name_a_step_where_one_may_run(
    lexicon: CommandLexicon, text: str, command: str, seconds: float | None
) -> None:
    heard = lexicon.find(text, ROUTINE)
    assert heard is not None
    assert (heard.command, heard.seconds) == (command, seconds)


@pytest.mark.parametrize("text", ["stop the ice", "skip the break", "pad's off", "the pad's on"])
def test_a_name_counts_for_nothing_where_nothing_runs(lexicon: CommandLexicon, text: str) -> None:
    assert found(lexicon, text, ROUTINE) is not None
    assert found(lexicon, text, IDLE) is None


@pytest.mark.parametrize(
    "text",
    [
        "how long do i leave the pad on",
        "should i stop the heat if it's too hot",
        "is the pad off",
        "turn the heat down",
        "turn the pad up a bit",
        "leave the pad",
        "they want to stop the massage",
    ],
)
def test_a_name_makes_no_command_of_other_words(interpreter: Interpreter, text: str) -> None:
    for context in Context:
        assert interpreter.interpret([text], context).kind is not Kind.COMMAND, context


def test_whoever_holds_a_stretch_doesn_t_pause_it(interpreter: Interpreter) -> None:
    for text in ("hold the stretch", "hold my hand"):
        assert interpreter.interpret([text], ROUTINE).kind is not Kind.COMMAND


@pytest.mark.parametrize("text", ["it's on", "pad's on", "i'm there", "okay i'm lying down", "go", "start", "in place"])
def test_ready_is_resume_only_where_something_may_wait_for_it(interpreter: Interpreter, text: str) -> None:
    assert interpreter.interpret([text], ROUTINE).id == "resume"
    assert interpreter.interpret([text], IDLE).kind is not Kind.COMMAND


@pytest.mark.parametrize("text", ["i need to go now", "i want to go", "it's not on yet", "the pad won't stay on"])
def test_other_words_with_go_or_on_start_nothing(interpreter: Interpreter, text: str) -> None:
    assert interpreter.interpret([text], ROUTINE).id != "resume"


@pytest.mark.parametrize(
    "text",
    ["it isn't off", "it's not off yet", "i can't get it off", "don't take it off", "is it off", "it won't come off"],
)
def test_a_pad_that_is_still_on_is_never_acknowledged(interpreter: Interpreter, text: str) -> None:
    for context in Context:
        assert interpreter.interpret([text], context).id != "acknowledge"


@pytest.mark.parametrize("text", ["forget it", "forget about the shopping", "don't forget me", "never mind"])
def test_little_is_forgotten_by_mistake(interpreter: Interpreter, text: str) -> None:
    for context in Context:
        assert interpreter.interpret([text], context).id != "forget"


@pytest.mark.parametrize("text", ["i need a ten minute timer", "set the timer for me", "start a new timer please"])
def test_a_timer_beside_what_is_led_changes_nothing(interpreter: Interpreter, text: str) -> None:
    for context in Context:
        assert interpreter.interpret([text], context).kind is not Kind.COMMAND, context
