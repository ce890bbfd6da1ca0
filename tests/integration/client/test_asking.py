"""Questions and answers: across restarts and workers, in handlers, and when nobody answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from blazz import (
    Client,
    Delivered,
    InvalidAddress,
    InvalidValue,
    MaybeNotAsked,
    MessageReceived,
    Sandbox,
    Session,
    SessionClosed,
    Text,
    TextReceived,
    Timeout,
    Undeliverable,
)
from blazz.conversations import asking
from blazz.conversations.base import Question
from blazz.webhooks.inbox.sqlite import SqliteInbox
from tests.integration.client.conftest import BUDI, SITI, Collector, Scene


async def test_the_next_message_is_the_answer(scene: Scene, collector: Collector) -> None:
    scene.client.on(MessageReceived)(collector)

    async def answer() -> None:
        await scene.budi.receives()
        await scene.siti.types("not asked")
        await scene.budi.types("Budi")

    async with anyio.create_task_group() as group:
        group.start_soon(answer)
        reply = await scene.session.ask(BUDI, Text("Your name?"), timeout=60)
    assert reply.text == "Budi"

    await scene.budi.types("something else")
    events = [await collector.next(), await collector.next()]
    assert {it.text for it in events} == {"not asked", "something else"}


async def test_nobody_answers(scene: Scene) -> None:
    with pytest.raises(Timeout, match=f"{SITI[1:]} did not answer 'name' within 1 s") as late:
        await scene.session.ask(SITI, Text("Your name?"), timeout=1, id="name")
    assert not isinstance(late.value, MaybeNotAsked)
    assert (await scene.siti.receives()).text == "Your name?"


async def test_a_question_with_little_time_is_sent(scene: Scene) -> None:
    with pytest.raises(Timeout, match=r"did not answer within 0\.01 s"):
        await scene.session.ask(SITI, Text("Still there?"), timeout=0.01)
    assert (await scene.siti.receives()).text == "Still there?"


async def test_asking_again_after_a_restart_finds_the_answer(
    sandbox_url: str, make_client: Callable[[], Client]
) -> None:
    sandbox = Sandbox(sandbox_url)
    async with make_client() as client:
        session = await client.open("sales", sandbox)
        with anyio.move_on_after(0.5):
            await session.ask(BUDI, Text("Your name?"), timeout=60, id="name")
        await sandbox.user(BUDI).types("Budi")

    again = Sandbox(sandbox_url)
    async with make_client() as client:
        session = await client.open("sales", again)
        reply = await session.ask(BUDI, Text("Your name?"), timeout=60, id="name")
        assert reply.text == "Budi"
        assert (await again.counts())[BUDI] == 1


async def test_another_process_may_receive_the_answer(scene: Scene, sandbox_url: str) -> None:
    """Webhooks go to whoever subscribed last; here that is another client."""
    async with Client(folder=scene.folder, workspace="acme") as other:
        elsewhere = Sandbox(sandbox_url)
        await other.open("sales", elsewhere)

        async def answer() -> None:
            await elsewhere.user(BUDI).receives()
            await elsewhere.user(BUDI).types("Budi")

        async with anyio.create_task_group() as group:
            group.start_soon(answer)
            reply = await scene.session.ask(BUDI, Text("Your name?"), timeout=60)
    assert reply.text == "Budi"


async def test_a_handler_may_ask_though_its_conversation_waits_for_it(
    sandbox_url: str, tmp_path: Path
) -> None:
    """Its second call, after a failure, asks nothing again and has the same answers."""
    heard: list[str | None] = []
    tries = 0
    async with Client(folder=tmp_path) as client:

        @client.on(TextReceived)
        async def sign_up(session: Session, event: TextReceived) -> None:
            nonlocal tries
            tries += 1
            name = await session.ask(BUDI, Text("Your name?"), timeout=60)
            if tries == 1:
                raise RuntimeError("not now")
            whole = await session.ask(BUDI, Text("Your name?"), timeout=60)
            heard.extend([name.text, whole.text])
            receipt = await session.send(BUDI, Text("Thank you"))
            await receipt.wait(Delivered, timeout=60)

        sandbox = Sandbox(sandbox_url)
        await client.open("sales", sandbox)
        budi = sandbox.user(BUDI)
        for says, hears in (
            ("hi", "Your name?"),
            ("Budi", "Your name?"),
            ("Budi Santoso", "Thank you"),
        ):
            await budi.types(says)
            assert (await budi.receives()).text == hears
        with anyio.fail_after(60):
            await client._inbox.dispatcher.drained()
        assert heard == ["Budi", "Budi Santoso"]
        assert tries == 2


async def test_another_worker_goes_on_with_a_handler_that_was_asking(
    sandbox_url: str,
    make_client: Callable[[], Client],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers: list[str | None] = []

    def worker() -> Client:
        client = make_client()

        @client.on(TextReceived, name="sign up")
        async def sign_up(session: Session, event: TextReceived) -> None:
            reply = await session.ask(BUDI, Text("Your name?"), timeout=60)
            answers.append(reply.text)

        return client

    async with worker() as client:
        await client.open("sales", sandbox := Sandbox(sandbox_url))
        await sandbox.user(BUDI).types("hi")
        await sandbox.user(BUDI).receives()
        await sandbox.user(BUDI).types("Budi")
    assert "failed" not in caplog.text, "somebody was alarmed"
    async with SqliteInbox(tmp_path / "blazz" / "inbox.db") as inbox:
        assert {entry.attempts for entry in await inbox.entries()} == {0}
    async with worker() as client:
        await client.open("sales", again := Sandbox(sandbox_url))
        with anyio.fail_after(60):
            await client._inbox.dispatcher.drained()
        assert await again.counts() == {BUDI: 1}
    # The first worker may just have had the answer when it was closed.
    assert set(answers) == {"Budi"}


async def test_two_workers_ask_once_and_both_get_the_answer(scene: Scene, sandbox_url: str) -> None:
    async with Client(folder=scene.folder, workspace="acme") as other:
        session = await other.open("sales", Sandbox(sandbox_url))
        answers: list[str | None] = []

        async def ask(asker: Session) -> None:
            reply = await asker.ask(BUDI, Text("Your name?"), timeout=60, id="name")
            answers.append(reply.text)

        async with anyio.create_task_group() as group:
            group.start_soon(ask, scene.session)
            group.start_soon(ask, session)
            await scene.budi.receives()
            await scene.budi.types("Budi")
    assert answers == ["Budi", "Budi"]
    assert await scene.sandbox.counts() == {BUDI: 1}


async def test_whoever_waits_hears_that_nobody_knows_whether_a_question_left(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker was killed in the moment of sending: it may have sent it, so nobody does."""
    warned = anyio.Event()
    monkeypatch.setattr(asking, "_DOUBT_SECONDS", 0)
    monkeypatch.setattr(asking._log, "warning", lambda *_: warned.set())
    session, now = scene.session, datetime.now(UTC)
    later = now + timedelta(hours=1)
    question = Question(id="name", address=SITI, asked_at=now, expires_at=later)
    await session.store.ask(session.key, question)
    assert await session.store.claim(session.key, "name")

    async def wait() -> None:
        with pytest.raises(MaybeNotAsked, match="within 3600 s, and may not have been asked"):
            await session.ask(SITI, Text("Your name?"), timeout=60, id="name")

    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            group.start_soon(wait)
            await warned.wait()
            await session.store.expire(session.key, "name")
    assert await scene.sandbox.counts() == {}

    with pytest.raises(Timeout) as late:
        await session.ask(SITI, Text("Your name?"), timeout=0.01, id="name")
    assert not isinstance(late.value, MaybeNotAsked), "asked anew, it has certainly left"
    assert (await scene.siti.receives()).text == "Your name?"


