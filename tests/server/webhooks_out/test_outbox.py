"""What is in the outbox is sent, by one instance or another, until the subscriber has it."""

from __future__ import annotations

from datetime import timedelta

import anyio
import pytest

from blazz_server.errors import ApiError
from blazz_server.webhooks.happenings import Happening
from blazz_server.webhooks.judging import KEPT_FAILING, Outcome, State
from blazz_server.webhooks.outbox import KEPT
from blazz_server.webhooks.signing import HEADER, NotAuthentic, verify
from blazz_server.webhooks.subscriptions import Change
from tests.server.webhooks_out.conftest import Post, Receiver, happening


def failing(status: int = 500):
    return Receiver(lambda _url: Outcome(milliseconds=1, status=status))


async def states(post: Post) -> list[tuple[str, int]]:
    return [(each.state, each.attempts) for each in await post.log.deliveries("acme")]


async def test_an_event_reaches_all_who_want_it_once(post: Post) -> None:
    await post.subscribe("https://all.example/")
    await post.subscribe("https://read.example/", kinds=["message.read"])
    await post.subscribe("https://other.example/", kinds=["session.status"])
    await post.subscribe("https://stranger.example/", workspace="other")
    names = ["message.status", "message.read"]

    for _ in range(2):  # a handler gets an event at least once
        await post.outbox.put(happening("m1:read", names=names))
    receiver = Receiver()
    sender = post.sender(receiver)
    assert await sender.send_due() == 2
    assert await sender.send_due() == 0

    told = sorted((url, body["type"]) for url, _, body in receiver.got)
    assert told == [
        ("https://all.example/", "message.status"),
        ("https://read.example/", "message.read"),
    ]
    assert len(set(receiver.ids)) == 1


async def test_what_is_sent_is_signed_with_both_secrets_while_one_is_replaced(post: Post) -> None:
    subscription, old = await post.subscribe()
    new = (
        await post.subscriptions.rotate("acme", subscription, both_for=timedelta(hours=1))
    ).secret
    receiver, now = Receiver(), post.time.now.timestamp()
    await post.outbox.put(happening("1"))
    await post.sender(receiver).send_due()
    post.time.pass_(hours=2)
    await post.outbox.put(happening("2"))
    await post.sender(receiver).send_due()

    (_, first, _), (_, second, _) = receiver.got
    for secret in (old, new):
        verify(secret, first[HEADER], receiver.bodies[0], now=now)
    verify(new, second[HEADER], receiver.bodies[1], now=now + 7200)
    with pytest.raises(NotAuthentic):
        verify(old, second[HEADER], receiver.bodies[1], now=now + 7200)
    await post.subscriptions.forget_old_secrets()
    assert (await post.subscriptions.get("acme", subscription)).previous_secret is None


async def test_a_failure_is_tried_again_later_with_the_same_body(post: Post) -> None:
    await post.subscribe()
    await post.outbox.put(happening())
    receiver = failing()
    sender = post.sender(receiver)
    await sender.send_due()
    assert await sender.send_due() == 0

    post.time.pass_(seconds=5)
    receiver.answer = lambda _url: Outcome(milliseconds=1, status=204)
    await sender.send_due()

    assert receiver.bodies[0] == receiver.bodies[1]
    assert await states(post) == [("delivered", 2)]
    (delivery,) = await post.log.deliveries("acme")
    told = await post.log.get("acme", delivery.id)
    assert [(each.number, each.status) for each in told.attempts] == [(1, 500), (2, 204)]


async def test_after_a_day_it_is_given_up_and_can_be_sent_again_by_hand(post: Post) -> None:
    await post.subscribe()
    await post.outbox.put(happening())
    receiver = failing()
    sender = post.sender(receiver)
    for _ in range(200):
        await sender.send_due()
        post.time.pass_(minutes=10)
    assert [state for state, _ in await states(post)] == ["dead"]
    assert len(receiver.got) > 25

    (delivery,) = await post.log.deliveries("acme", state=State.DEAD)
    receiver.answer = lambda _url: Outcome(milliseconds=1, status=200)
    await post.log.replay("acme", delivery.id)
    await sender.send_due()

    assert [state for state, _ in await states(post)] == ["delivered"]
    assert len(set(receiver.ids)) == 1


