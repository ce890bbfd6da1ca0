"""A device's queue: nothing is lost, doubled or out of order, however often it goes and comes."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from blazz.sandbox.web.devices import Device


class Away:
    """A connection that only counts."""

    def push(self, kind: str, data: dict[str, Any]) -> None: ...

    def wake(self) -> None: ...

    def hang_up(self) -> None: ...


class QueueMachine(RuleBasedStateMachine):
    """A server that puts items and a page that stores them, dies, and comes back."""

    def __init__(self) -> None:
        super().__init__()
        self.device = Device(id=1, secret=b"", linked_at=0.0)
        self.put = 0
        self.stored: list[int] = []  # what the page has on its disk
        self.in_flight: list[int] = []  # what it was sent and did not store yet
        self.told = 0  # what it has told the server
        self.device.resume(0)

    @rule(count=st.integers(1, 5))
    def server_puts(self, count: int) -> None:
        for _ in range(count):
            self.put += 1
            self.device.put("message", {"n": self.put})

    @rule(most=st.integers(1, 4))
    def page_is_sent(self, most: int) -> None:
        self.in_flight += [data["n"] for _, _, data in self.device.take(most)]

    @rule()
    def page_stores(self) -> None:
        fresh = [number for number in self.in_flight if number > len(self.stored)]
        self.stored += fresh
        self.in_flight.clear()

    @rule()
    def page_tells(self) -> None:
        self.told = len(self.stored)
        self.device.store(self.told)

    @rule()
    def page_dies_and_comes_back(self) -> None:
        self.in_flight.clear()
        self.device.resume(len(self.stored))
        self.told = len(self.stored)

    @invariant()
    def what_is_stored_is_whole_and_in_order(self) -> None:
        assert self.stored == list(range(1, len(self.stored) + 1))
        assert self.device.waiting == self.put - self.told
        assert self.device.rollbacks == 0

    def teardown(self) -> None:
        self.page_dies_and_comes_back()
        while self.device.waiting:
            self.page_is_sent(4)
            self.page_stores()
            self.page_tells()
        assert self.stored == list(range(1, self.put + 1))


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=60, stateful_step_count=30)


def test_an_old_profile_is_noticed_and_goes_on_with_what_is_left() -> None:
    device = Device(id=1, secret=b"", linked_at=0.0)
    for number in range(5):
        device.put("message", {"n": number})
    device.resume(0)
    device.take(10)
    device.store(3)

    device.resume(1)

    assert device.rollbacks == 1
    assert device.awaited == 5
    assert [number for number, _, _ in device.take(10)] == [4, 5]


def test_a_page_cannot_claim_more_than_it_was_sent() -> None:
    device = Device(id=1, secret=b"", linked_at=0.0)
    device.put("message", {})
    device.store(100)
    assert device.stored == 1


@given(st.binary(min_size=1, max_size=64), st.binary(min_size=1, max_size=64))
def test_only_the_secret_proves_itself(secret: bytes, nonce: bytes) -> None:
    device = Device(id=1, secret=secret, linked_at=0.0)
    assert device.proves(nonce, hmac.new(secret, nonce, hashlib.sha256).digest())
    assert not device.proves(nonce, hmac.new(secret + b"x", nonce, hashlib.sha256).digest())


def test_a_connected_device_is_woken_and_an_absent_one_is_not_pushed_to() -> None:
    device = Device(id=1, secret=b"", linked_at=0.0)
    device.push("presence", {})
    device.line = Away()
    device.put("message", {})
    assert device.waiting == 1


def test_an_old_profile_does_not_wait_for_what_was_stored_elsewhere() -> None:
    device = Device(id=1, secret=b"", linked_at=0.0)
    for number in range(5):
        device.put("message", {"n": number})
    device.resume(0)
    device.take(10)
    device.store(5)

    device.resume(1)

    assert device.take(10) == ()
    assert device.awaited == 0
