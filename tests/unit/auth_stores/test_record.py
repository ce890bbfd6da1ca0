"""A session's record: who may change it, and how."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores import Kind, Lease, Retention, Revision
from blazz.auth_stores.record import Entry, Holding, NotARecord, Record
from blazz.errors import OwnershipLost
from tests.sessions import SESSION

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ALL = Retention(newest=10_000)


def _entry(number: int, kind: Kind = Kind.WEB, epoch: int = 1) -> Entry:
    return Entry(
        revision=Revision(
            number=number,
            kind=kind,
            epoch=epoch,
            at=NOON + timedelta(seconds=number),
            size=number * 100,
            uploaded=number * 10,
        ),
        manifest=f"{kind}/manifests/{epoch:010d}-0a1b2c3d-{number:010d}",
        key=b"12345678",
    )


def _lease(record: Record) -> Lease:
    assert record.holding is not None
    return Lease(
        session=SESSION,
        owner=record.holding.owner,
        epoch=record.epoch,
        token=record.holding.token,
        ttl=record.holding.ttl,
        ends_at=0.0,
    )


@given(
    st.lists(st.sampled_from(Kind), max_size=6),
    st.none() | st.floats(0, 2e9),
    st.none() | st.just("one"),
)
def test_a_record_comes_back(kinds: list[Kind], ends_at: float | None, owner: str | None) -> None:
    record = Record(
        epoch=7,
        revision=len(kinds),
        holding=owner and Holding(owner=owner, token="t", ttl=30.0, beat=3, ends_at=ends_at),
        entries=tuple(_entry(number, kind) for number, kind in enumerate(kinds, start=1)),
    )

    assert Record.decode(record.encode()) == record


def _changed(field: str, value: object) -> bytes:
    return json.dumps({**json.loads(Record().encode()), field: value}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        pytest.param(Record().encode()[:-1], id="cut short"),
        pytest.param(_changed("format", 2), id="another format"),
        pytest.param(_changed("holding", {"owner": "x"}), id="half a holding"),
        pytest.param(_changed("entries", [{}]), id="an empty entry"),
        pytest.param(_changed("epoch", "many"), id="an epoch in words"),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(NotARecord):
        Record.decode(data)


def test_each_owner_has_a_higher_epoch_and_another_token() -> None:
    first = Record().taken("one", 30, now=None)
    second = first.taken("one", 30, now=None)

    assert (first.epoch, second.epoch) == (1, 2)
    assert _lease(first).token != _lease(second).token
    assert first.released(_lease(first)).epoch == 1


def test_every_state_has_another_name() -> None:
    record = Record().taken("one", 30, now=None)
    lease = _lease(record)
    states = [
        record,
        record.renewed(lease, now=None),
        record.emptied(lease),
        record.released(lease),
    ]

    assert len({each.write for each in states}) == 4
    assert len({each.encode() for each in states}) == 4


def test_a_renewal_counts_and_moves_the_end_where_the_store_has_a_clock() -> None:
    record = Record().taken("one", 30, now=100.0)
    renewed = record.renewed(_lease(record), now=120.0)

    assert record.holding is not None
    assert renewed.holding is not None
    assert (record.holding.ends_at, renewed.holding.ends_at) == (130.0, 150.0)
    assert (record.holding.beat, renewed.holding.beat) == (0, 1)


@pytest.mark.parametrize("change", ["renewed", "released", "committed", "emptied", "pruned"])
@pytest.mark.parametrize(
    ("later", "reason"),
    [
        (lambda record: record.taken("two", 30, now=None), "epoch 2 has begun"),
        (lambda record: record.released(_lease(record)), "it was released"),
        (lambda _: Record(), "the store has lost it and knows only epoch 0"),
        (lambda _: Record().taken("two", 30, now=None), "the epoch is another owner's"),
    ],
)
def test_whoever_is_not_the_owner_changes_nothing(change: str, later, reason: str) -> None:
    record = Record().taken("one", 30, now=None)
    lease = _lease(record)
    now = later(record)
    arguments = {
        "renewed": {"now": None},
        "committed": {"entry": _entry(1), "retention": ALL},
        "pruned": {"retention": ALL},
    }

    with pytest.raises(OwnershipLost, match=f"lease of one .epoch 1. is over: {reason}"):
        getattr(now, change)(lease, **arguments.get(change, {}))


def test_a_lease_that_has_ended_is_good_until_somebody_takes_over() -> None:
    record = Record().taken("one", 30, now=0.0)

    assert record.committed(_lease(record), _entry(1), ALL).revision == 1


def test_retention_counts_each_kind_by_itself() -> None:
    record = Record().taken("one", 30, now=None)
    policy = Retention(newest=1, hourly=0, daily=0)
    for number, kind in enumerate([Kind.CREDENTIALS, Kind.WEB, Kind.WEB], start=1):
        record = record.committed(_lease(record), _entry(number, kind), policy)

    assert [entry.revision.number for entry in record.entries] == [1, 3]
    assert record.newest(Kind.WEB) == _entry(3)
    assert record.of_kind(Kind.CREDENTIALS) == (_entry(1, Kind.CREDENTIALS),)


def test_deleting_and_pruning_keep_the_numbers() -> None:
    record = Record().taken("one", 30, now=None)
    lease = _lease(record)
    for number in (1, 2, 3):
        record = record.committed(lease, _entry(number), ALL)

    pruned = record.pruned(lease, Retention(newest=1, hourly=0, daily=0))
    emptied = record.emptied(lease)
    assert [entry.revision.number for entry in pruned.entries] == [3]
    assert (emptied.entries, emptied.revision, emptied.epoch) == ((), 3, 1)
    assert replace(emptied, entries=record.entries, write=record.write) == record
