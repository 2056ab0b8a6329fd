from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from small_archives import sha256, write_tar

from models.recipe.packages import NotDownloadedError, OtherArchiveError
from models.recipe.text import LEFT_OUT, general_sources
from models.recipe.texts import (
    LICENCES,
    READERS,
    TABLE,
    EmptyPackageError,
    Gathered,
    UnknownSourceError,
    gather_texts,
    read_table,
)

TALK = {"1": {"prompt": "How are  you?", "rating": "good", "messages": [[{"text": "fine\nthanks", "sender": "x9"}]]}}
PAGE = "<html><head><title>Owls</title><style>p {}</style></head><body><p>Caf&eacute; at<b>ten</b>.<p>Bye</body></html>"


class Table:
    """A folder of data whose archives are in the cache already, and a table that names them."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.path = folder / "table.yaml"
        self.entries: list[dict[str, Any]] = []

    def add(self, into: str, files: Mapping[str, bytes], name: str = "", **keys: Any) -> None:  # noqa: ANN401
        name = name or into.replace("/", "-")
        cache = self.data / "packages"
        cache.mkdir(parents=True, exist_ok=True)
        archive = write_tar(cache / f"{name}-1.0.tgz", files)
        package = {"kind": "npm", "name": name, "version": "1.0", "file": archive.name, "sha256": sha256(archive)}
        self.entries.append({"into": into, "package": package, "licence": "MIT", "how": "text", **keys})
        self.path.write_text(yaml.safe_dump(self.entries), encoding="utf-8")

    def gather(self, **options: Any) -> list[Gathered]:  # noqa: ANN401
        return gather_texts(self.data, table=self.path, **options)

    def made(self, name: str) -> str:
        return (self.data / name).read_text(encoding="utf-8")

    def licences(self) -> list[list[str]]:
        return [line.split("\t") for line in self.made(f"text/{LICENCES}").splitlines()]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path)


def test_plain_texts_get_their_own_files(table: Table) -> None:
    table.add("text/tales", {"p/one.txt": b"a b\r\nc", "p/two.txt.gz": gzip.compress(b"\xe9t\xe9"), "p/note": b"no"},
              members=["p/*.txt", "p/*.txt.gz"], encoding="latin-1")  # fmt: skip
    (got,) = table.gather()
    assert (table.made("text/tales/one.txt"), table.made("text/tales/two.txt")) == ("a b\nc", "été")
    assert [path.name for path in got.files] == ["one.txt", "two.txt"]
    assert (got.source, got.package, got.licence, got.words) == ("tales", "text-tales 1.0", "MIT", 4)


def test_members_can_be_joined_under_a_name(table: Table) -> None:
    table.add("text/tales", {"p/b.txt": b"second", "p/a.txt": b"first"}, members={"all.txt": "p/*.txt"})
    table.gather()
    assert table.made("text/tales/all.txt") == "first\nsecond"


def test_strings_of_json_below_some_keys(table: Table) -> None:
    table.add("text/talk", {"p/d.json": json.dumps(TALK).encode()}, members=["p/*"], how="strings",
              fields=["prompt", "text"])  # fmt: skip
    table.gather()
    assert table.made("text/talk/d.txt") == "How are you?\nfine thanks\n"


def test_strings_of_yaml_stay_words(table: Table) -> None:
    content = b"categories: [a]\nconversations:\n- - Are you\n    there?\n  - yes\n- - 12\n"
    table.add("text/talk", {"p/d.yml": content}, members=["p/*"], how="strings", fields=["conversations"])
    table.gather()
    assert table.made("text/talk/d.txt") == "Are you there?\nyes\n12\n"


def test_lines_are_replaced_shortened_and_counted_once(table: Table) -> None:
    lines = ["a taxi to #PLACE# please", "too short", "a taxi to #TOWN# please", "is <b>it</b> there now"]
    table.add("text/talk", {"p/d.json": json.dumps(lines).encode()}, members=["p/*"], how="strings", fewest_words=3,
              distinct=True, replace={"#[^#]+#": "<slot>", "</?b>": ""})  # fmt: skip
    table.gather()
    assert table.made("text/talk/d.txt") == "a taxi to <slot> please\nis it there now\n"


def test_a_column_of_a_table_without_its_head(table: Table) -> None:
    content = b'id,verse\n1,"In the beginning{A ""note""} was, indeed"\n2,the next\n'
    table.add("text/verses", {"p/t.csv.gz": gzip.compress(content)}, members={"v.txt": "p/*"}, how="column", column=-1,
              replace={r"\{.*?\}": ""})  # fmt: skip
    table.gather()
    assert table.made("text/verses/v.txt") == "In the beginning was, indeed\nthe next\n"


def test_the_text_of_pages(table: Table) -> None:
    table.add("text/pages", {"p/a.htm": PAGE.encode()}, members=["p/*"], how="html")
    table.gather()
    assert re.sub("\n+", "\n", table.made("text/pages/a.txt").strip()) == "Owls\nCafé atten.\nBye"


def test_bytes_are_copied_as_they_are(table: Table) -> None:
    table.add("voices", {"p/voices/af_odd.bin": b"\xff\x00"}, members=["p/voices/*"], how="copy")
    (got,) = table.gather()
    assert (table.data / "voices" / "af_odd.bin").read_bytes() == b"\xff\x00"
    assert (got.source, got.words) == ("voices", 0)


def test_the_table_of_licences_has_every_file_and_keeps_others(table: Table) -> None:
    table.add("text/b", {"p/x.txt": b"one two"}, members=["p/*"])
    table.add("text/a", {"p/y.txt": b"three"}, members=["p/*"], licence="public domain")
    (table.data / "text").mkdir()
    (table.data / "text" / LICENCES).write_text("path\tpackage\tregistry\tlicence\twords\nown/z.txt\tmine\t-\tCC0\t7\n")
    table.gather()
    table.gather(only=["a"])
    assert table.licences() == [
        ["path", "package", "registry", "licence", "words"],
        ["a/y.txt", "text-a 1.0", "npm", "public domain", "1"],
        ["b/x.txt", "text-b 1.0", "npm", "MIT", "2"],
        ["own/z.txt", "mine", "-", "CC0", "7"],
    ]


def test_two_packages_share_a_folder_and_old_files_go(table: Table) -> None:
    table.add("text/a", {"p/x.txt": b"one", "p/y.txt": b"two"}, "first", members=["p/*"])
    table.add("text/a", {"p/z.txt": b"three"}, "second", members=["p/*"])
    table.gather()
    (table.data / "text" / "a" / "own.txt").write_text("by hand")
    table.entries[0]["members"] = ["p/x*"]
    table.path.write_text(yaml.safe_dump(table.entries))
    table.gather()
    assert sorted(path.name for path in (table.data / "text" / "a").iterdir()) == ["own.txt", "x.txt", "z.txt"]
    assert [row[0] for row in table.licences()[1:]] == ["a/x.txt", "a/z.txt"]


def test_the_licence_table_cannot_lead_out_of_its_folder(table: Table) -> None:
    table.add("text/a", {"p/x.txt": b"one"}, members=["p/*"])
    (table.data / "text").mkdir()
    for name in ("precious.txt", "text/precious.txt"):
        (table.data / name).write_text("keep")
    rows = [
        f"{path}\ttext-a 1.0\tnpm\tMIT\t1" for path in ("../precious.txt", "precious.txt", "a/../precious.txt", "a/..")
    ]
    (table.data / "text" / LICENCES).write_text("\n".join(["path\tpackage\tregistry\tlicence\twords", *rows]) + "\n")
    table.gather()
    assert table.made("precious.txt") == table.made("text/precious.txt") == "keep"


def test_only_some_sources_and_progress(table: Table) -> None:
    for name in "abc":
        table.add(f"text/{name}", {"p/x.txt": name.encode()}, members=["p/*"])
    told: list[tuple[int, int]] = []
    got = table.gather(only=["c", "a"], progress=lambda done, total: told.append((done, total)))
    assert [one.source for one in got] == ["a", "c"]
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert not (table.data / "text" / "b").exists()


def test_what_is_gathered_is_what_the_graph_step_reads(table: Table) -> None:
    table.add("text/talk", {"p/d.json": json.dumps(TALK).encode()}, members=["p/*"], how="strings", fields=["text"])
    table.gather()
    assert general_sources(table.data / "text") == {"talk": [["fine", "thanks"]]}


def test_unknown_sources_are_named_with_the_known(table: Table) -> None:
    table.add("text/a", {"p/x.txt": b"one"}, members=["p/*"])
    with pytest.raises(UnknownSourceError, match=r"named odd\.\nThere are: a"):
        table.gather(only=["odd"])


@pytest.mark.parametrize("how", ["text", "r_data"])
def test_an_archive_without_the_files_is_named(table: Table, how: str) -> None:
    table.add("text/a", {"p/x.md": b"one"}, members=["p/*.md" if how == "r_data" else "p/*.txt"], how=how)
    with pytest.raises(EmptyPackageError, match="text-a"):
        table.gather()


def test_a_changed_archive_stops_the_step(table: Table) -> None:
    table.add("text/a", {"p/x.txt": b"one"}, members=["p/*"])
    table.entries[0]["package"]["sha256"] = "0" * 64
    table.path.write_text(yaml.safe_dump(table.entries))
    with pytest.raises(OtherArchiveError):
        table.gather()
    assert not (table.data / "text").exists()


def test_without_network_the_step_says_so(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    table.add("text/a", {"p/x.txt": b"one"}, members=["p/*"])
    (table.data / "packages" / "text-a-1.0.tgz").unlink()
    monkeypatch.setattr("models.recipe.packages._COMMANDS", {"npm": lambda *_: ["false"]})
    with pytest.raises(NotDownloadedError, match=r"text-a 1\.0"):
        table.gather()


@pytest.mark.parametrize("wrong", [{"how": "magic"}, {"into": "../out"}, {"licens": "MIT"}])
def test_a_wrong_table_is_refused(table: Table, wrong: dict[str, str]) -> None:
    table.add("text/a", {"p/x.txt": b"one"}, members=["p/*"])
    table.entries[0] |= wrong
    table.path.write_text(yaml.safe_dump(table.entries))
    with pytest.raises(ValidationError):
        table.gather()


def test_the_real_table() -> None:
    entries = read_table()
    assert {entry.how for entry in entries} == set(READERS)
    assert not {entry.source for entry in entries} & LEFT_OUT
    hashes = [entry.package.sha256 for entry in entries]
    assert len(set(hashes)) == len(hashes)
    named = [f"{entry.into}/{name}" for entry in entries if isinstance(entry.members, dict) for name in entry.members]
    assert len(set(named)) == len(named)
    assert all(entry.into == "voices" or entry.into.startswith("text/") for entry in entries)
    # Clients know where their registries are; a mirror is their setting, not ours.
    assert not re.search(r"https?:|\.(org|com|net)\b", TABLE.read_text(encoding="utf-8"))
