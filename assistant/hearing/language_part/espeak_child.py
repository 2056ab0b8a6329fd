"""Runs in a process of its own: writes down how espeak-ng would say words. Imports nothing of ours.

espeak ends the process that it lives in when it can't find its data, hence the process. Argument: the voice, by
espeak's name for it, such as ``gmw/en-US``. Standard input: a word a line. Standard output: for each word a line
of espeak's phoneme mnemonics, with "_" between them.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from pathlib import Path
from typing import Final

_RETRIEVAL: Final = 1
"""espeak's AUDIO_OUTPUT_RETRIEVAL: no sound device is opened."""
_UTF8: Final = 1
_SEPARATED: Final = ord("_") << 8
"""Mnemonics in ASCII, with this character between phonemes."""
_PATH_LIMIT: Final = 150
"""espeak keeps its data path in 160 bytes and ends the process when it doesn't fit."""


def load() -> ctypes.CDLL:
    """Return espeak's library, ready to be asked: the bundled one, else the system's.

    Raises:
        OSError: there is none, or it can't start.
    """
    try:
        import espeakng_loader
    except ImportError:
        library = ctypes.CDLL(ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1")
        return started(library, None)
    data = Path(espeakng_loader.get_data_path())
    if len(os.fsencode(data)) >= _PATH_LIMIT:
        os.chdir(data.parent)
        data = Path(data.name)
    return started(ctypes.CDLL(str(espeakng_loader.get_library_path())), os.fsencode(data))


def started(library: ctypes.CDLL, data: bytes | None) -> ctypes.CDLL:
    """Start espeak with its data in the folder ``data``, or where it looks by itself.

    Raises:
        OSError: it answered with an error.
    """
    if library.espeak_Initialize(_RETRIEVAL, 0, data, 0) <= 0:
        raise OSError("espeak-ng could not start")
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    return library


def mnemonics(library: ctypes.CDLL, word: str) -> str:
    """Return the phonemes of one word."""
    text = ctypes.c_char_p(word.encode())
    pointer = ctypes.c_void_p(ctypes.cast(text, ctypes.c_void_p).value)
    parts = []
    # espeak moves the pointer past what it has read, to null at the end.
    while pointer.value:
        part = library.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, _SEPARATED)
        parts.append((part or b"").decode(errors="replace").strip())
    return "_".join(part for part in parts if part)


def main() -> None:
    """Answer all words."""
    library = load()
    if library.espeak_SetVoiceByName(sys.argv[1].encode()) != 0:
        sys.exit(f"espeak has no voice {sys.argv[1]}")
    for line in sys.stdin:
        print(mnemonics(library, line.strip()))


if __name__ == "__main__":
    try:
        main()
    except OSError as fault:
        sys.exit(str(fault))
