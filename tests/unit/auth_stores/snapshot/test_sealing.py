"""Sealing: what is sealed opens in its place, with its key, unaltered, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores.snapshot.sealing import NotAuthentic, Sealer, key_of
from blazz.errors import WrongKey
from blazz.security.keyring import KeyRing

RING = KeyRing.generate("one")
HERE = Sealer(RING, "acme", "support", "web")
NAME = "web/manifests/0000000001-0a1b2c3d-0000000001"


def _sealed(data: bytes, sealer: Sealer = HERE) -> tuple[bytes, bytes]:
    chunk_id = sealer.chunk_id(data)
    return chunk_id, sealer.seal_chunk(chunk_id, data)


@given(st.binary(max_size=2000))
def test_a_chunk_comes_back(data: bytes) -> None:
    chunk_id, blob = _sealed(data)

    assert HERE.open_chunk(chunk_id, RING.newest, blob, size=len(data)) == data
    assert key_of(blob) == RING.newest


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_chunk_that_was_altered_anywhere_is_refused(data: bytes, draw: st.DataObject) -> None:
    chunk_id, blob = _sealed(data)
    at = draw.draw(st.integers(0, len(blob) - 1))
    altered = bytearray(blob)
    altered[at] ^= draw.draw(st.integers(1, 255))

    with pytest.raises(NotAuthentic):
        HERE.open_chunk(chunk_id, RING.newest, bytes(altered), size=len(data))


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_chunk_that_was_cut_short_or_grew_is_refused(data: bytes, draw: st.DataObject) -> None:
    chunk_id, blob = _sealed(data)
    cut = draw.draw(st.integers(0, len(blob) - 1))

    for other in (blob[:cut], blob + b"\0", blob[cut:]):
        if other != blob:
            with pytest.raises(NotAuthentic):
                HERE.open_chunk(chunk_id, RING.newest, other, size=len(data))


@pytest.mark.parametrize(
    "elsewhere",
    [
        ("acme", "support", "credentials"),
        ("acme", "other", "web"),
        ("other", "support", "web"),
        ("acme", "support"),
        ("acme/support", "web"),
    ],
)
def test_a_chunk_of_another_session_is_refused(elsewhere: tuple[str, ...]) -> None:
    chunk_id, blob = _sealed(b"secret")
    there = Sealer(RING, *elsewhere)

    assert there.chunk_id(b"secret") != chunk_id, "others can ask whether a content is stored"
    with pytest.raises(NotAuthentic):
        there.open_chunk(chunk_id, RING.newest, blob, size=6)


def test_a_chunk_in_the_place_of_another_is_refused() -> None:
    _, first = _sealed(b"first!")
    second_id, _ = _sealed(b"second")

    with pytest.raises(NotAuthentic):
        HERE.open_chunk(second_id, RING.newest, first, size=6)


def test_a_sealed_chunk_under_a_name_that_is_not_its_content_is_refused() -> None:
    wrong_id = HERE.chunk_id(b"something else")
    blob = HERE.seal_chunk(wrong_id, b"secret")

    with pytest.raises(NotAuthentic, match="name stands for"):
        HERE.open_chunk(wrong_id, RING.newest, blob, size=6)


@pytest.mark.parametrize("size", [0, 5, 7])
def test_a_chunk_of_another_size_than_promised_is_refused(size: int) -> None:
    chunk_id, blob = _sealed(b"secret")

    with pytest.raises(NotAuthentic):
        HERE.open_chunk(chunk_id, RING.newest, blob, size=size)


def test_the_same_content_is_sealed_differently_each_time() -> None:
    assert _sealed(b"secret")[0] == _sealed(b"secret")[0]
    assert _sealed(b"secret")[1] != _sealed(b"secret")[1]
    assert b"secret" not in _sealed(b"secret")[1]


def test_a_manifest_opens_under_its_name_only() -> None:
    blob = HERE.seal_manifest(NAME, b"content")
    later = Sealer(RING.rotated("two"), "acme", "support", "web")

    assert HERE.open_manifest(NAME, blob, key=RING.newest) == b"content"
    assert later.open_manifest(NAME, blob, key=None) == b"content"
    with pytest.raises(NotAuthentic):
        HERE.open_manifest(NAME.replace("1", "2"), blob, key=RING.newest)
    with pytest.raises(NotAuthentic, match="another key than its revision names"):
        later.open_manifest(NAME, blob, key=later.newest)


def test_a_chunk_does_not_pass_for_a_manifest() -> None:
    chunk_id, blob = _sealed(b"secret")

    with pytest.raises(NotAuthentic):
        HERE.open_manifest(chunk_id.hex(), blob, key=RING.newest)


def test_a_key_that_is_missing_is_told_from_damage() -> None:
    chunk_id, blob = _sealed(b"secret")
    stranger = Sealer(KeyRing.generate("other"), "acme", "support", "web")

    with pytest.raises(WrongKey, match=RING.newest.hex()):
        stranger.open_chunk(chunk_id, RING.newest, blob, size=6)
    with pytest.raises(WrongKey):
        stranger.open_manifest(NAME, HERE.seal_manifest(NAME, b""), key=None)
    with pytest.raises(NotAuthentic):
        HERE.open_manifest(NAME, b"BLZ1", key=None)


def test_an_older_key_names_and_opens_what_it_sealed() -> None:
    rotated = RING.rotated("two")
    later = Sealer(rotated, "acme", "support", "web")
    chunk_id, blob = _sealed(b"secret")

    assert later.open_chunk(chunk_id, RING.newest, blob, size=6) == b"secret"
    assert later.chunk_id(b"secret", RING.newest) == chunk_id
    assert later.chunk_id(b"secret") != chunk_id
