"""Packing: what must be stored, what is stored anew, and where it goes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores.snapshot.manifest import Chunk
from blazz.auth_stores.snapshot.packing import Pack, Packer
from blazz.auth_stores.snapshot.sealing import Sealer
from blazz.security.keyring import KeyRing

RING = KeyRing.generate("one")
ROTATED = RING.rotated("two")
PIECES = st.lists(st.sampled_from([b"aaaa", b"bbbb", b"cccc", b"d"]), max_size=12)


def _packer(
    *,
    ring: KeyRing = RING,
    known: Iterable[Pack] = (),
    sparse: Iterable[str] = (),
    refresh: int = 0,
    pack_bytes: int = 100,
    prefix: str = "new",
) -> Packer:
    numbers = itertools.count(1)
    packs = list(known)
    return Packer(
        Sealer(ring, "acme", "support", "web"),
        known=[chunk for pack in packs for chunk in pack.chunks],
        sizes={pack.name: len(pack.blob) for pack in packs},
        sparse=frozenset(sparse),
        refresh=refresh,
        pack_bytes=pack_bytes,
        name_pack=lambda: f"{prefix}-{next(numbers)}",
    )


def _packed(packer: Packer, pieces: list[bytes]) -> list[Pack]:
    return packer.add(pieces) + packer.finish()


def _opened(chunk: Chunk, packs: Iterable[Pack], size: int) -> bytes:
    blob = next(pack.blob for pack in packs if pack.name == chunk.pack)
    sealed = blob[chunk.offset : chunk.offset + chunk.length]
    return Sealer(ROTATED, "acme", "support", "web").open_chunk(
        chunk.id, chunk.key, sealed, size=size
    )


@given(PIECES, st.integers(1, 400))
def test_every_chunk_can_be_opened_where_it_is_said_to_be(
    pieces: list[bytes], pack_bytes: int
) -> None:
    packer = _packer(pack_bytes=pack_bytes)
    packs = _packed(packer, pieces)

    assert [_opened(c, packs, len(p)) for c, p in zip(packer.chunks, pieces, strict=True)] == pieces
    assert packer.new_chunks == len(set(pieces)) == sum(len(pack.chunks) for pack in packs)
    assert packer.packs() == {pack.name: len(pack.blob) for pack in packs}


@given(PIECES, PIECES)
def test_what_is_stored_is_not_stored_again(before: list[bytes], after: list[bytes]) -> None:
    stored = _packed(_packer(prefix="old"), before)
    packer = _packer(known=stored)
    new = _packed(packer, after)

    assert packer.new_chunks == len(set(after) - set(before))
    opened = [
        _opened(c, [*stored, *new], len(p)) for c, p in zip(packer.chunks, after, strict=True)
    ]
    assert opened == after


@given(st.integers(0, 5))
def test_a_rotation_goes_on_bit_by_bit(refresh: int) -> None:
    pieces = [b"aaaa", b"bbbb", b"cccc", b"aaaa"]
    stored = _packed(_packer(prefix="old"), pieces)
    packer = _packer(ring=ROTATED, known=stored, refresh=refresh)
    new = _packed(packer, pieces)

    keys = {chunk.key for chunk in packer.chunks}
    assert packer.new_chunks == min(refresh, 3)
    assert (RING.newest not in keys) == (refresh >= 3)
    assert [_opened(c, [*stored, *new], 4) for c in packer.chunks] == pieces


def test_new_chunks_take_the_newest_key_also_without_a_refresh() -> None:
    stored = _packed(_packer(prefix="old"), [b"aaaa"])
    packer = _packer(ring=ROTATED, known=stored)
    _packed(packer, [b"aaaa", b"bbbb"])

    assert [chunk.key for chunk in packer.chunks] == [RING.newest, ROTATED.newest]


def test_a_pack_that_is_mostly_dead_is_emptied_when_something_changes_anyway() -> None:
    stored = _packed(_packer(prefix="old"), [b"aaaa", b"bbbb"])
    unchanged = _packer(known=stored, sparse=["old-1"], refresh=9)
    changed = _packer(known=stored, sparse=["old-1"], refresh=9)

    assert _packed(unchanged, [b"aaaa", b"bbbb"]) == []
    _packed(changed, [b"cccc", b"aaaa", b"bbbb"])
    assert changed.new_chunks == 3
    assert set(changed.packs()) == {"new-1"}


def test_a_pack_is_closed_when_it_is_full() -> None:
    packer = _packer(pack_bytes=1)
    packs = packer.add([b"aaaa", b"bbbb", b"aaaa"])

    assert [len(pack.chunks) for pack in packs] == [1, 1]
    assert packer.finish() == []
