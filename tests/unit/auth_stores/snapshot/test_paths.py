"""Names of files: what is unsafe somewhere is refused everywhere."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from blazz.auth_stores.snapshot.paths import check_path, check_tree
from blazz.errors import InvalidValue

TRICKS = [
    *("", "/", "/etc/passwd", "//host/share", "..", "a/../b", "a/./b", "./a", "a//b", "a/", "../a"),
    *(
        "a\0b",
        "a\nb",
        "\x7f",
        "C:/x",
        "a:stream",
        "a\\b",
        "\\\\host\\share",
        "a*",
        "a?",
        'a"',
        "a|b",
    ),
    *("CON", "nul", "a/Prn.txt", "COM1", "lpt9.log", "aux.tar.gz", "com¹", "NUL .txt"),
    *("a.", "a ", "a/b./c", "\ud800", "a" * 256, "/".join(["ab"] * 400), "ü" * 128),
]


@pytest.mark.parametrize("path", TRICKS)
def test_a_trick_is_refused(path: str) -> None:
    with pytest.raises(InvalidValue, match="path: "):
        check_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "Default/IndexedDB/https_web.whatsapp.com_0.indexeddb.leveldb/000003.log",
        "Default/Local Storage/leveldb/MANIFEST-000001",
        "Default/Cookies-journal",
        ".hidden/console/auxiliary/com10",
        "ü" * 127,
    ],
)
def test_an_honest_name_passes(path: str) -> None:
    assert check_path(path) == path


@given(st.text(max_size=40))
def test_what_passes_stays_below_its_folder_on_every_system(path: str) -> None:
    try:
        check_path(path)
    except InvalidValue:
        return
    for flavour in (PurePosixPath, PureWindowsPath):
        pure = flavour(path)
        assert not pure.is_absolute()
        assert not pure.anchor
        assert ".." not in pure.parts
    folder = Path("/folder")
    assert (folder / path).resolve().is_relative_to(folder)


@pytest.mark.parametrize(
    "paths",
    [
        ["a", "a"],
        ["Default/Log", "default/log"],
        ["stra\u00dfe", "STRASSE"],
        ["\u00e9", "e\u0301"],
        ["a", "a/b"],
        ["A/b", "a"],
    ],
)
def test_names_that_meet_on_some_system_are_refused(paths: list[str]) -> None:
    with pytest.raises(InvalidValue):
        check_tree(paths)


@given(st.lists(st.sampled_from("abcdef").map(lambda part: f"{part}/{part}"), unique=True))
def test_different_names_may_stand_beside_each_other(paths: list[str]) -> None:
    assume(paths)
    check_tree(paths)