async def test_two_instances_send_each_delivery_once(post: Post) -> None:
    for number in range(5):
        await post.subscribe(f"https://{number}.example/")
    for key in range(20):
        await post.outbox.put(happening(str(key)))
    receiver = Receiver()
    senders = [post.sender(receiver, instance=name) for name in ("one", "two", "three")]

    async def drain(sender: object) -> None:
        while await sender.send_due():  # type: ignore[attr-defined]
            pass

    async with anyio.create_task_group() as tasks:
        for sender in senders:
            tasks.start_soon(drain, sender)

    sent = [(url, body["id"]) for url, _, body in receiver.got]
    assert len(sent) == 100
    assert len(set(sent)) == 100


async def test_what_a_dead_instance_had_claimed_is_sent_by_another(post: Post) -> None:
    await post.subscribe()
    await post.outbox.put(happening())
    lease = timedelta(seconds=60)
    (claimed,) = await post.outbox.claim(limit=5, per_subscription=5, lease=lease, busy={})
    receiver = Receiver()
    other = post.sender(receiver, instance="two")
    assert await other.send_due() == 0

    post.time.pass_(seconds=61)
    assert await other.send_due() == 1

    assert receiver.ids == [claimed.event.id]


async def test_what_the_former_owner_says_late_changes_nothing(post: Post) -> None:
    await post.subscribe()
    await post.outbox.put(happening())
    began, go_on = anyio.Event(), anyio.Event()

    class Slow(Receiver):
        async def post(self, *request: object) -> Outcome:
            began.set()
            await go_on.wait()
            return Outcome(milliseconds=1, status=500)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(post.sender(Slow(), instance="slow").send_due)
        await began.wait()
        post.time.pass_(seconds=61)
        await post.sender(Receiver(), instance="two").send_due()
        go_on.set()

    assert await states(post) == [("delivered", 2)]
    (delivery,) = await post.log.deliveries("acme")
    assert len((await post.log.get("acme", delivery.id)).attempts) == 2


async def test_a_sender_that_is_stopped_gives_back_what_is_under_way(post: Post) -> None:
    await post.subscribe()
    await post.outbox.put(happening())
    began = anyio.Event()

    class Hanging(Receiver):
        async def post(self, *request: object) -> Outcome:
            began.set()
            await anyio.sleep_forever()
            raise AssertionError

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(post.sender(Hanging()).run)
        await began.wait()
        tasks.cancel_scope.cancel()

    assert await post.sender(Receiver()).send_due() == 1


async def test_one_that_hangs_holds_nobody_up(post: Post) -> None:
    await post.subscribe("https://hangs.example/")
    await post.subscribe("https://quick.example/")
    for key in range(30):
        await post.outbox.put(happening(str(key)))
    quick = anyio.Event()

    class Both(Receiver):
        async def post(self, url: str, *rest: object) -> Outcome:
            if "hangs" in url:
                await anyio.sleep_forever()
            self.got.append((url, {}, {}))
            if len(self.got) == 30:
                quick.set()
            return Outcome(milliseconds=1, status=200)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(post.sender(Both(), concurrency=16, per_subscription=8).run)
        with anyio.fail_after(60):
            await quick.wait()
        tasks.cancel_scope.cancel()


async def test_gone_switches_a_subscription_off_and_its_owner_on_again(post: Post) -> None:
    subscription, _ = await post.subscribe()
    await post.outbox.put(happening("1"))
    await post.sender(failing(410)).send_due()
    found = await post.subscriptions.get("acme", subscription)
    assert not found.active
    assert "410" in (found.reason or "")
    await post.outbox.put(happening("2"))
    assert len(await post.log.deliveries("acme")) == 1
    (dead,) = await post.log.deliveries("acme", state=State.DEAD)
    with pytest.raises(ApiError, match="switch it on"):
        await post.log.replay("acme", dead.id)

    await post.subscriptions.change("acme", subscription, Change(active=True))
    since = post.time.now - timedelta(hours=1)
    count = await post.log.replay_since("acme", subscription, since=since, states={State.DEAD})

    assert count == 1
    assert await post.sender(Receiver()).send_due() == 1


