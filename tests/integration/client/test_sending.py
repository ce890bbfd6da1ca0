"""Sending through a session: receipts, their fate, windows, refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from blazz import (
    Capability,
    Client,
    ConfigurationError,
    Delivered,
    DeliveryFailed,
    DeliveryUnknown,
    Failed,
    Image,
    InvalidAddress,
    InvalidValue,
    NotSupported,
    Phone,
    Read,
    Refused,
    Sandbox,
    SessionClosed,
    Status,
    StatusChanged,
    Template,
    Text,
    TextReceived,
    Timeout,
    Undeliverable,
    Upload,
    WindowClosed,
    WindowState,
)
from tests.integration.client.conftest import BUDI, Scene, until

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


async def test_a_receipt_waits_for_what_becomes_of_the_message(scene: Scene) -> None:
    receipt = await scene.session.send("0812-3456-7890", Text("Halo"))

    assert receipt.to == Phone(BUDI)
    assert (await receipt.wait(Delivered, timeout=60)).status in {Status.DELIVERED, Status.READ}
    assert (await receipt.wait(Read, timeout=60)).status is Status.READ
    assert (await receipt.wait(Status.SENT, timeout=1)).message_id == receipt.message_id


async def test_a_token_that_is_known_before_travels_with_the_message(scene: Scene) -> None:
    receipt = await scene.session.send(BUDI, Text("Halo"), token="v1.-.order-17")

    assert receipt.token == "v1.-.order-17"


async def test_a_failure_after_acceptance_reaches_whoever_waits(scene: Scene) -> None:
    receipt = await scene.session.send("+1 555 913 1026", Text("Halo"))

    with pytest.raises(DeliveryFailed) as failure:
        await receipt.wait(Delivered, timeout=60)
    assert failure.value.code == 131026
    assert failure.value.message_id == receipt.message_id
    assert (await receipt.wait(Failed, timeout=1)).error_code == 131026


async def test_waiting_ends_and_says_how_far_it_came(scene: Scene) -> None:
    receipt = await scene.session.send("+1 555 800 0002", Text("sent, never delivered"))
    await receipt.wait(Status.SENT, timeout=60)

    with pytest.raises(Timeout, match=r"was not delivered within 0\.05 s; it is sent"):
        await receipt.wait(Delivered, timeout=0.05)


@pytest.mark.parametrize("status", ["arrived", TextReceived, StatusChanged, None])
async def test_only_statuses_are_waited_for(scene: Scene, status: Any) -> None:
    receipt = await scene.session.send(BUDI, Text("Halo"))

    with pytest.raises(InvalidValue, match="Sent, Delivered, Read, Played or Failed"):
        await receipt.wait(status, timeout=1)


async def test_who_waits_without_end_is_told_of_the_end(scene: Scene) -> None:
    receipt = await scene.session.send("+1 555 800 0002", Text("sent, never delivered"))
    async with anyio.create_task_group() as group:

        async def wait() -> None:
            with pytest.raises(SessionClosed):
                await receipt.wait(Delivered)

        group.start_soon(wait)
        await receipt.wait(Status.SENT, timeout=60)
        with anyio.fail_after(30):
            await scene.session.close()


async def test_another_process_finds_out_too(scene: Scene, sandbox_url: str) -> None:
    receipt = await scene.session.send(BUDI, Text("Halo"))
    await receipt.wait(Read, timeout=60)

    async with Client(folder=scene.folder, workspace="acme") as other:
        session = await other.open("sales", Sandbox(sandbox_url, phone_number_id="106540352242999"))
        found = await session.store.state("acme/sales", receipt.message_id)
    assert found is not None
    assert found.status is Status.READ


async def test_a_refusal_says_what_it_is(scene: Scene) -> None:
    with pytest.raises(Undeliverable) as refusal:
        await scene.session.send("+1 555 013 1026", Text("Halo"))
    assert isinstance(refusal.value, Refused)
    assert refusal.value.code == 131026


async def test_a_lost_answer_is_never_sent_again(scene: Scene) -> None:
    with pytest.raises(DeliveryUnknown) as lost:
        await scene.session.send("+1 555 800 0007", Text("accepted, no answer"))

    counts = await scene.sandbox.counts()
    assert counts["+15558000007"] == 1
    assert lost.value.token.startswith("v1.-.")


async def test_media_from_memory_is_uploaded_and_sent(scene: Scene) -> None:
    await scene.session.send(BUDI, Image(Upload(PNG, "image/png", "a.png"), caption="Look"))

    message = await scene.budi.receives()
    assert message.body["image"]["caption"] == "Look"
    assert message.body["image"]["id"]


async def test_an_uploaded_file_can_be_downloaded(scene: Scene) -> None:
    media = await scene.session.upload(PNG, mime_type="image/png", filename="a.png")

    received = b"".join([piece async for piece in scene.session.download(media.value)])
    assert received == PNG


async def test_what_the_provider_cannot_do_is_refused_before_anything_leaves(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = scene.sandbox.capabilities - {Capability.TEMPLATE, Capability.MARK_READ}
    monkeypatch.setattr(type(scene.sandbox), "capabilities", property(lambda _: fewer))

    with pytest.raises(NotSupported, match="sandbox cannot send Template"):
        await scene.session.send(BUDI, Template("anything", language="id"))
    with pytest.raises(NotSupported, match="show messages as read"):
        await scene.session.mark_read("wamid.1")
    assert await scene.sandbox.counts() == {}


@pytest.mark.parametrize("wrong", ["Halo", Text, None])
async def test_what_is_no_message_is_refused(scene: Scene, wrong: Any) -> None:
    with pytest.raises(InvalidValue, match=r"message: a message, such as Text\('Halo'\)"):
        await scene.session.send(BUDI, wrong)
    with pytest.raises(InvalidValue, match="event: a received message"):
        await scene.session.reply(wrong, Text("Halo"))
    with pytest.raises(InvalidValue, match="start: now or oldest"):
        scene.session.events(start=wrong)
    with pytest.raises(InvalidValue, match="fallback: a Template"):
        await scene.session.send(BUDI, Text("Halo"), fallback=wrong or Text("Halo"))


async def test_no_address_no_message(scene: Scene) -> None:
    with pytest.raises(InvalidAddress):
        await scene.session.send("call me", Text("Halo"))
    assert await scene.sandbox.counts() == {}


class TestWindow:
    async def test_a_message_opens_it_and_time_closes_it(self, scene: Scene) -> None:
        assert (await scene.session.window(BUDI)).state is WindowState.UNKNOWN
        await scene.budi.types("hi")
        await until(lambda: _is(scene, WindowState.OPEN))
        assert (await scene.session.window(BUDI)).remaining > timedelta(hours=23, minutes=59)

    async def test_free_form_after_24_hours_is_refused_here(self, scene: Scene) -> None:
        await _wrote(scene, ago=timedelta(hours=25))

        with pytest.raises(WindowClosed, match="only a Template may be sent"):
            await scene.session.send(BUDI, Text("Halo"))
        assert await scene.sandbox.counts() == {}

    async def test_a_template_may_leave_at_any_time(self, scene: Scene) -> None:
        await _wrote(scene, ago=timedelta(hours=25))

        await scene.session.send(BUDI, Template("anything", language="id"))
        assert await scene.sandbox.counts() == {BUDI: 1}

    async def test_a_fallback_takes_its_place(self, scene: Scene) -> None:
        await _wrote(scene, ago=timedelta(hours=25))

        await scene.session.send(
            BUDI, Text("Halo"), reply_to="wamid.old", fallback=Template("anything", language="id")
        )
        assert (await scene.budi.receives()).body["type"] == "template"

    async def test_a_fallback_leaves_nothing_to_chance(self, scene: Scene) -> None:
        """Of whoever never wrote, only Meta knows; a template arrives in any case."""
        budi, template = scene.budi, Template("anything", language="id")
        await scene.session.send(BUDI, Text("Halo"), fallback=template)
        assert (await budi.receives()).body["type"] == "template"

        await budi.types("hi")
        await until(lambda: _is(scene, WindowState.OPEN))
        await scene.session.send(BUDI, Text("Halo"), fallback=template)
        assert (await budi.receives()).body["type"] == "text"

    async def test_a_fallback_follows_a_refusal(self, tmp_path: Path) -> None:
        """As when the clock here is slow, or a message was taken back."""
        sandbox = Sandbox(window="refuse", any_template=True)
        async with Client(folder=tmp_path) as client:
            session = await client.open("s", sandbox)
            await session.store.saw(session.key, {BUDI: datetime.now(UTC)})
            await session.send(BUDI, Text("Halo"), fallback=Template("anything", language="id"))
            assert (await sandbox.user(BUDI).receives()).body["type"] == "template"
            with pytest.raises(Undeliverable, match="24 hours"):
                await session.send(BUDI, Text("Halo"))

    async def test_strict_refuses_whoever_never_wrote(self, sandbox_url: str, tmp_path) -> None:
        async with Client(folder=tmp_path) as client:
            session = await client.open("s", Sandbox(sandbox_url), window="strict")
            with pytest.raises(WindowClosed, match="is not known to have written"):
                await session.send(BUDI, Text("Halo"))

    async def test_off_leaves_it_to_the_provider(self, sandbox_url: str, tmp_path) -> None:
        async with Client(folder=tmp_path) as client:
            session = await client.open("s", Sandbox(sandbox_url), window="off")
            long_ago = datetime.now(UTC) - timedelta(days=3)
            await session.store.saw(session.key, {BUDI: long_ago})
            await session.send(BUDI, Text("Halo"))


class TestLife:
    async def test_a_closed_session_does_nothing_more(self, scene: Scene) -> None:
        await scene.session.close()
        await scene.session.close()

        with pytest.raises(SessionClosed, match="open it again"):
            await scene.session.send(BUDI, Text("Halo"))
        assert scene.client.sessions == {}

    async def test_a_session_can_be_opened_again(self, scene: Scene) -> None:
        await scene.session.close()
        again = await scene.client.open("sales", Sandbox(scene.url))
        await (await again.send(BUDI, Text("Halo"))).wait(Delivered, timeout=60)

    async def test_two_sessions_of_one_name_are_refused(self, scene: Scene) -> None:
        with pytest.raises(Exception, match="open already"):
            await scene.client.open("sales", Sandbox(scene.url))

    async def test_names_are_checked_at_the_door(self, scene: Scene) -> None:
        with pytest.raises(InvalidValue, match="session"):
            await scene.client.open("../etc", Sandbox(scene.url))
        with pytest.raises(InvalidValue, match="workspace"):
            Client(workspace="Acme Inc.")

    @pytest.mark.parametrize("wrong", [Sandbox, "sandbox", 7])
    async def test_a_session_needs_a_provider(self, scene: Scene, wrong: Any) -> None:
        with pytest.raises(InvalidValue, match=r"provider, such as Sandbox\(\)"):
            await scene.client.open("other", wrong)
        with pytest.raises(InvalidValue, match="window: known, strict, off; got 'ajar'"):
            await scene.client.open("other", Sandbox(scene.url), window="ajar")
        with pytest.raises(ConfigurationError, match="no provider is given for session other"):
            await scene.client.open("other")

    async def test_a_client_must_be_open(self, tmp_path) -> None:
        with pytest.raises(SessionClosed, match="async with"):
            await Client(folder=tmp_path).open("sales", Sandbox())


async def _wrote(scene: Scene, *, ago: timedelta) -> None:
    await scene.session.store.saw(scene.session.key, {BUDI: datetime.now(UTC) - ago})


async def _is(scene: Scene, state: WindowState) -> bool:
    return (await scene.session.window(BUDI)).state is state
