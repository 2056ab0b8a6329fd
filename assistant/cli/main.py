"""The command ``marigold``: without a subcommand it talks. Errors are one or two lines on stderr."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from assistant import __version__
from assistant.cli.options import Options
from assistant.errors import MarigoldError

FAULT: Final = 1
WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130
"""What shells report for a program ended by Ctrl-C."""
_COMMANDS: Final = {
    "ask": "Answer one question, typed or recorded, or many.",
    "content": "Check, import and show content packs.",
    "doctor": "Look at everything and say what to do.",
    "hear": "Show what is heard in recordings, with times.",
    "models": "List, get, adapt and check speech models.",
    "routine": "Lead, list and show the relief routines.",
    "say": "Say a text through the voice.",
    "talk": "Ask aloud, hear the answer: the same as no command.",
}
"""The subcommands, each in a module of its name, with what --help says of them without loading them all."""


class LazyGroup(click.Group):
    """Loads a subcommand's module only when it is used: a quick command stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        """Return the names of the subcommands."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the subcommand, or None where there is none of that name."""
        if cmd_name not in _COMMANDS:
            return None
        found = getattr(import_module(f"assistant.cli.{cmd_name}"), cmd_name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of subcommands."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--model", metavar="NAME|DIR", help="Speech model: a catalogue name or a folder.")
@click.option("--microphone", metavar="NAME", help="Part of the microphone's name, or its number.")
@click.option("--speaker", metavar="NAME", help="Part of the speaker's name, or its number.")
@click.option("--always-listening", is_flag=True, default=None, help="No wake phrase needed.")
@click.option("--typed", is_flag=True, help="Take typed questions; use no microphone.")
@click.option("--content", type=click.Path(path_type=Path), metavar="DIR", help="Another content pack.")
@click.option("--settings", "settings_file", type=click.Path(path_type=Path), metavar="FILE", help="A settings file.")
@click.version_option(__version__, prog_name="marigold")
@click.pass_context
def cli(
    ctx: click.Context,
    model: str | None,
    microphone: str | None,
    speaker: str | None,
    *,
    always_listening: bool | None,
    typed: bool,
    content: Path | None,
    settings_file: Path | None,
) -> None:
    """Marigold: ask aloud, hear the answer. Without a subcommand it starts to talk.

    An offline voice assistant for a person on the floor with a back spasm. Not a medical device.
    """
    ctx.obj = Options(
        settings_file=settings_file,
        typed=typed,
        given={
            "model": model,
            "microphone": microphone,
            "speaker": speaker,
            "always_listening": always_listening,
            "content": content,
        },
    )
    if ctx.invoked_subcommand is None:
        from assistant.cli.talk import run_talk

        run_talk(ctx.obj)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; never raises and never prints a traceback unasked."""
    _give_streams()
    try:
        code = cli.main(
            args=list(arguments) if arguments is not None else None,
            prog_name="marigold",
            standalone_mode=False,
        )
        sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.exceptions.NoArgsIsHelpError as fault:
        fault.show()
        return WRONG_USAGE
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except click.ClickException as fault:
        return _tell(fault.format_message(), WRONG_USAGE)
    except MarigoldError as fault:
        return _tell(str(fault), fault.exit_code)
    except (BrokenPipeError, SystemExit):
        # Whoever read our output has left (click makes an exit of it). The interpreter must not complain about
        # it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as fault:
        return _tell(f"{fault.strerror or fault}{f': {fault.filename}' if fault.filename else ''}.", FAULT)
    except Exception as fault:  # noqa: BLE001 - the last line of defence against a traceback
        if os.environ.get("MARIGOLD_DEBUG"):
            traceback.print_exc()
        return _tell(
            f"A fault of ours: {type(fault).__name__}: {fault}\nMARIGOLD_DEBUG=1 shows where; please report it.",
            FAULT,
        )
    return code if isinstance(code, int) else 0


def _give_streams() -> None:
    """Give a process that was started with closed streams somewhere to write, and no letter that ends it.

    What a stream's encoding has no letter for, or a name that is no text, is shown as an escape.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - open as long as the process lives
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _tell(message: str, code: int) -> int:
    lines = [line for line in message.splitlines() if line.strip()][:2]
    print("marigold: " + "\n".join(lines), file=sys.stderr)
    return code


def main() -> None:
    """Run as a program."""
    sys.exit(run())


if __name__ == "__main__":
    main()
