"""No update is lost on its way into webhooks, however they are batched, shuffled or refused."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.sandbox.batching import Change, assemble, encode, signature
from blazz.sandbox.mailbox import Counts, Delivery, Mailbox
from blazz.sandbox.settings import Settings

SHAPES = st.sampled_from(["changes", "values", "entries", "mixed"])


def change(number: int, *, waba: str = "1", kind: str = "statuses") -> Change:
    metadata = {"phone_number_id": str(number % 3)}
    return Change(waba, "messages", {"metadata": metadata, kind: [{"id": number}]})


def numbers(body: dict[str, Any]) -> list[int]:
    """The updates of a webhook, in order."""
    return [
        item["id"]
        for entry in body["entry"]
        for each in entry["changes"]
        for kind in ("statuses", "messages")
        for item in each["value"].get(kind, [])
    ]


def put(mailbox: Mailbox, *ids: int, now: float = 0.0, settings: Settings) -> None:
    for number in ids:
        mailbox.put(
            lambda number=number: change(number), now, settings, conversation=("1", str(number))
        )


def drain(
    mailbox: Mailbox, settings: Settings, *, answers: Any = None, now: float = 1.0
) -> list[list[int]]:
    """Post everything, hour after hour; give the updates of each answered request."""
    answered = []
    for _ in range(10_000):
        delivery = mailbox.take(now, settings)
        if delivery is None:
            if mailbox.is_idle:
                return answered
            now += 3600
            continue
        ok = next(answers, True) if answers is not None else True
        if ok:
            answered.append(numbers(json.loads(delivery.body)))
        mailbox.finish(delivery, now, settings, ok=ok)
    raise AssertionError("the mailbox never gets empty")


@given(
    st.integers(0, 60),
    st.integers(1, 20),
    SHAPES,
    st.booleans(),
    st.lists(st.booleans(), max_size=40),
)
def test_every_update_arrives_once(
    count: int, size: int, shape: Any, shuffle: bool, answers: list[bool]
) -> None:
    settings = Settings(batch_size=size, batch_shape=shape, shuffle=shuffle)
    mailbox = Mailbox(Random(1), Counts())
    put(mailbox, *range(count), settings=settings)

    arrived = drain(mailbox, settings, answers=iter(answers))

    assert sorted(number for batch in arrived for number in batch) == list(range(count))
    assert all(len(batch) <= size for batch in arrived)
    assert mailbox.counts.delivered == count
    assert mailbox.waiting == 0


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["statuses", "messages"]))), SHAPES
)
def test_a_body_holds_every_update_in_order(parts: list[tuple[str, str]], shape: Any) -> None:
    changes = [change(place, waba=waba, kind=kind) for place, (waba, kind) in enumerate(parts)]

    body = assemble(changes, shape, Random(0))

    assert numbers(body) == list(range(len(parts)))
    assert json.loads(encode(body)) == body


def test_updates_of_different_times_do_not_share_an_entry() -> None:
    parts = [Change("1", "account_update", {}, at) for at in (5, 5, 6, None)]

    entries = assemble(parts, "changes", Random(0))["entry"]

    assert [(entry.get("time"), len(entry["changes"])) for entry in entries] == [
        (5, 2),
        (6, 1),
        (None, 1),
    ]


@given(st.text(max_size=200))
def test_bodies_are_ascii_with_escaped_slashes(text: str) -> None:
    body = encode({"text": text, "url": "https://example.com/é"})

    assert body.isascii()
    assert b"/" not in body.replace(b"\\/", b"")
    assert json.loads(body)["text"] == text


def test_the_signature_is_meta_s() -> None:
    # printf '{"a":1}' | openssl dgst -sha256 -hmac s3cret
    digest = "5910e62016ef5034272c926c27071992a465c2335cecf41851bda071577f4f6d"

    assert signature(b'{"a":1}', "s3cret") == f"sha256={digest}"


def test_pauses_grow_up_to_a_limit_and_end() -> None:
    settings = Settings(retry_first=1, retry_most=5, give_up_after=20, batch_wait=0)
    mailbox = Mailbox(Random(0), Counts())
    put(mailbox, 1, settings=settings)
    now, sent = 0.0, []
    while not mailbox.is_idle:
        delivery = mailbox.take(now, settings)
        if delivery is None:
            due = mailbox.next_due(settings)
            assert due is not None
            now = due
            continue
        sent.append(now)
        mailbox.finish(delivery, now, settings, ok=False)

    pauses = [later - earlier for earlier, later in pairwise(sent)]
    assert pauses[:3] == [1, 2, 4]
    assert set(pauses[3:]) == {5}
    assert mailbox.counts.dropped == 1
    assert mailbox.counts.repeats == len(sent) - 1


def test_a_batch_waits_for_others_but_not_when_it_is_full() -> None:
    settings = Settings(batch_size=3, batch_wait=10)
    mailbox = Mailbox(Random(0), Counts())
    put(mailbox, 1, now=100.0, settings=settings)

    assert mailbox.take(105.0, settings) is None
    assert mailbox.next_due(settings) == 110.0

    put(mailbox, 2, 3, now=105.0, settings=settings)
    delivery = mailbox.take(105.0, settings)
    assert delivery is not None
    assert delivery.updates == 3


def test_no_more_requests_than_connections_are_under_way() -> None:
    settings = Settings(batch_size=1, batch_wait=0, connections=2)
    mailbox = Mailbox(Random(0), Counts())
    put(mailbox, 1, 2, 3, settings=settings)

    first, second, third = (mailbox.take(1.0, settings) for _ in range(3))

    assert first is not None
    assert second is not None
    assert third is None
    mailbox.finish(first, 1.0, settings, ok=True)
    assert mailbox.take(1.0, settings) is not None


def test_a_full_mailbox_drops_and_counts() -> None:
    settings = Settings(backlog=2)
    mailbox = Mailbox(Random(0), Counts())
    put(mailbox, 1, 2, 3, settings=settings)

    assert (mailbox.waiting, mailbox.counts.dropped) == (2, 1)


def test_what_is_held_is_released_as_one_request_in_copies() -> None:
    settings = Settings(batch_size=10, batch_wait=0)
    mailbox = Mailbox(Random(0), Counts(), held=True)
    put(mailbox, *range(500), settings=settings)
    assert mailbox.take(1.0, settings) is None
    assert mailbox.next_due(settings) is None

    assert mailbox.release(1.0, settings, copies=3, shuffle=True, shape="mixed") == 500

    bodies: list[Delivery] = []
    while (delivery := mailbox.take(1.0, settings)) is not None:
        bodies.append(delivery)
        mailbox.finish(delivery, 1.0, settings, ok=True)
    assert len(bodies) == 3
    assert len({delivery.body for delivery in bodies}) == 1
    found = numbers(json.loads(bodies[0].body))
    assert found != sorted(found)
    assert sorted(found) == list(range(500))
    assert mailbox.counts.delivered == 500


def test_answered_requests_are_repeated_byte_for_byte() -> None:
    settings = Settings(batch_wait=0)
    mailbox = Mailbox(Random(0), Counts())
    put(mailbox, 1, 2, settings=settings)
    drain(mailbox, settings)

    assert mailbox.repeat_last(5, 9.0) == 1
    again = mailbox.take(9.0, settings)
    assert again is not None
    assert numbers(json.loads(again.body)) == [1, 2]


def test_a_share_of_requests_is_doubled() -> None:
    settings = Settings(batch_size=1, batch_wait=0, duplicate=1.0, connections=1000)
    mailbox = Mailbox(Random(0), Counts())
    put(mailbox, 1, settings=settings)
    delivery = mailbox.take(1.0, settings)
    assert delivery is not None
    mailbox.finish(delivery, 1.0, settings, ok=True)

    again = mailbox.take(1.0, settings)

    assert again is not None
    assert again.body == delivery.body
    assert mailbox.waiting == 0


def test_no_body_is_larger_than_meta_s() -> None:
    settings = Settings(batch_wait=0)
    mailbox = Mailbox(Random(0), Counts())
    for number in range(20):
        big = Change("1", "messages", {"statuses": [{"id": number, "x": "y" * 500_000}]})
        mailbox.put(lambda big=big: big, 0.0, settings, conversation=("1", str(number)))

    sizes, found = [], []
    while (delivery := mailbox.take(1.0, settings)) is not None:
        sizes.append(len(delivery.body))
        found += numbers(json.loads(delivery.body))
        mailbox.finish(delivery, 1.0, settings, ok=True)

    assert max(sizes) <= 3 * 1024 * 1024
    assert sorted(found) == list(range(20))


@pytest.mark.parametrize("shape", ["values", "mixed"])
def test_values_of_different_numbers_are_not_mixed(shape: Any) -> None:
    body = assemble([change(number) for number in range(30)], shape, Random(3))

    for entry in body["entry"]:
        for each in entry["changes"]:
            owner = each["value"]["metadata"]["phone_number_id"]
            assert {str(it["id"] % 3) for it in each["value"]["statuses"]} == {owner}
