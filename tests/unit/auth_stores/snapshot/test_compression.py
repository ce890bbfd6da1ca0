"""Compression: whole again, and never more than was promised."""

from __future__ import annotations

import os

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores.snapshot.compression import NotExpandable, compress, expand


@given(st.binary(max_size=3000) | st.binary(max_size=20).map(lambda piece: piece * 200))
def test_what_is_compressed_comes_back(data: bytes) -> None:
    packed = compress(data)

    assert expand(packed, most=len(data)) == data
    assert len(packed) <= len(data) + 1


@given(st.binary(min_size=1, max_size=3000))
def test_it_never_expands_beyond_what_was_promised(data: bytes) -> None:
    with pytest.raises(NotExpandable):
        expand(compress(data), most=len(data) - 1)


def test_a_bomb_is_refused_by_what_it_announces() -> None:
    bomb = b"\x01" + zstandard.ZstdCompressor().compress(bytes(200 * 1024 * 1024))

    assert len(bomb) < 20_000
    with pytest.raises(NotExpandable, match="more than the 65536 bytes"):
        expand(bomb, most=65536)


def test_a_bomb_that_does_not_announce_its_size_is_refused() -> None:
    compressor = zstandard.ZstdCompressor(write_content_size=False)

    with pytest.raises(NotExpandable):
        expand(b"\x01" + compressor.compress(bytes(10_000)), most=65536)


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    frame = bytearray(zstandard.ZstdCompressor().compress(bytes(60_000)))
    parameters = zstandard.get_frame_parameters(bytes(frame))
    assert parameters.content_size == 60_000
    # RFC 8878: the size follows the descriptor; two bytes, 256 less than the size.
    at = frame.index((60_000 - 256).to_bytes(2, "little"))
    frame[at : at + 2] = (10_000 - 256).to_bytes(2, "little")

    with pytest.raises(NotExpandable):
        expand(b"\x01" + bytes(frame), most=65536)


@pytest.mark.parametrize(
    "packed",
    [b"", b"\x02abc", b"\x01", b"\x01garbage", pytest.param(b"\x01" + os.urandom(50), id="random")],
)
def test_anything_else_is_refused(packed: bytes) -> None:
    with pytest.raises(NotExpandable):
        expand(packed, most=1000)


def test_two_frames_for_one_are_refused() -> None:
    frame = zstandard.ZstdCompressor().compress(b"a" * 100)

    with pytest.raises(NotExpandable):
        expand(b"\x01" + frame + frame, most=1000)