async def test_days_of_failure_switch_a_subscription_off(post: Post) -> None:
    subscription, _ = await post.subscribe()
    sender = post.sender(failing())
    for key in ("1", "2"):
        await post.outbox.put(happening(key))
        await sender.send_due()
        post.time.pass_(days=KEPT_FAILING.days)

    found = await post.subscriptions.get("acme", subscription)
    assert not found.active
    assert "3 days" in (found.reason or "")


async def test_what_waits_for_a_switched_off_subscription_is_given_up_in_time(post: Post) -> None:
    subscription, _ = await post.subscribe()
    await post.outbox.put(happening())
    await post.subscriptions.change("acme", subscription, Change(active=False))
    assert await post.sender(Receiver()).send_due() == 0
    post.time.pass_(hours=25)

    assert await post.outbox.expire() == 1
    assert [state for state, _ in await states(post)] == ["dead"]


async def test_a_deleted_subscription_takes_its_log_along(post: Post) -> None:
    subscription, _ = await post.subscribe()
    await post.outbox.put(happening())

    class Deleting(Receiver):
        async def post(self, *request: object) -> Outcome:
            await post.subscriptions.delete("acme", subscription)
            return Outcome(milliseconds=1, status=200)

    await post.sender(Deleting()).send_due()

    assert await states(post) == []


async def test_a_secret_that_cannot_be_opened_fails_that_delivery_alone(post: Post) -> None:
    await post.subscribe("https://one.example/")
    subscription, _ = await post.subscribe("https://two.example/")
    async with post.database.begin() as session:
        from blazz_server.webhooks.tables import Subscription

        found = await session.get_one(Subscription, subscription)
        found.secret = "bm90IHNlYWxlZCBieSB1cw=="
    await post.outbox.put(happening())
    receiver = Receiver()

    await post.sender(receiver).send_due()

    assert [url for url, _, _ in receiver.got] == ["https://one.example/"]
    assert sorted(state for state, _ in await states(post)) == ["delivered", "pending"]


async def test_the_log_is_forgotten_after_a_month(post: Post) -> None:
    await post.subscribe()
    await post.outbox.put(happening())
    await post.sender(Receiver()).send_due()
    await post.outbox.prune()
    assert len(await states(post)) == 1
    post.time.now += KEPT + timedelta(days=1)

    await post.outbox.prune()

    assert await states(post) == []


async def test_a_workspace_has_no_end_of_its_own_but_of_subscriptions(post: Post) -> None:
    for _ in range(50):
        await post.subscribe()
    with pytest.raises(ApiError, match="at most 50"):
        await post.subscribe()


async def test_an_event_that_cannot_be_written_keeps_no_other_out(post: Post) -> None:
    await post.subscribe()
    bad = happening("bad")
    object.__setattr__(bad, "data", {"text": object()})
    failed: list[str] = []

    async def put(event: Happening) -> None:
        try:
            await post.outbox.put(event)
        except Exception:  # noqa: BLE001
            failed.append(event.key)

    async with anyio.create_task_group() as tasks:
        for event in (happening("1"), bad, happening("2"), happening("3")):
            tasks.start_soon(put, event)

    assert failed == ["bad"]
    assert len(await post.log.deliveries("acme")) == 3


async def test_half_a_character_is_sent_all_the_same(post: Post) -> None:
    await post.subscribe()
    odd = happening()
    object.__setattr__(odd, "data", {"text": "\ud800"})
    await post.outbox.put(odd)
    receiver = Receiver()

    await post.sender(receiver).send_due()

    assert receiver.got[0][2]["data"] == {"text": "?"}
