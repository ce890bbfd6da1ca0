"""`Sandbox` as a provider: starts itself, sends, gets webhooks, and users play the other side."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from blazz.addresses import Phone, UserId
from blazz.errors import (
    ConfigurationError,
    ConnectionFailed,
    DeliveryUnknown,
    InvalidValue,
    Rejected,
    SessionClosed,
    Throttled,
    Timeout,
    Undeliverable,
)
from blazz.events import (
    AccountUpdated,
    ButtonPressed,
    Delivered,
    Event,
    Failed,
    ImageReceived,
    LocationReceived,
    MarketingStopped,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    ReactionReceived,
    Read,
    RowPicked,
    Sent,
    TemplateStatusChanged,
    TextReceived,
    UnknownUpdate,
)
from blazz.messages import Button, Buttons, Image, List, Row, Section, Template, Text, Upload
from blazz.providers.base import Capability, Provider, ProviderContext
from blazz.sandbox import Sandbox, Story
from blazz.sandbox.magic import refusing_number

BUDI = Phone("+6281234567890")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
NUMBERS = itertools.count(10**6)


class Inbox:
    """Takes what the provider hands on, and reads it as events."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.events: list[Event] = []
        self.status = 200
        self.got = asyncio.Event()

    @property
    def context(self) -> ProviderContext:
        return ProviderContext(workspace="test", session="one", deliver_webhook=self._deliver)

    async def _deliver(self, headers: Mapping[str, str], body: bytes) -> int:
        assert headers["x-hub-signature-256"].startswith("sha256=")
        profile = self.sandbox.webhooks
        assert profile is not None
        if self.status == 200:
            self.events += [update.event() for update in profile.parse(body)]
            self.got.set()
        return self.status

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if type(event) is kind]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Sandbox]:
    """One sandbox process for all tests of this file; each has a number of its own."""
    sandbox = Sandbox(phone_number_id="1", speed=50, throughput=None, jitter=0.0)
    await sandbox.connect(Inbox(sandbox).context)
    yield sandbox
    await sandbox.disconnect()


@pytest_asyncio.fixture(loop_scope="module")
async def inbox(shared: Sandbox) -> AsyncIterator[Inbox]:
    number = str(next(NUMBERS))
    sandbox = Sandbox(shared.url, phone_number_id=number, timeout=60.0)
    found = Inbox(sandbox)
    await sandbox.connect(found.context)
    yield found
    await sandbox.disconnect()


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_it_is_a_provider(inbox: Inbox) -> None:
    sandbox = inbox.sandbox

    assert isinstance(sandbox, Provider)
    assert sandbox.name == "sandbox"
    assert Capability.STATUS_WEBHOOKS in sandbox.capabilities
    assert Capability.SETTLE not in sandbox.capabilities


async def test_a_message_and_its_statuses(inbox: Inbox) -> None:
    receipt = await inbox.sandbox.send(BUDI, Text("Halo"), token="v1.a")
    await inbox.sandbox.settled()

    statuses = [event for event in inbox.events if isinstance(event, Sent | Delivered | Read)]
    assert [type(event) for event in statuses] == [Sent, Delivered, Read]
    assert {event.token for event in statuses} == {"v1.a"}
    assert {event.message_id for event in statuses} == {receipt.message_id}
    message = await inbox.sandbox.user("+62 812-3456-7890").receives()
    assert (message.text, message.token) == ("Halo", "v1.a")


async def test_errors_and_doubt(shared: Sandbox, inbox: Inbox) -> None:
    send = inbox.sandbox.send
    # Long enough for a message to arrive, whatever else this machine does.
    hasty = Sandbox(shared.url, phone_number_id=inbox.sandbox.phone_number_id, timeout=3.0)
    await hasty.connect(inbox.context)

    with pytest.raises(Undeliverable):
        await send(Phone("+15550131026"), Text("x"), token="a")
    with pytest.raises(Throttled):
        await send(Phone(refusing_number(131048).replace(" ", "")), Text("x"), token="b")
    for story in (Story.ACCEPTED_NO_ANSWER, Story.ACCEPTED_CLOSED, Story.ACCEPTED_CUT_OFF):
        with pytest.raises(DeliveryUnknown):
            await hasty.send(Phone(story.phone.replace(" ", "")), Text("x"), token=story)
    assert await send(Phone(Story.THROTTLED.phone.replace(" ", "")), Text("x"), token="c")

    # The webhooks of their number come to the one that connected last: it leaves after them.
    await inbox.sandbox.settled()
    await hasty.disconnect()
    known = {event.token for event in inbox.of(Delivered) if isinstance(event, Delivered)}
    assert known == {"accepted_no_answer", "accepted_closed", "accepted_cut_off", "c"}


