"""Cutting contents into chunks and batches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores.snapshot import chunks

SIZES = st.lists(st.integers(0, 70), max_size=12)


@given(SIZES, st.integers(1, 9), st.integers(1, 5))
def test_batches_read_everything_once_in_order(sizes: list[int], chunk: int, many: int) -> None:
    batches = list(chunks.batches(sizes, chunk=chunk, batch=chunk * many))

    read = [
        (run.content, offset)
        for batch in batches
        for run in batch
        for offset in range(run.offset, run.offset + run.length)
    ]
    assert read == [(content, at) for content, size in enumerate(sizes) for at in range(size)]
    assert all(sum(run.length for run in batch) <= chunk * many for batch in batches)
    assert all(batch for batch in batches)


@given(SIZES, st.integers(1, 9), st.integers(1, 5))
def test_runs_start_at_the_border_of_a_chunk(sizes: list[int], chunk: int, many: int) -> None:
    for batch in chunks.batches(sizes, chunk=chunk, batch=chunk * many):
        for run in batch:
            assert run.offset % chunk == 0
            ends_there = run.offset + run.length == sizes[run.content]
            assert ends_there or run.length % chunk == 0


@given(st.binary(max_size=100), st.integers(1, 9))
def test_pieces_add_up(data: bytes, chunk: int) -> None:
    pieces = chunks.split(data, chunk)

    assert b"".join(pieces) == data
    assert len(pieces) == chunks.count(len(data), chunk)
    assert all(len(piece) == chunk for piece in pieces[:-1])
