"""``python -m assistant`` is ``marigold``; also the entry point of that command."""

from __future__ import annotations

import os
import signal

INTERRUPTED = 130


def main() -> None:
    """Run as a program. Until everything is imported Ctrl-C ends it at once, without a traceback."""
    usual = signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    from assistant.cli.main import main as run

    signal.signal(signal.SIGINT, usual)
    run()


if __name__ == "__main__":
    main()
