"""Manifests: whole again from bytes, and nothing else is taken for one."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores.snapshot import chunks
from blazz.auth_stores.snapshot.contents import Browser, Content, Kind, StorageEngine
from blazz.auth_stores.snapshot.manifest import Chunk, Manifest, NotAManifest

PACKS = [f"web/packs/0000000003-0a1b2c3d-{number:010d}" for number in range(4)]
NAMES = st.from_regex(r"[a-z]{1,6}/[a-z]{1,6}\.log", fullmatch=True)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    size = draw(st.integers(1, 64))
    files = draw(st.dictionaries(NAMES, st.integers(0, 300), max_size=5))
    documents = draw(st.dictionaries(st.sampled_from("abc"), st.integers(0, 99), max_size=3))
    count = sum(chunks.count(each, size) for each in (*files.values(), *documents.values()))
    rows = [
        Chunk(
            draw(st.binary(min_size=20, max_size=20)),
            draw(st.sampled_from([b"12345678", b"abcdefgh"])),
            draw(st.sampled_from(PACKS)),
            draw(st.integers(0, 2**20)),
            draw(st.integers(0, 2**16)),
        )
        for _ in range(count)
    ]
    return Manifest(
        kind=Kind.WEB,
        revision=draw(st.integers(1, 10**6)),
        epoch=draw(st.integers(1, 10**6)),
        captured_at=datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 99))),
        browser=draw(st.none() | st.just(CHROMIUM)),
        chunk_bytes=size,
        files=tuple(Content(name, length) for name, length in files.items()),
        documents=tuple(Content(name, length) for name, length in documents.items()),
        chunks=tuple(rows),
        packs={row.pack: 2**21 for row in rows},
    )


CHROMIUM = Browser(version="156.0.1", engine=StorageEngine.SQLITE, flags=("--x",), wa_js="4.6.0")
CHUNK = Chunk(bytes(20), b"12345678", PACKS[0], 0, 100)
SOUND = Manifest(
    kind=Kind.WEB,
    revision=7,
    epoch=3,
    captured_at=datetime(2026, 1, 2, tzinfo=UTC),
    browser=CHROMIUM,
    chunk_bytes=64,
    files=(Content("a/b", 60),),
    documents=(),
    chunks=(CHUNK,),
    packs={PACKS[0]: 100},
)


@given(manifests())
def test_a_manifest_comes_back(manifest: Manifest) -> None:
    read = Manifest.decode(manifest.encode())

    assert read == manifest
    assert read.same_content(manifest)


@given(manifests())
def test_places_cover_every_byte_once(manifest: Manifest) -> None:
    covered = dict.fromkeys(range(len(manifest.contents)), 0)
    for index, offset, size, _ in manifest.places():
        assert offset == covered[index]
        assert 0 < size <= manifest.chunk_bytes
        covered[index] += size

    assert list(covered.values()) == [content.size for content in manifest.contents]


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(NotAManifest):
        Manifest.decode(data)


@given(manifests(), st.data())
def test_a_manifest_that_was_cut_short_is_refused(manifest: Manifest, draw: st.DataObject) -> None:
    encoded = manifest.encode()

    with pytest.raises(NotAManifest):
        Manifest.decode(encoded[: draw.draw(st.integers(0, len(encoded) - 1))])
    with pytest.raises(NotAManifest):
        Manifest.decode(encoded + b"\0")


def _forged(changes: Mapping[str, object]) -> bytes:
    """The sound manifest with another head."""
    encoded = SOUND.encode()
    (length,) = struct.unpack_from("<I", encoded)
    head = {**json.loads(encoded[4 : 4 + length]), **changes}
    forged = json.dumps(head).encode()
    return struct.pack("<I", len(forged)) + forged + encoded[4 + length :]


def test_the_forger_of_these_tests_can_also_copy() -> None:
    assert Manifest.decode(_forged({})) == SOUND


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"kind": "other"},
        {"files": [["../b", 60]]},
        {"files": [["/etc/passwd", 60]]},
        {"files": [["a", 30], ["A", 30]], "chunks": 2},
        {"files": [["a/b", -60]]},
        {"files": [["a/b", 10**13]]},
        {"files": [["a/b", 65]]},
        {"files": [["a/b", 0]]},
        {"files": [[f"f{number}", 0] for number in range(20_001)], "chunks": 0},
        {"documents": [["../x", 0]]},
        {"documents": [["x", 0], ["x", 0]]},
        {"documents": [["x", 10**9]]},
        {"chunks": -1},
        {"chunks": 2**40},
        {"chunk_bytes": 0},
        {"chunk_bytes": 2**30},
        {"packs": []},
        {"packs": [["web/packs/../../keyring", 100]]},
        {"packs": [["web/manifests/0000000003-0a1b2c3d-0000000001", 100]]},
        {"packs": [[PACKS[0], 99]]},
        {"keys": []},
        {"keys": ["1234"]},
        {"browser": {"version": "new", "engine": "leveldb", "flags": [], "wa_js": None}},
        {"browser": {"version": "156"}},
        {"captured_at": "yesterday"},
    ],
    ids=str,
)
def test_a_manifest_that_cannot_be_is_refused(changes: Mapping[str, object]) -> None:
    with pytest.raises(NotAManifest):
        Manifest.decode(_forged(changes))


def test_the_content_decides_whether_two_revisions_are_the_same() -> None:
    moved = replace(CHUNK, offset=0, length=99)

    assert SOUND.same_content(replace(SOUND, revision=8, epoch=4))
    assert not SOUND.same_content(replace(SOUND, browser=None))
    assert not SOUND.same_content(replace(SOUND, files=(Content("a/c", 60),)))
    assert not SOUND.same_content(replace(SOUND, chunks=(moved,)))


def test_the_manifest_of_a_usual_profile_is_small() -> None:
    import os

    from blazz.auth_stores.snapshot.compression import compress

    rows = [
        Chunk(os.urandom(20), b"12345678", PACKS[at % 4], at // 4 * 40_000, 40_000 - at % 50)
        for at in range(240)
    ]
    profile = replace(
        SOUND,
        chunk_bytes=65536,
        files=(Content("Default/log", 240 * 65536),),
        chunks=tuple(rows),
        packs=dict.fromkeys(PACKS, 2**22),
    )

    assert len(compress(profile.encode())) < 240 * 30
