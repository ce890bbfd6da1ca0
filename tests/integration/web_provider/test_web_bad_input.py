"""What people do wrong and what breaks: each has an error of its own, and nothing hangs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

from blazz import (
    Capability,
    DeliveryUnknown,
    Document,
    Image,
    InvalidValue,
    MediaId,
    NotSupported,
    Reaction,
    Rejected,
    SessionClosed,
    SessionState,
    Template,
    Text,
    Undeliverable,
    Upload,
    UserId,
)
from blazz.errors import Refused, Unavailable
from blazz.errors.web import (
    BridgeOutdated,
    BrowserNotFound,
    PageNotLoaded,
    ProfileInUse,
    WrongWaJs,
)
from blazz.providers.base import Outcome, new_token
from blazz.sandbox.web import SimulatedPhone
from blazz.sandbox.web.world import NOT_ON_WHATSAPP
from tests.integration.web_provider.studio import BUDI, Studio, browser_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def silent_server() -> Iterator[str]:
    """An address where somebody listens and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


async def test_what_keeps_a_browser_from_starting_is_told_at_once(
    studio: Studio, silent_server: str, tmp_path: Path
) -> None:
    not_wa_js = tmp_path / "not-wa.js"
    not_wa_js.write_text("window.somethingElse = 1;")
    wrong: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"executable": tmp_path / "no-such-chromium"}, BrowserNotFound),
        ({"wa_js": not_wa_js}, WrongWaJs),
        ({"url": silent_server, "page_timeout": 1.5}, PageNotLoaded),
        ({"url": "http://127.0.0.1:9/", "page_timeout": 5}, PageNotLoaded),
    ]
    for browser, error in wrong:
        with anyio.fail_after(120), pytest.raises(error):
            await studio.open(browser=browser)
        assert studio.client.sessions == {}
    # Whoever closes a session does not wait for its page, and nor does who is cancelled.
    slow = {"url": silent_server, "page_timeout": 600}
    with anyio.fail_after(120):
        session = await studio.open(browser=slow, start_timeout=1.0)
        assert session.state is SessionState.STARTING
        await session.close()
        with anyio.move_on_after(1.0):
            await studio.open(browser=slow)
    await nothing_is_left(studio.folder)


async def test_parts_that_whatsapp_has_moved_are_named(studio: Studio) -> None:
    studio.web.configure(missing_modules=["WAWebSendMsgChatAction"])
    with pytest.raises(BridgeOutdated, match="addAndSendMsgToChat"):
        await studio.open()


async def test_a_profile_is_used_by_one_session_only(studio: Studio, shop: SimulatedPhone) -> None:
    await studio.linked(shop)
    async with Studio(studio.web, studio.folder) as second:
        with pytest.raises(ProfileInUse):
            await second.open()


async def test_what_cannot_be_sent_is_refused_before_anything_happens(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone, tmp_path: Path
) -> None:
    session = await studio.linked(shop)
    with pytest.raises(NotSupported, match="'template'"):
        await session.send(BUDI, Template("promo", language="id"))
    with pytest.raises(NotSupported, match="user id"):
        await session.send(UserId("US.13491208655302741918"), Text("Halo"))
    with pytest.raises(NotSupported, match="by the id of an upload"):
        await session.send(BUDI, Image(MediaId("77")))
    with pytest.raises(NotSupported, match="upload media"):
        await session.upload(b"x", mime_type="image/png")
    with pytest.raises(InvalidValue, match="cannot be read"):
        await session.send(BUDI, Document(tmp_path / "missing.pdf"))
    large = tmp_path / "large.jpg"
    with large.open("wb") as file:
        file.truncate(6 * 1024 * 1024)
    with pytest.raises(InvalidValue, match="at most 5242880 bytes"):
        await session.send(BUDI, Image(large))
    with pytest.raises(InvalidValue, match="message's id"):
        await session.send(BUDI, Reaction("wamid.1", "👍"))
    with pytest.raises(InvalidValue, match="message's id"):
        await session.send(BUDI, Text("hi"), reply_to="wamid.1")
    assert studio.web.world.accepted == []
    assert not session.can(Capability.UPLOAD_MEDIA)


