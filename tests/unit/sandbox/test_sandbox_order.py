"""Each conversation keeps its order, whatever fails, and none waits for another one."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.sandbox.batching import Change
from blazz.sandbox.mailbox import Counts, Delivery, Mailbox
from blazz.sandbox.settings import Settings

ACCEPTED = {"ok": True}
REFUSED = {"ok": False}
UNREACHABLE = {"ok": False, "reached": False}


class Post:
    """A mailbox, and an application that its requests come to."""

    def __init__(self, **settings: Any) -> None:
        self.settings = Settings(batch_wait=0, retry_first=1).updated(settings)
        self.mailbox = Mailbox(Random(1), Counts())
        self.now = 0.0
        self.under_way: list[Delivery] = []
        self.arrived: list[str] = []
        self._numbers: defaultdict[str, itertools.count[int]] = defaultdict(
            lambda: itertools.count(1)
        )

    def put(self, *users: str) -> None:
        """Let users do something; their updates are called `a1`, `a2` and so on."""
        for user in users:
            update = f"{user}{next(self._numbers[user])}"
            change = Change("1", "messages", {"messages": [{"id": update}]})
            self.mailbox.put(
                lambda change=change: change, self.now, self.settings, conversation=("1", user)
            )

    def take(self) -> list[list[str]]:
        """Send all that may be sent; give the updates of each request."""
        found = []
        while (delivery := self.mailbox.take(self.now, self.settings)) is not None:
            self.under_way.append(delivery)
            found.append(updates(delivery))
        return found

    def end(self, place: int = 0, *, ok: bool, reached: bool = True) -> None:
        """Let a request end."""
        delivery = self.under_way.pop(place)
        if ok:
            self.arrived += updates(delivery)
        self.mailbox.finish(delivery, self.now, self.settings, ok=ok, reached=reached)

    def drain(self) -> None:
        """Accept everything, hour after hour."""
        for _ in range(10_000):
            self.take()
            if not self.under_way and self.mailbox.is_idle:
                return
            if self.under_way:
                self.end(**ACCEPTED)
            else:
                self.now += 3600
        raise AssertionError("the mailbox never gets empty")

    def of(self, user: str) -> list[str]:
        """What arrived of a user."""
        return [update for update in self.arrived if update.startswith(user)]


def updates(delivery: Delivery) -> list[str]:
    return [
        message["id"]
        for entry in json.loads(delivery.body)["entry"]
        for change in entry["changes"]
        for message in change["value"]["messages"]
    ]


def numbered(user: str, count: int) -> list[str]:
    return [f"{user}{number}" for number in range(1, count + 1)]


STEPS = st.one_of(
    st.tuples(st.just("put"), st.text("abcd", min_size=1, max_size=6)),
    st.tuples(st.just("take"), st.none()),
    st.tuples(st.sampled_from(["ok", "refused once", "unreachable"]), st.integers(0, 7)),
    st.tuples(st.just("later"), st.sampled_from([0.5, 1, 4])),
    st.tuples(st.just("hold"), st.none()),
    st.tuples(st.just("release"), st.booleans()),
    st.tuples(st.just("hurry"), st.none()),
)


@given(st.lists(STEPS, max_size=60), st.integers(1, 5), st.sampled_from(["changes", "mixed"]))
def test_conversations_keep_their_order(steps: list[Any], size: int, shape: str) -> None:
    post = Post(batch_size=size, batch_shape=shape, connections=2)
    put = ""
    for step, what in steps:
        if step == "put":
            put += what
            post.put(*what)
        elif step == "later":
            post.now += what
        elif step == "hold":
            post.mailbox.held = True
        elif step == "release":
            post.mailbox.release(post.now, post.settings, whole=what)
        elif step == "hurry":
            post.mailbox.hurry(post.now)
        elif step != "take" and post.under_way:
            delivery = post.under_way[what % len(post.under_way)]
            refusable = step == "refused once" and delivery.refusals == 0
            how = REFUSED if refusable else UNREACHABLE if step == "unreachable" else ACCEPTED
            post.end(post.under_way.index(delivery), **how)
        if not post.mailbox.held:
            post.take()
        users = [{it[0] for it in updates(delivery)} for delivery in post.under_way]
        assert sum(map(len, users)) == len(set().union(*users)), "side by side in a conversation"
    post.mailbox.release(post.now, post.settings)
    post.drain()

    for user in "abcd":
        assert post.of(user) == numbered(user, put.count(user))
    assert (post.mailbox.waiting, post.mailbox.counts.delivered) == (0, len(put))


def test_conversations_go_side_by_side() -> None:
    post = Post(batch_size=1)
    post.put("a", "a", "b", "a", "c")

    assert post.take() == [["a1"], ["b1"], ["c1"]]
    post.end(1, **ACCEPTED)
    assert post.take() == []
    post.end(0, **ACCEPTED)
    assert post.take() == [["a2"]]


def test_what_waited_for_a_request_shares_the_next_one() -> None:
    post = Post()
    post.put("a")
    assert post.take() == [["a1"]]
    post.put("a", "a", "b")

    assert post.take() == [["b1"]]
    post.put("b", "c")
    assert post.take() == [["c1"]]
    post.end(0, **ACCEPTED)
    assert post.take() == [["a2", "a3"]]


def test_what_waited_for_a_request_comes_before_what_came_later() -> None:
    post = Post(connections=1)
    post.put("a")
    post.take()
    post.put("b", "a")
    post.end(**ACCEPTED)
    post.put("a")

    assert post.take() == [["b1", "a2", "a3"]]


def test_a_failure_holds_up_its_own_conversation_only() -> None:
    post = Post()
    post.put("a")
    post.take()
    post.end(**REFUSED)
    post.put("a", "b")

    assert post.take() == [["b1"]]
    post.now += 1
    assert post.take() == [["a1"]]
    post.end(1, **ACCEPTED)
    assert post.take() == [["a2"]]


def test_what_is_refused_again_is_overtaken() -> None:
    post = Post()
    post.put("a", "b")
    post.take()
    post.end(**REFUSED)
    post.put("a")
    post.now += 1
    post.take()
    assert post.take() == []
    post.end(**REFUSED)

    assert post.take() == [["a2"]]
    post.put("b")
    assert post.take() == [["b2"]]
    post.drain()
    assert post.arrived == ["a2", "b2", "a1", "b1"]


def test_whoever_cannot_be_reached_misses_nothing_of_the_order() -> None:
    post = Post()
    post.put("a")
    for _ in range(20):
        post.take()
        post.end(**UNREACHABLE)
        post.put("a")
        post.now += 3600

    post.drain()
    assert post.arrived == numbered("a", 21)


def test_what_is_given_up_is_no_longer_waited_for() -> None:
    post = Post(give_up_after=10)
    post.put("a", "a")
    post.take()
    post.end(**UNREACHABLE)
    post.put("a")
    post.now += 20
    post.take()
    post.end(**UNREACHABLE)

    assert post.mailbox.counts.dropped == 2
    assert post.take() == [["a3"]]


def test_a_new_application_gets_what_waited_at_once() -> None:
    post = Post()
    post.put("a")
    for _ in range(10):
        post.take()
        post.end(**UNREACHABLE)
        post.now = post.mailbox.next_due(post.settings) or 0
    post.take()
    post.end(**UNREACHABLE)
    assert post.take() == []

    post.mailbox.hurry(post.now)
    assert post.take() == [["a1"]]
    post.end(**UNREACHABLE)
    assert post.mailbox.next_due(post.settings) == post.now + 1, "its first pause again"


@pytest.mark.parametrize("on_demand", ["setting", "release"])
def test_no_order_is_kept_where_that_is_asked_for(on_demand: str) -> None:
    post = Post(batch_size=1, connections=40)
    if on_demand == "setting":
        post.put("a")
        post.take()
        post.settings = post.settings.updated({"shuffle": True})
        post.put(*"a" * 19)
    else:
        post.mailbox.held = True
        post.put(*"a" * 20)
        post.mailbox.release(post.now, post.settings, shuffle=True, whole=False)

    post.take()

    assert len(post.under_way) == 20
    post.drain()
    assert sorted(post.arrived) == sorted(numbered("a", 20))


def test_what_was_held_keeps_its_order_in_many_requests() -> None:
    post = Post(batch_size=2)
    post.put("a")
    post.take()
    post.mailbox.held = True
    post.put(*"aabacb")
    post.mailbox.release(post.now, post.settings, whole=False)

    assert post.take() == []
    assert post.mailbox.waiting == 7
    post.end(**ACCEPTED)
    assert post.take() == [["a2", "a3"]]
    post.put("c")
    post.drain()

    assert [post.of(user) for user in "abc"] == [
        numbered("a", 4),
        numbered("b", 2),
        numbered("c", 2),
    ]


def test_copies_do_not_run_ahead() -> None:
    post = Post(batch_size=1)
    post.mailbox.held = True
    post.put("a", "a")
    post.mailbox.release(post.now, post.settings, copies=3, whole=False)

    assert post.take() == [["a1"]] * 3
    post.end(**ACCEPTED)
    assert post.take() == [["a2"]] * 3


def test_what_is_dropped_holds_nothing_up() -> None:
    post = Post()
    post.put("a")
    post.take()
    post.put("a")
    assert post.mailbox.drop() == 1
    post.put("a")

    assert post.take() == [["a3"]]
    post.end(0, **ACCEPTED)
    post.put("a")
    assert post.take() == []
    post.drain()
    assert post.arrived == ["a1", "a3", "a4"]


def test_a_long_conversation_waits_cheaply() -> None:
    """A request of one update does not move all others that wait."""
    post = Post(batch_size=1)
    post.put(*"a" * 3000)

    post.drain()

    assert post.arrived == numbered("a", 3000)