async def test_what_is_about_the_account(shared: Sandbox, inbox: Inbox) -> None:
    """Each session of the account hears of it, as long as it is open."""
    other = Sandbox(shared.url, phone_number_id=f"9{inbox.sandbox.phone_number_id}")
    second = Inbox(other)
    await other.connect(second.context)
    alert = {"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"restriction_type": "X"}]}
    await inbox.sandbox.control.emit("account_update", alert)
    await inbox.sandbox.control.set_template_status("promo", "PAUSED", language="id")
    await inbox.sandbox.settled()
    for heard in (inbox, second):
        assert [type(event) for event in heard.events] == [AccountUpdated, TemplateStatusChanged]

    await other.disconnect()
    await inbox.sandbox.control.set_template_status("promo", "APPROVED", language="id")
    await inbox.sandbox.settled()
    assert len(inbox.events) == 3
    assert len(second.events) == 2


async def test_a_failed_status(inbox: Inbox) -> None:
    await inbox.sandbox.send(Phone("+15559131049"), Text("x"), token="t")
    await inbox.sandbox.settled()

    (failed,) = inbox.of(Failed)
    assert isinstance(failed, Failed)
    assert failed.errors[0].code == 131049


async def test_a_conversation(inbox: Inbox) -> None:
    user = inbox.sandbox.user(str(BUDI))
    wrote = await user.types("Hi!")
    question = await inbox.sandbox.send(
        BUDI, Buttons("Sure?", [Button("y", "Yes"), Button("n", "No")]), token="q"
    )
    await user.taps("Yes")
    rows = List("Which?", "Open", [Section("All", [Row("1", "One"), Row("2", "Two")])])
    await inbox.sandbox.send(BUDI, rows, token="r")
    await user.taps("2")
    await user.replies("thanks")
    await user.reacts("👍", to=question.message_id)
    await user.edits(wrote, "Hello!")
    await user.revokes(wrote)
    await user.sends_location(-6.2, 106.8, name="Jakarta")
    await inbox.sandbox.settled()

    messages = [event for event in inbox.events if isinstance(event, MessageReceived)]
    assert {message.sender.phone for message in messages} == {BUDI}
    (pressed,) = inbox.of(ButtonPressed)
    (chosen,) = inbox.of(RowPicked)
    (reaction,) = inbox.of(ReactionReceived)
    assert isinstance(pressed, ButtonPressed)
    assert (pressed.title, pressed.reply_to) == ("Yes", question.message_id)
    assert isinstance(chosen, RowPicked)
    assert isinstance(reaction, ReactionReceived)
    assert reaction.reacted_to == question.message_id
    assert [type(event) for event in (*inbox.of(MessageEdited), *inbox.of(MessageRevoked))] == [
        MessageEdited,
        MessageRevoked,
    ]
    assert len(inbox.of(LocationReceived)) == 1
    assert len(inbox.of(TextReceived)) == 2
    assert inbox.of(UnknownUpdate) == []


async def test_media_in_both_directions(inbox: Inbox) -> None:
    user = inbox.sandbox.user(str(BUDI))
    await user.sends("image", PNG, mime_type="image/png", caption="Look")
    await inbox.sandbox.send(BUDI, Image(Upload(PNG, "image/png", "a.png")), token="i")
    await inbox.sandbox.settled()

    (image,) = inbox.of(ImageReceived)
    assert isinstance(image, ImageReceived)
    chunks = [chunk async for chunk in inbox.sandbox.download_media(image.media_id or "")]
    assert b"".join(chunks) == PNG
    assert (await user.receives()).type == "image"


async def test_a_user_with_a_username_is_answered_by_user_id(inbox: Inbox) -> None:
    user = inbox.sandbox.user("+6281234567899")
    await user.set_up(name="Siti", username="siti")
    await user.types("Who am I?")
    await inbox.sandbox.settled()

    (event,) = inbox.of(TextReceived)
    assert isinstance(event, TextReceived)
    assert (event.sender.phone, event.sender.username, event.sender.name) == (None, "siti", "Siti")
    address = event.sender.address
    assert address == UserId(await user.user_id())
    await inbox.sandbox.send(address, Text("You are Siti"), token="u")
    assert (await user.receives()).text == "You are Siti"


async def test_reading_blocking_and_opting_out(inbox: Inbox) -> None:
    sandbox, user = inbox.sandbox, inbox.sandbox.user("+6281234567898")
    address = Phone("+6281234567898")
    await user.set_up(story="delivered")
    sent = await sandbox.send(address, Text("1"), token="1")
    await sandbox.settled()
    assert inbox.of(Read) == []
    await user.reads(sent.message_id)
    await user.blocks()
    await sandbox.send(address, Text("2"), token="2")
    await user.unblocks()
    await user.opts_out()
    promo = Template("promo", language="id", body=["Budi", "X1"])
    await sandbox.send(address, promo, token="3")
    await sandbox.settled()

    assert [event.token for event in inbox.of(Read) if isinstance(event, Read)] == ["1"]
    assert [event.token for event in inbox.of(Delivered) if isinstance(event, Delivered)] == ["1"]
    assert [event.token for event in inbox.of(Failed) if isinstance(event, Failed)] == ["3"]
    assert len(inbox.of(MarketingStopped)) == 1


async def test_marking_as_read_and_typing(inbox: Inbox) -> None:
    user = inbox.sandbox.user("+6281234567897")
    wrote = await user.types("Hello?")

    await inbox.sandbox.mark_read(wrote, typing=True)

    state = await user.state()
    assert (state["marked_as_read"], state["sees_typing"]) == ([wrote], True)


async def test_a_webhook_that_is_refused_comes_again(inbox: Inbox) -> None:
    inbox.status = 503
    await inbox.sandbox.send(BUDI, Text("x"), token="again")
    with pytest.raises(Timeout):
        await inbox.sandbox.settled(timeout=0.3)
    inbox.status = 200
    await inbox.sandbox.settled()

    assert len(inbox.of(Sent)) == 1


async def test_nothing_to_tap_on(inbox: Inbox) -> None:
    user = inbox.sandbox.user("+6281234567896")
    with pytest.raises(Rejected, match="no message"):
        await user.taps("Yes")
    with pytest.raises(Timeout):
        await user.receives(timeout=0.05)


async def test_numbers_share_a_sandbox(shared: Sandbox, inbox: Inbox) -> None:
    other = Sandbox(shared.url, phone_number_id="999")
    others = Inbox(other)
    await other.connect(others.context)
    await inbox.sandbox.send(BUDI, Text("one"), token="1")
    await other.send(BUDI, Text("two"), token="2")
    await other.settled()
    await other.disconnect()

    assert {event.account for event in inbox.events} == {inbox.sandbox.phone_number_id}
    assert {event.account for event in others.events} == {"999"}
    assert {message.phone_number_id async for message in shared.log(to=str(BUDI))} >= {
        "999",
        inbox.sandbox.phone_number_id,
    }


def runs_a_sandbox(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):  # it has ended
        return process.is_running() and "--log-file" in process.cmdline()
    return False


async def test_it_starts_and_stops_its_own_process(tmp_path: Path) -> None:
    log_file = tmp_path / "log.ndjson"
    sandbox = Sandbox(log_file=log_file, throughput=1000)
    for _ in range(2):
        await sandbox.connect(Inbox(sandbox).context)
        await sandbox.connect(Inbox(sandbox).context)
        children = psutil.Process().children()
        await sandbox.send(BUDI, Text("x"), token="t")
        assert (await sandbox.settings())["throughput"] == 1000
        await sandbox.disconnect()
        await sandbox.disconnect()
        assert not any(runs_a_sandbox(child) for child in children)

    with pytest.raises(SessionClosed):
        await sandbox.counts()
    assert log_file.read_text().count("\n") == 2


async def test_what_cannot_work_is_refused() -> None:
    with pytest.raises(InvalidValue):
        Sandbox(speed=0)
    with pytest.raises(InvalidValue):
        Sandbox(no_such_setting=1)
    with pytest.raises(ConfigurationError):
        Sandbox("http://127.0.0.1:9", speed=2)
    sandbox = Sandbox("http://127.0.0.1:9")
    with pytest.raises(ConnectionFailed):
        await sandbox.connect(Inbox(sandbox).context)
