"""Receiving through a client: handlers, iterators with cursors, questions, opt-outs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import anyio
import httpx
import pytest

from blazz import (
    Audience,
    Client,
    ConfigurationError,
    Event,
    Identity,
    InvalidValue,
    MetaCloud,
    Sandbox,
    Session,
    StatusChanged,
    Text,
    TextReceived,
    sync,
)
from blazz.events.filters import in_group, matches
from tests.integration.client.conftest import BUDI, Collector, Scene, until


async def test_a_handler_gets_the_session_and_the_event(sandbox_url: str, tmp_path: Path) -> None:
    async with Client(folder=tmp_path) as client:

        @client.on(TextReceived)
        async def answer(session: Session, event: TextReceived) -> None:
            await session.reply(event, Text(f"You said {event.body}"), quote=True)

        sandbox = Sandbox(sandbox_url)
        await client.open("sales", sandbox)
        user = sandbox.user(BUDI)
        message_id = await user.types("hello")

        message = await user.receives()
        assert message.body["text"]["body"] == "You said hello"
        assert message.body["context"]["message_id"] == message_id


async def test_handlers_are_chosen_by_kind_filter_and_session(
    sandbox_url: str, tmp_path: Path, collector: Collector
) -> None:
    async with Client(folder=tmp_path) as client:
        client.on(TextReceived, where=lambda it: it.body.startswith("!"), session="a")(collector)
        first = Sandbox(sandbox_url, phone_number_id="1001")
        second = Sandbox(sandbox_url, phone_number_id="1002")
        await client.open("a", first)
        await client.open("b", second)
        await second.user(BUDI).types("!other session")
        await first.user(BUDI).types("no mark")
        await first.user(BUDI).sends_location(1.0, 2.0)
        await first.user(BUDI).types("!wanted")

        event = await collector.next()
        assert isinstance(event, TextReceived)
        assert event.body == "!wanted"
        assert len(collector.events) == 1


async def test_a_handler_that_fails_gets_the_event_again(
    sandbox_url: str, tmp_path: Path, collector: Collector
) -> None:
    async with Client(folder=tmp_path) as client:
        tries = 0

        @client.on(TextReceived)
        async def shaky(session: Session, event: TextReceived) -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise RuntimeError("not now")
            await collector(session, event)

        sandbox = Sandbox(sandbox_url)
        await client.open("sales", sandbox)
        await sandbox.user(BUDI).types("important")

        await collector.next()
        assert tries == 2


def test_a_handler_that_cannot_work_is_refused_at_once(tmp_path: Path) -> None:
    client, blocking = Client(folder=tmp_path), sync.Client(folder=tmp_path)

    async def waits(session: object, event: Event) -> None: ...
    def plain(session: object, event: Event) -> None: ...

    with pytest.raises(InvalidValue, match="write async def"):
        client.on(Event)(plain)  # type: ignore[type-var]

    async def of_a_message(event: Event) -> None: ...
    async def of_three(session: object, event: Event, more: int) -> None: ...

    for wrong in (of_a_message, of_three):
        with pytest.raises(InvalidValue, match=r"called with a session and an event, .*takes \("):
            client.on(Event)(wrong)  # type: ignore[call-overload]
    with pytest.raises(InvalidValue, match="nothing awaits it"):
        blocking.on(Event)(waits)
    for on in (client.on, blocking.on):
        with pytest.raises(InvalidValue, match=r"write @client\.on"):
            on(waits)  # type: ignore[call-overload]
        with pytest.raises(InvalidValue, match="call this function"):
            on(Event, where=in_group)(plain)  # type: ignore[arg-type]
        with pytest.raises(InvalidValue, match="session"):
            on(Event, session="acme/sales")(plain)  # type: ignore[type-var]


async def test_a_cursor_goes_on_after_a_restart(
    sandbox_url: str, make_client: Callable[[], Client]
) -> None:
    sandbox = Sandbox(sandbox_url)
    async with make_client() as client:
        session = await client.open("sales", sandbox)
        async with aclosing(session.events(TextReceived, cursor="bot", start="oldest")) as events:
            for text in ("one", "two", "three"):
                await sandbox.user(BUDI).types(text)
            assert (await anext(events)).body == "one"
            assert (await anext(events)).body == "two"  # so "one" is done, "two" is not

    async with make_client() as client:
        session = await client.open("sales", Sandbox(sandbox_url))
        async with aclosing(session.events(TextReceived, cursor="bot")) as events:
            assert [(await anext(events)).body for _ in range(2)] == ["two", "three"]


async def test_a_loop_that_was_left_goes_on_where_it_stopped(
    sandbox_url: str, make_client: Callable[[], Client]
) -> None:
    """Also if nobody has closed it before the client is closed."""
    bodies: list[str] = []
    loops: list[object] = []
    for texts in (("one", "two", "three"), ()):
        async with make_client() as client:
            session = await client.open("sales", sandbox := Sandbox(sandbox_url))
            for text in texts:
                await sandbox.user(BUDI).types(text)
            events = session.events(TextReceived, cursor="bot", start="oldest")
            loops.append(events)
            with anyio.fail_after(60):
                async for event in events:
                    bodies.append(event.body)
                    if event.body == "three":
                        break
    assert bodies == ["one", "two", "three", "three"]


async def test_an_iterator_wakes_for_what_comes(scene: Scene) -> None:
    async with aclosing(scene.session.events(StatusChanged, start="oldest")) as events:
        receipt = await scene.session.send(BUDI, Text("Halo"))
        with anyio.fail_after(60):
            seen = [(await anext(events)).status.value for _ in range(3)]
    assert seen == ["sent", "delivered", "read"]
    assert receipt.token


async def test_a_loop_ends_with_its_session_and_passes_nothing_over(
    sandbox_url: str, make_client: Callable[[], Client]
) -> None:
    """What another process receives afterwards is still to come for who goes on."""
    bodies: list[str] = []
    async with make_client() as first, make_client() as second:
        session = await first.open("sales", Sandbox(sandbox_url))
        elsewhere = Sandbox(sandbox_url)
        other = await second.open("sales", elsewhere)

        async def follow() -> None:
            async for event in session.events(TextReceived, cursor="bot", start="oldest"):
                bodies.append(event.body)  # it never ends
                await session.close()

        async with anyio.create_task_group() as group:
            group.start_soon(follow)
            with anyio.fail_after(60):
                await elsewhere.user(BUDI).types("one")
        await elsewhere.user(BUDI).types("two")
        async with aclosing(other.events(TextReceived, cursor="bot")) as events:
            with anyio.fail_after(60):
                assert (await anext(events)).body == "two"
    assert bodies == ["one"]


async def test_a_session_without_a_secret_only_sends(tmp_path: Path) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={}))
    async with Client(folder=tmp_path) as client:
        session = await client.open("s", MetaCloud("1001", "EAAG", transport=transport))

        with pytest.raises(ConfigurationError, match="app_secret"):
            session.events()
        with pytest.raises(ConfigurationError, match="app_secret"):
            await session.ask(BUDI, Text("?"), timeout=1)


class TestOptOut:
    async def test_a_stop_word(self, scene: Scene) -> None:
        await scene.budi.types("please do not stop")
        await scene.budi.types("Stop!")

        await until(lambda: _suppressed(scene, BUDI, "stop_word"))

    async def test_a_preference_and_its_end(self, scene: Scene) -> None:
        await scene.budi.opts_out()
        await until(lambda: _suppressed(scene, BUDI, "opted_out"))
        await scene.budi.opts_in()
        await until(lambda: _not_suppressed(scene, BUDI))

    async def test_a_failed_message(self, scene: Scene) -> None:
        await scene.session.send("+1 555 913 1050", Text("Halo"))
        await until(lambda: _suppressed(scene, "+15559131050", "error_131050"))

    async def test_by_hand(self, scene: Scene) -> None:
        await scene.session.suppress("0812-3456-7890", reason="asked by phone")
        assert await _suppressed(scene, BUDI, "asked by phone")
        await scene.session.unsuppress(BUDI)
        assert await _not_suppressed(scene, BUDI)

    async def test_whoever_comes_back_is_off_the_list_by_all_names(self, scene: Scene) -> None:
        senders: list[Identity] = []

        @scene.client.on(TextReceived, where=matches("^start$"))
        async def start(session: Session, event: TextReceived) -> None:
            senders.append(event.sender)
            await session.unsuppress(event.sender)

        await scene.budi.types("stop")
        await until(lambda: _suppressed(scene, BUDI, "stop_word"))
        await scene.budi.types("START")
        await until(lambda: _nobody_suppressed(scene))
        assert len(senders) == 1

    async def test_a_campaign_heeds_who_opts_out_while_it_runs(self, scene: Scene) -> None:
        numbers = [f"+62812345{n:05}" for n in range(100)]
        rows = [{"phone": number} for number in numbers]
        campaign = await scene.client.campaign(
            "promo",
            session=scene.session,
            message=Text("New shoes"),
            audience=Audience.rows(rows),
            rate=5,
        )
        told = False
        with anyio.fail_after(60):
            async for progress in campaign.run(every=0.02):
                if progress.counts.failed:
                    break
                if await scene.sandbox.counts() and not told:
                    told = True
                    for number in numbers:
                        await scene.session.suppress(number, reason="asked by phone")
        (error,) = (await campaign.report()).errors
        assert "opted out" in error.reason


async def _suppressed(scene: Scene, address: str, reason: str) -> bool:
    found = {it.address: it.reason for it in await scene.session.suppressions()}
    return found.get(address) == reason


async def _not_suppressed(scene: Scene, address: str) -> bool:
    return address not in {it.address for it in await scene.session.suppressions()}


async def _nobody_suppressed(scene: Scene) -> bool:
    return not await scene.session.suppressions()
