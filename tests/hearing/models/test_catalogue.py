import pytest

from assistant.hearing.models.catalogue import BrokenCatalogueError, UnknownModelError, parse_catalogue
from assistant.hearing.models.locate import read_catalogue, shipped_models
from assistant.hearing.models.verify import verify_files

ENTRY = """
[[models]]
name = "a"
languages = ["en"]
licence = "MIT"
kind = "download"
when = "Always."
sources = ["https://example.org/a.zip"]
"""
HEAD = 'version = 1\ndefault = "a"\n'


def test_the_shipped_catalogue_describes_the_shipped_model_to_the_byte() -> None:
    entry = read_catalogue().require("marigold-en")
    assert verify_files(shipped_models() / "marigold-en", entry, hashes=True) == []
    assert entry.unpacked == sum(file.size for file in entry.files)
    there = {path for path in (shipped_models() / "marigold-en").rglob("*") if path.is_file()}
    listed = {shipped_models() / "marigold-en" / file.path for file in entry.files}
    assert {path.name for path in there - listed} == {"LICENCE.md"}


def test_word_times_are_scaled_where_frames_are_not_as_long_as_vosk_takes_them_to_be() -> None:
    assert all(entry.time_scale == 1.0 for entry in read_catalogue().models)
    other = parse_catalogue(HEAD + ENTRY + "frame_seconds = 0.02\n").require("a")
    assert other.time_scale == pytest.approx(2 / 3)


def test_every_download_can_be_checked() -> None:
    for entry in read_catalogue().models:
        if entry.kind == "download":
            assert entry.size, entry.name
            assert entry.sha256 or entry.md5, entry.name
            assert all(source.endswith(f"/{entry.name}.zip") for source in entry.sources)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownModelError, match=r"'vosk'.*marigold-en") as caught:
        read_catalogue().require("vosk")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version = ", "not valid TOML"),
        (ENTRY, "version"),
        (HEAD, "models"),
        ("version = 2\ndefault = 'a'\n" + ENTRY, "version"),
        (HEAD + ENTRY + ENTRY, "listed twice"),
        ('version = 1\ndefault = "b"\n' + ENTRY, "default model b"),
        (HEAD + ENTRY.replace('"a"', '"../a"'), "name"),
        (HEAD + ENTRY.replace("https://", "http://"), "sources"),
        (HEAD + ENTRY + 'sha256 = "abc"\n', "sha256"),
        (HEAD + ENTRY + "frame_seconds = 0\n", "frame_seconds"),
        (HEAD + ENTRY + "colour = 1\n", "colour"),
        (HEAD + ENTRY.replace('sources = ["https://example.org/a.zip"]', ""), "no sources"),
        (HEAD + ENTRY.replace("download", "embedded"), "no table of files"),
        (HEAD + ENTRY + f'files = [{{ path = "../x", size = 1, sha256 = "{"0" * 64}" }}]', "files"),
    ],
)
def test_a_broken_catalogue_names_the_place(text: str, place: str) -> None:
    with pytest.raises(BrokenCatalogueError, match=place):
        parse_catalogue(text)
