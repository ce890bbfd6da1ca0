"""Key rings: the newest seals, all open, none is ever shown."""

from __future__ import annotations

import base64
import copy
import logging
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import InvalidValue, KeyRingError, WrongKey
from blazz.security.keyring import KeyRing

ONE, TWO = bytes(range(32)), bytes(range(32, 64))


def _text(*keys: tuple[str, bytes]) -> str:
    return "\n".join(f"{name} {base64.b64encode(key).decode()}" for name, key in keys)


def test_a_key_is_derived_for_one_purpose_and_context() -> None:
    ring = KeyRing({"one": ONE})
    derived = [
        ring.derive("seal"),
        ring.derive("name"),
        ring.derive("seal", "acme"),
        ring.derive("seal", "acme", "support"),
        ring.derive("seal", "acme/support"),
        KeyRing({"one": TWO}).derive("seal"),
    ]

    assert len(set(derived)) == len(derived)
    assert {len(key) for key in derived} == {32}
    assert ring.derive("seal") == KeyRing({"renamed": ONE}).derive("seal")


@given(st.lists(st.text(alphabet="ab/", max_size=4), max_size=4, unique=True))
def test_no_two_contexts_are_taken_for_one(context: list[str]) -> None:
    ring = KeyRing({"one": ONE})
    splits = {tuple(context), ("/".join(context),), ("".join(context),), (*context, "")}

    assert len({ring.derive("seal", *each) for each in splits}) == len(splits)


def test_a_nul_could_move_the_border_between_two_parts() -> None:
    with pytest.raises(InvalidValue, match="NUL"):
        KeyRing({"one": ONE}).derive("seal", "a\0b")


def test_a_rotated_ring_seals_with_the_new_key_and_opens_with_the_old_ones() -> None:
    old = KeyRing({"one": ONE})
    new = old.rotated("two")

    assert new.names == ("two", "one")
    assert new.newest != old.newest
    assert old.newest in new
    assert new.name_of(old.newest) == "one"
    assert new.derive("seal", key=old.newest) == old.derive("seal")
    assert new.derive("seal") != old.derive("seal")
    assert new.without("one").names == ("two",)
    with pytest.raises(WrongKey, match=old.newest.hex()):
        new.without("one").derive("seal", key=old.newest)


def test_two_rotations_of_a_day_have_two_names() -> None:
    assert len(set(KeyRing.generate().rotated().rotated().names)) == 3


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "at least one"),
        ({"one": ONE[:31]}, "key one: 32 bytes are needed, not 31"),
        ({"One": ONE}, "'One'"),
        ({"one": ONE, "again": ONE}, "twice"),
    ],
)
def test_a_ring_that_cannot_be_is_refused(keys: dict[str, bytes], message: str) -> None:
    with pytest.raises(KeyRingError, match=message):
        KeyRing(keys)


def test_a_ring_cannot_lose_a_key_that_it_has_not_or_its_last_one() -> None:
    ring = KeyRing({"one": ONE})
    with pytest.raises(KeyRingError, match="no key 'two'"):
        ring.without("two")
    with pytest.raises(KeyRingError, match="at least one"):
        ring.without("one")
    with pytest.raises(KeyRingError, match="has a key 'one' already"):
        ring.rotated("one")


def test_text_is_read_with_comments_and_in_one_line() -> None:
    lines = "# made in May\n\n" + _text(("two", TWO), ("one", ONE)) + "  # the old one\n"

    assert KeyRing.from_text(lines).names == ("two", "one")
    assert KeyRing.from_text(_text(("two", TWO), ("one", ONE)).replace("\n", ";")).names == (
        "two",
        "one",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "at least one"),
        ("one", "line 1"),
        ("one not-base64!", "line 1"),
        (_text(("one", ONE)) + " more", "line 1"),
        (_text(("one", ONE), ("one", TWO)), "line 2"),
    ],
)
def test_bad_text_is_refused_without_showing_it(text: str, message: str) -> None:
    with pytest.raises(KeyRingError, match=message) as refused:
        KeyRing.from_text(text)

    assert base64.b64encode(ONE).decode() not in str(refused.value)
    assert refused.value.__cause__ is None


def test_the_environment_holds_a_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BLAZZ_KEYS", raising=False)
    with pytest.raises(KeyRingError, match="BLAZZ_KEYS"):
        KeyRing.from_environment()

    monkeypatch.setenv("BLAZZ_KEYS", _text(("one", ONE)))
    assert KeyRing.from_environment().names == ("one",)


def test_a_file_keeps_a_ring_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keyring"
    ring = KeyRing.generate("one").rotated("two")
    ring.write(path)

    read = KeyRing.from_file(path)
    assert read.names == ring.names
    assert read.derive("seal") == ring.derive("seal")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["keyring"]


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps no mode bits")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_file_that_is_open_to_others_is_refused(
    tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "keyring"
    KeyRing.generate().write(path)
    path.chmod(mode)

    with pytest.raises(KeyRingError, match=f"mode {mode:o}.*chmod 600"):
        KeyRing.from_file(path)
    with caplog.at_level(logging.WARNING):
        KeyRing.from_file(path, allow_shared=True)
    assert "chmod 600" in caplog.text


def test_a_missing_or_strange_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyRingError, match="missing"):
        KeyRing.from_file(tmp_path / "missing")
    (tmp_path / "strange").write_bytes(b"\xff\xfe")
    (tmp_path / "strange").chmod(0o600)
    with pytest.raises(KeyRingError, match="strange"):
        KeyRing.from_file(tmp_path / "strange")
    with pytest.raises(KeyRingError, match="cannot be written"):
        KeyRing.generate().write(tmp_path / "strange" / "keyring")


def test_a_file_is_made_once_whoever_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "keyring"
    first = KeyRing.from_file(path, create=True)
    KeyRing.generate().write(path, replace=False)

    assert KeyRing.from_file(path, create=True).names == first.names
    first.rotated("two").write(path)
    assert KeyRing.from_file(path).names == ("two", *first.names)


def test_a_ring_never_shows_its_keys() -> None:
    ring = KeyRing({"one": ONE})
    shown = f"{ring!r} {ring} {ring:}"

    assert shown == "KeyRing('one') KeyRing('one') KeyRing('one')"
    for move in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            move(ring)


def test_reports_name_keys_and_show_strangers_by_their_fingerprint() -> None:
    ring, stranger = KeyRing({"one": ONE}), KeyRing({"two": TWO})

    assert ring.describe([ring.newest, stranger.newest]) == (stranger.newest.hex(), "one")
