"""What a sender makes of a page that fails, by itself and after a try that may have arrived."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest

from blazz import (
    DeliveryUnknown,
    InvalidValue,
    Phone,
    Receipt,
    Rejected,
    Text,
    Undeliverable,
    Upload,
    Video,
)
from blazz.errors.web import BridgeError, BrowserDied
from blazz.messages.files import MediaFile
from blazz.providers.web.bridge import Bridge
from blazz.providers.web.life import Life
from blazz.providers.web.outbox import Outbox, Standing
from blazz.providers.web.sending import Sender
from blazz.providers.web.transfers import PIECE, FilesInPage

BUDI = Phone("+6281200000002")
TOKEN = "v1.-.a"
GONE = BrowserDied("the browser has ended")
SENT = {"id": "true_6281200000002@c.us_3EB0", "ack": 1}


class Page:
    """A page that answers each call as it is told."""

    def __init__(self, *answers: object) -> None:
        self._answers = list(answers)
        self.calls: list[tuple[str, Any]] = []

    async def call(self, name: str, argument: Any = None, *, timeout: float) -> Any:
        self.calls.append((name, argument))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class OneAfterAnother:
    """A life with a new page each time that it is asked for one."""

    loads = 1

    def __init__(self, *pages: Page) -> None:
        self._pages = list(pages)
        self.bridge: Page | None = None

    async def ready(self, *, timeout: float) -> Page:
        self.bridge = self._pages.pop(0)
        return self.bridge

    async def until(self, wanted: Callable[[Any], bool], *, timeout: float) -> bool:
        self.bridge = None
        return wanted(SimpleNamespace(ended=False))


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    opened = Outbox(tmp_path / "outbox.db")
    await opened.open()
    yield opened
    await opened.close()


async def send(outbox: Outbox, *pages: Page) -> Receipt:
    life = cast("Life", OneAfterAnother(*pages))
    sender = Sender(life, outbox, ready_timeout=60, send_timeout=60)
    prepared = await sender.prepare(BUDI, Text("Halo"), None)
    return await sender.send(prepared, token=TOKEN, retry=True)


async def standing(outbox: Outbox) -> Standing:
    return (await outbox.look_up([TOKEN]))[TOKEN].standing


async def test_a_page_that_refuses_the_first_try_has_sent_nothing(outbox: Outbox) -> None:
    with pytest.raises(Undeliverable):
        await send(outbox, Page(BridgeError("there is no chat", code="no_such_chat")))
    assert await standing(outbox) is Standing.REFUSED


async def test_what_fails_after_a_try_that_may_have_arrived_is_in_doubt(outbox: Outbox) -> None:
    with pytest.raises(DeliveryUnknown, match="may have left before"):
        await send(outbox, Page(GONE), Page(BridgeError("a part is missing", code="TypeError")))
    assert await standing(outbox) is Standing.GIVEN

    # So it is for whoever sends it again later; WhatsApp's own word about it ends the doubt.
    with pytest.raises(DeliveryUnknown):
        await send(outbox, Page(BridgeError("there is no chat", code="no_such_chat")))
    with pytest.raises(Rejected):
        await send(outbox, Page(BridgeError("ERROR_UNKNOWN", code="not_sent")))
    assert await standing(outbox) is Standing.REFUSED
    with pytest.raises(Undeliverable):
        await send(outbox, Page(BridgeError("there is no chat", code="no_such_chat")))


async def test_a_second_page_is_told_that_it_may_have_the_message(outbox: Outbox) -> None:
    first, second = Page(GONE), Page(SENT)
    receipt = await send(outbox, first, second)
    assert receipt.message_id == SENT["id"]
    assert [page.calls[0][1]["again"] for page in (first, second)] == [False, True]
    assert await standing(outbox) is Standing.ACCEPTED


def movie(*, size: int = PIECE) -> MediaFile:
    return MediaFile(content=bytes(size), mime_type="video/mp4", filename="a.mp4", size=size)


async def test_pieces_of_a_file_that_was_not_handed_over_are_dropped() -> None:
    full = BridgeError("no more room", code="QuotaExceededError")
    page = Page(False, None, full, None)
    with pytest.raises(BridgeError, match="no more room"):
        await FilesInPage().bring_in(cast("Bridge", page), movie(size=3 * PIECE), timeout=60)
    assert [name for name, _ in page.calls] == ["hasFile", "addPiece", "addPiece", "dropUpload"]
    assert len({argument["upload"] for _, argument in page.calls[1:]}) == 1


async def test_a_file_is_brought_in_once_however_many_send_it() -> None:
    page = Page(False, None, None, True, True)
    files, names = FilesInPage(), []

    async def bring_in() -> None:
        names.append(await files.bring_in(cast("Bridge", page), movie(), timeout=60))

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(bring_in)
    called = [name for name, _ in page.calls]
    assert called == ["hasFile", "addPiece", "keepFile", "hasFile", "hasFile"]
    assert len(set(names)) == 1


async def test_another_content_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    names = []
    for content in (b"one", b"two, changed"):
        path.write_bytes(content)
        for given in (path, content):
            file = MediaFile(content=given, mime_type="video/mp4", filename="a", size=len(content))
            page = Page(True)
            names.append(await FilesInPage().bring_in(cast("Bridge", page), file, timeout=60))
    assert len(set(names)) == 4
    path.unlink()
    gone = MediaFile(content=path, mime_type="video/mp4", filename="a", size=3)
    with pytest.raises(InvalidValue, match="cannot be read"):
        await FilesInPage().bring_in(cast("Bridge", Page()), gone, timeout=60)


async def test_a_file_that_has_gone_is_brought_in_again(outbox: Outbox) -> None:
    gone = BridgeError("the file is no longer in the page", code="no_such_file")
    page = Page(True, gone, False, None, None, SENT)
    life = cast("Life", OneAfterAnother(page))
    sender = Sender(life, outbox, ready_timeout=60, send_timeout=60)
    message = Video(Upload(b"\0\0\0\x18ftypmp42 a video", "video/mp4", "a.mp4"))
    prepared = await sender.prepare(BUDI, message, None)
    await sender.send(prepared, token=TOKEN, retry=True)
    assert [name for name, _ in page.calls] == [
        *("hasFile", "send", "hasFile", "addPiece", "keepFile", "send"),
    ]
    assert await standing(outbox) is Standing.ACCEPTED
