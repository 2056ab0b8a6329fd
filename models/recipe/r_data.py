"""Reads the texts in an R package's data: character vectors in a "lazy-load database".

The database is two files. ``Rdata.rdx`` is an index: where in ``Rdata.rdb`` each variable's value begins and how
long it is. Both hold R values in R's binary serialisation (R Internals, "Serialization Formats"): big-endian, each
value a 32-bit word with its type and flags, then its content.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from typing import Final

from assistant.errors import WrongInputError

_SYMBOL, _PAIRS, _STRING = 1, 2, 9
_LOGICALS, _INTEGERS, _STRINGS, _LIST = 10, 13, 16, 19
_NIL, _REFERENCE = 254, 255
_HAS_ATTRIBUTES: Final = 0x200
_HAS_TAG: Final = 0x400
_FORMAT: Final = b"X\n"
"""Binary, big-endian."""

RValue = None | int | str | list["RValue"] | dict[str, "RValue"]
"""A list with names becomes a dictionary."""


class NotRDataError(WrongInputError):
    """The bytes are no R data, or of a kind that isn't read here."""


def character_vectors(index: bytes, database: bytes) -> dict[str, list[str]]:
    """Return the character vectors of a database: name of the variable, and its strings.

    Raises:
        NotRDataError: see there.
    """
    try:
        content = _Reader(gzip.decompress(index)).whole()
        variables = content.get("variables") if isinstance(content, dict) else None
        if not isinstance(variables, dict):
            raise NotRDataError("The index of the R data lists no variables.")
        found = {}
        for name, place in variables.items():
            start, length = _place(place)
            # Before the compressed value stands its length as a 32-bit number.
            value = _Reader(zlib.decompress(database[start + 4 : start + length])).whole()
            if isinstance(value, list) and all(isinstance(line, str) for line in value):
                found[name] = [str(line) for line in value]
    except (OSError, EOFError, zlib.error, struct.error) as fault:
        raise NotRDataError(f"The R data can't be read: {fault}") from fault
    return found


def _place(value: RValue) -> tuple[int, int]:
    match value:
        case [int(start), int(length)]:
            return start, length
    raise NotRDataError("The index of the R data has no places.")


class _Reader:
    """One pass through a serialised value."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.position = 0
        self.symbols: list[RValue] = []

    def whole(self) -> RValue:
        if not self.content.startswith(_FORMAT):
            raise NotRDataError("The R data is in another form than R's binary one.")
        self.position = len(_FORMAT)
        version = self._number()
        self.position += 8  # the versions of R that wrote it, and that it needs
        if version >= 3:
            self._string()  # name of the encoding
        return self._value()

    def _number(self) -> int:
        (number,) = struct.unpack_from(">i", self.content, self.position)
        self.position += 4
        return int(number)

    def _value(self) -> RValue:
        flags = self._number()
        kind = flags & 0xFF
        if kind == _NIL:
            return None
        if kind == _REFERENCE:
            return self.symbols[(flags >> 8 or self._number()) - 1]
        if kind == _SYMBOL:
            self.symbols.append(self._value())
            return self.symbols[-1]
        if kind == _STRING:
            return self._string()
        if kind == _PAIRS:
            return self._pairs(flags)
        if kind not in (_LOGICALS, _INTEGERS, _STRINGS, _LIST):
            raise NotRDataError(f"The R data has values of kind {kind}, which are not read here.")
        count = self._number()
        is_numbers = kind in (_LOGICALS, _INTEGERS)
        values: list[RValue] = [self._number() if is_numbers else self._value() for _ in range(count)]
        attributes = self._value() if flags & _HAS_ATTRIBUTES else None
        names = attributes.get("names") if isinstance(attributes, dict) else None
        if isinstance(names, list):
            return {str(name): value for name, value in zip(names, values, strict=True)}
        return values

    def _string(self) -> str:
        length = self._number()
        if length < 0:  # not available
            return ""
        self.position += length
        return self.content[self.position - length : self.position].decode("utf-8", "replace")

    def _pairs(self, flags: int) -> dict[str, RValue]:
        """Return a linked list of tagged values, whose last link is nil."""
        found: dict[str, RValue] = {}
        while flags & 0xFF == _PAIRS:
            if flags & _HAS_ATTRIBUTES:
                self._value()
            tag = self._value() if flags & _HAS_TAG else len(found)
            found[str(tag)] = self._value()
            flags = self._number()
        return found
