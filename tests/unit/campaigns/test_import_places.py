"""Where an import puts its rows: every number once, chunks of one lane, filled one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blazz.campaigns.ledger import import_work

BATCHES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 25)), max_size=12)


@given(st.integers(1, 10), BATCHES)
def test_rows_fill_the_chunks_of_their_lane(size: int, batches: list[tuple[int, int]]) -> None:
    filled: dict[int, int] = {}
    lanes: dict[int, int] = {}
    seqs: set[int] = set()
    for lane, count in batches:
        last = max(filled, default=0)
        mine = max((chunk for chunk in filled if lanes[chunk] == lane), default=last + 1)
        placed = 0
        for first, rows in import_work._places(mine, filled.get(mine, 0), last, size, count):
            chunk = (first - 1) // size + 1
            assert (first + rows - 2) // size + 1 == chunk, "a place is within one chunk"
            assert lanes.setdefault(chunk, lane) == lane, "a chunk is of one lane"
            numbers = set(range(first, first + rows))
            assert len(numbers) == rows > 0
            assert not numbers & seqs, "a number is given once"
            seqs |= numbers
            filled[chunk] = filled.get(chunk, 0) + rows
            placed += rows
        assert placed == count
    assert sorted(filled) == list(range(1, len(filled) + 1)), "no chunk is left out"
    for lane in set(lanes.values()):
        *full, _ = sorted(chunk for chunk in filled if lanes[chunk] == lane)
        assert all(filled[chunk] == size for chunk in full), "only the newest has room"


@given(st.lists(st.lists(st.integers(1, 10**9), min_size=2, unique=True), max_size=5))
def test_the_first_line_of_an_address_stays(groups: list[list[int]]) -> None:
    told = [
        (",".join(str(n) for n in range(len(lines))), ",".join(map(str, lines))) for lines in groups
    ]
    pairs = import_work.repeated(told)
    expected = [(lines.index(line), min(lines)) for lines in groups for line in sorted(lines)[1:]]
    assert list(zip(pairs[::2], pairs[1::2], strict=True)) == expected
