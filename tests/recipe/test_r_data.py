from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Mapping, Sequence

import pytest

from models.recipe.r_data import NotRDataError, character_vectors

HEAD = b"X\n" + struct.pack(">iii", 3, 0x40202, 0x30500) + struct.pack(">i", 5) + b"UTF-8"
Node = str | int | Sequence["Node"] | Mapping[str, "Node"]


class RWriter:
    """Writes strings, lists of strings, integers, and lists with names, as R's serialize does."""

    def __init__(self) -> None:
        self.has_names_symbol = False

    def whole(self, node: Node) -> bytes:
        return HEAD + self.value(node)

    def value(self, node: Node) -> bytes:
        if isinstance(node, int):
            return struct.pack(">iii", 13, 1, node)
        if isinstance(node, Mapping):
            content = b"".join(self.value(value) for value in node.values())
            names = struct.pack(">i", 0x402) + self.symbol() + self.value(list(node))
            return struct.pack(">ii", 0x213, len(node)) + content + names + struct.pack(">i", 254)
        if all(isinstance(item, int) for item in node):
            return struct.pack(f">ii{len(node)}i", 13, len(node), *node)
        return struct.pack(">ii", 16, len(node)) + b"".join(self.text(str(item)) for item in node)

    def symbol(self) -> bytes:
        if self.has_names_symbol:
            return struct.pack(">i", 1 << 8 | 255)
        self.has_names_symbol = True
        return struct.pack(">i", 1) + self.text("names")

    def text(self, text: str) -> bytes:
        return struct.pack(">ii", 0x40009, len(text.encode())) + text.encode()


def database(variables: Mapping[str, Node]) -> tuple[bytes, bytes]:
    """Return the index and the values."""
    content = b""
    places: dict[str, Node] = {}
    for name, value in variables.items():
        plain = RWriter().whole(value)
        packed = struct.pack(">i", len(plain)) + zlib.compress(plain)
        places[name] = [len(content), len(packed)]
        content += packed
    index: Node = {"variables": places, "references": {"env": [1, 2]}, "compressed": 1}
    return gzip.compress(RWriter().whole(index)), content


def test_character_vectors_are_read_by_name() -> None:
    texts: dict[str, Node] = {"emma": ["Emma Woodhouse", "", "café"], "other": ["one line"]}
    assert character_vectors(*database(texts)) == texts


def test_other_values_are_passed_over() -> None:
    assert character_vectors(*database({"years": [1811, 1817], "title": ["Persuasion"]})) == {"title": ["Persuasion"]}


def test_not_available_is_an_empty_line() -> None:
    index, _ = database({"text": ["ab", "cd"]})
    plain = RWriter().whole(["ab", "cd"]).replace(RWriter().text("ab"), struct.pack(">ii", 9, -1))
    values = struct.pack(">i", len(plain)) + zlib.compress(plain)
    length = struct.pack(">i", len(values))
    old = gzip.decompress(index)
    old_length = struct.pack(">i", len(database({"text": ["ab", "cd"]})[1]))
    assert character_vectors(gzip.compress(old.replace(old_length, length)), values) == {"text": ["", "cd"]}


@pytest.mark.parametrize(
    "index",
    [b"no gzip", gzip.compress(b"A\nascii"), gzip.compress(HEAD + struct.pack(">i", 24))],
    ids=["no gzip", "another form", "no list"],  # gzip writes the time into what it makes
)
def test_other_bytes_are_refused(index: bytes) -> None:
    with pytest.raises(NotRDataError):
        character_vectors(index, b"")


def test_a_database_cut_short_is_refused() -> None:
    index, values = database({"text": ["some words"]})
    with pytest.raises(NotRDataError, match="can't be read"):
        character_vectors(index, values[:-5])