async def test_what_whatsapp_refuses_is_told_and_leaves_nothing(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    session = await studio.linked(shop)
    with pytest.raises(Undeliverable, match="not on WhatsApp"):
        await session.send(f"+{NOT_ON_WHATSAPP}", Text("anybody there?"))
    with pytest.raises(Rejected, match="no message"):
        await session.send(BUDI, Text("to what?"), reply_to=f"false_{budi.jid}_3AUNKNOWN")
    with pytest.raises(Refused):
        await session.edit(f"true_{budi.jid}_3EB0UNKNOWN", "new")
    studio.web.configure(largest_media=1000)
    with pytest.raises(Unavailable, match="ERROR_UPLOAD"):  # the page does not know it yet
        await session.send(BUDI, Document(Upload(b"x" * 2000, "application/pdf", "large.pdf")))
    session_again = await reopened(studio)
    with pytest.raises(Refused):
        await session_again.send(
            BUDI, Document(Upload(b"x" * 2000, "application/pdf", "too-large.pdf"))
        )
    studio.web.configure(largest_media=100 * 1024 * 1024)
    assert studio.web.world.accepted == []
    assert (await session_again.send(BUDI, Text("still works"))).message_id


async def reopened(studio: Studio) -> Any:
    await studio.stop()
    await studio.start()
    session = await studio.open()
    await session.wait_ready(timeout=60)
    return session


async def test_a_lost_answer_is_unknown_until_it_is_settled(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    # Long enough for the message to leave, whatever else this machine does.
    session = await studio.linked(shop, send_timeout=4.0)
    studio.web.configure(answers="lost")
    budi.go_offline()  # else the receipt of the phone would tell
    with pytest.raises(DeliveryUnknown, match="keeps trying") as caught:
        await session.send(BUDI, Text("did it arrive?"))
    token = caught.value.token
    assert await session.provider.settle([token]) == {token: Outcome.UNKNOWN}

    await studio.web.wait_until(lambda: len(studio.web.world.accepted) == 1)
    studio.web.configure(answers="given")
    shop.drop_connections()
    await studio.web.wait_until(lambda: studio.web.world.accepted[0].attempts == 2)
    with anyio.fail_after(60):
        while await session.provider.settle([token]) != {token: Outcome.SENT}:  # noqa: ASYNC110
            await anyio.sleep(0.05)
    budi.go_online()
    # Whoever sends it again under its token sends nothing again.
    address = session.address(BUDI)
    await session.provider.send(address, Text("did it arrive?"), token=token)
    assert [it.text for it in budi.messages(shop.number)] == ["did it arrive?"]


async def test_a_browser_that_is_killed_while_it_sends(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    session = await studio.linked(shop)
    studio.web.configure(answers="lost")
    budi.go_offline()  # else the receipt of the phone would tell
    address, token = session.address(BUDI), new_token()
    unknown: list[DeliveryUnknown] = []

    async def send_without_retry() -> None:
        try:
            await session.provider.send(address, Text("once"), token=token, retry=False)
        except DeliveryUnknown as error:
            unknown.append(error)

    async with anyio.create_task_group() as group:
        group.start_soon(send_without_retry)
        await studio.web.wait_until(lambda: len(studio.web.world.accepted) == 1)
        psutil.Process(browser_of(session).pid).kill()
    assert [error.token for error in unknown] == [token]

    studio.web.configure(answers="given")
    budi.go_online()
    await session.wait_ready(timeout=60)
    await session.provider.send(address, Text("once"), token=token)
    assert [it.text for it in budi.messages(shop.number)] == ["once"]


async def test_nothing_is_left_behind(studio: Studio, shop: SimulatedPhone) -> None:
    session = await studio.linked(shop)
    assert left_behind(studio.folder)
    await session.close()
    await nothing_is_left(studio.folder)
    with pytest.raises(SessionClosed):
        await session.send(BUDI, Text("too late"))
    beside = {path.name for path in studio.profile.parent.iterdir()}
    assert not {name for name in beside if name.endswith((".scratch",))}

    await studio.open()

    class Broken(Exception):
        pass

    with pytest.raises(Broken):
        async with studio.client:
            raise Broken
    await nothing_is_left(studio.folder)


async def nothing_is_left(folder: Path) -> None:
    """Wait until no process uses anything in a folder: some of a browser's end after it."""
    with anyio.move_on_after(60):
        while left_behind(folder):  # noqa: ASYNC110  # other processes set no event
            await anyio.sleep(0.05)
    assert left_behind(folder) == []


def left_behind(folder: Path) -> list[str]:
    """The processes that use something in a folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        if str(folder) in line:
            found.append(line[:200])
    return found