async def test_what_could_not_be_asked_takes_no_message(scene: Scene, collector: Collector) -> None:
    scene.client.on(MessageReceived)(collector)
    session, unreachable = scene.session, "+15550131026"
    with pytest.raises(Undeliverable):
        await session.ask(unreachable, Text("Your name?"), timeout=60, id="name")
    with anyio.move_on_after(0.5):
        await session.ask(SITI, Text("Your name?"), timeout=60)
    await scene.sandbox.user(unreachable).types("I write by myself")
    assert (await collector.next()).text == "I write by myself"
    await scene.siti.types("nobody waits any more")
    assert (await collector.next()).text == "nobody waits any more"


async def test_what_nobody_answered_can_be_asked_anew(scene: Scene) -> None:
    with pytest.raises(Timeout):
        await scene.session.ask(BUDI, Text("Your name?"), timeout=1, id="name")

    async def answer() -> None:
        budi = scene.budi
        for _ in range(2):
            await budi.receives()
        await budi.types("Budi")

    async with anyio.create_task_group() as group:
        group.start_soon(answer)
        reply = await scene.session.ask(BUDI, Text("Your name?"), timeout=60, id="name")
    assert reply.text == "Budi"


async def test_a_question_ends_with_its_session(scene: Scene) -> None:
    async with anyio.create_task_group() as group:

        async def ask() -> None:
            with pytest.raises(SessionClosed):
                await scene.session.ask(BUDI, Text("Your name?"), timeout=60)

        group.start_soon(ask)
        await scene.budi.receives()
        with anyio.fail_after(30):
            await scene.session.close()


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
async def test_a_question_needs_a_time_and_a_person(scene: Scene, timeout: float) -> None:
    with pytest.raises(InvalidValue, match="timeout"):
        await scene.session.ask(BUDI, Text("?"), timeout=timeout)
    with pytest.raises(InvalidAddress, match="a person"):
        await scene.session.ask("120363021@g.us", Text("?"), timeout=1)
