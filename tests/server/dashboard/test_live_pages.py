"""Pages follow what happens: through a connection that breaks, and without any."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

import httpx

from tests.server.conftest import ADMIN_KEY
from tests.server.dashboard.conftest import visit
from tests.server.one_process import OneServer

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, WebSocketRoute

BASE = "/workspaces/acme/sessions/shop"
WAYAN = "+6281100000022"
SOCKETS = "**/realtime/app/**"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
TEMPLATE = {
    "name": "welcome",
    "language": "en",
    "category": "UTILITY",
    "components": [
        {
            "type": "BODY",
            "text": "Welcome, {{1}}, to our shop",
            "example": {"body_text": [["Budi"]]},
        }
    ],
}


async def write(server: OneServer, text: str) -> None:
    """Have somebody write to the session."""
    async with httpx.AsyncClient(base_url=server.url, headers=server.admin, timeout=60) as api:
        body = {"session": "shop", "text": text}
        answer = await api.post(f"/v1/workspaces/acme/sandbox/users/{WAYAN}/messages", json=body)
        assert answer.status_code == 201, answer.text


async def is_shown(page: Page, text: str) -> None:
    from playwright.async_api import expect

    await expect(page.get_by_role("log")).to_contain_text(text)


async def has_state(page: Page, state: str) -> None:
    from playwright.async_api import expect

    await expect(page.locator("#live-state")).to_have_attribute("data-state", state)


async def test_a_broken_connection_comes_back_with_what_was_missed(
    filled: OneServer, browser: Browser
) -> None:
    connections: asyncio.Queue[WebSocketRoute] = asyncio.Queue()
    asked: list[str] = []
    is_open = True

    def connect(socket: WebSocketRoute) -> None:
        connections.put_nowait(socket)
        if not is_open:
            return  # it is taken, and never answered
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            asked.append(str(message))
            server.send(message)

        socket.on_message(pass_on)

    async with visit(browser, filled.url, key=ADMIN_KEY) as (page, problems):
        await page.route_web_socket(SOCKETS, connect)
        await page.goto(f"{BASE}/chats/{WAYAN}")
        await has_state(page, "connected")
        await write(filled, "before")
        await is_shown(page, "before")
        is_open = False
        await connections.get_nowait().close(code=4200, reason="come back")
        silent = await connections.get()
        await has_state(page, "connecting")
        await write(filled, "in between")
        is_open = True
        await silent.close(code=4100, reason="later")
        await has_state(page, "connected")
        await is_shown(page, "in between")
        assert '"after":"' in [it for it in asked if "pusher:subscribe" in it][-1]
        await write(filled, "afterwards")
        await is_shown(page, "afterwards")
        assert problems == []


async def test_without_a_connection_pages_ask_now_and_then(
    filled: OneServer, browser: Browser
) -> None:
    async def refuse(socket: WebSocketRoute) -> None:
        await socket.close(code=4001, reason="no application")

    async with visit(browser, filled.url, key=ADMIN_KEY) as (page, problems):
        await page.route_web_socket(SOCKETS, refuse)
        await page.goto(f"{BASE}/chats/{WAYAN}")
        await has_state(page, "polling")
        await write(filled, "without a socket")
        await is_shown(page, "without a socket")
        assert problems == []


async def fail_to_send(page: Page, words: str) -> None:
    """Write a message while the server cannot be reached, and wait until the page says so."""
    from playwright.async_api import expect

    await page.route("**/messages", lambda route: route.abort())
    text = page.get_by_role("textbox", name="Message")
    await text.fill(words)
    await text.press("Enter")
    await expect(page.get_by_role("button", name="Try again")).to_be_visible()
    await page.unroute("**/messages")


async def test_drafts_that_fail_can_be_sent_again(filled: OneServer, browser: Browser) -> None:
    from playwright.async_api import expect

    async with visit(browser, filled.url, key=ADMIN_KEY) as (page, _):
        await page.goto(f"{BASE}/chats/{WAYAN}")
        await has_state(page, "connected")
        await fail_to_send(page, "Will it arrive?")
        await page.get_by_role("button", name="Try again").click()
        sent = page.locator(".message.out").filter(has_text="Will it arrive?")
        await expect(sent.get_by_role("img")).to_be_visible()
        await expect(sent).to_have_count(1)


async def test_a_draft_that_failed_stays_when_the_first_message_comes(
    filled: OneServer, browser: Browser
) -> None:
    from playwright.async_api import expect

    async with visit(browser, filled.url, key=ADMIN_KEY) as (page, _):
        await page.goto(f"{BASE}/chats/+6281100000077")
        await has_state(page, "connected")
        await fail_to_send(page, "does not leave")
        text = page.get_by_role("textbox", name="Message")
        await text.fill("leaves")
        await text.press("Enter")
        sent = page.locator(".message.out:not(.draft)")
        await expect(sent.get_by_role("img")).to_be_visible()
        await expect(page.locator(".draft")).to_contain_text("does not leave")
        await expect(page.get_by_role("button", name="Try again")).to_be_visible()


async def test_pictures_answers_and_templates(filled: OneServer, browser: Browser) -> None:
    from playwright.async_api import expect

    async with httpx.AsyncClient(base_url=filled.url, headers=filled.admin, timeout=60) as api:
        made = await api.post("/v1/workspaces/acme/sessions/shop/templates", json=TEMPLATE)
        assert made.is_success, made.text
    await write(filled, "Do you have a picture?")
    async with visit(browser, filled.url, key=ADMIN_KEY) as (page, problems):
        await page.goto(f"{BASE}/chats/{WAYAN}")
        asked = page.locator(".message.in").filter(has_text="a picture?")
        await asked.hover()
        await asked.get_by_role("button", name="Answer this message").click()
        await expect(page.locator("#answering-text")).to_have_text("Do you have a picture?")
        file = {"name": "cat.png", "mimeType": "image/png", "buffer": PNG}
        await page.get_by_label("Attach a file").set_input_files(file)  # type: ignore[arg-type]
        text = page.get_by_role("textbox", name="Message")
        await text.fill("Here it is")
        await text.press("Enter")
        sent = page.locator(".message.out").filter(has_text="Here it is")
        await expect(sent.locator(".quote")).to_contain_text("Do you have a picture?")
        image = sent.get_by_role("img", name="Here it is")
        await expect(image).to_be_visible()
        assert await image.evaluate("it => it.decode().then(() => it.naturalWidth)") == 1
        # A sound has no caption: what is written with it follows it.
        sound = {"name": "song.mp3", "mimeType": "audio/mpeg", "buffer": b"ID3\x04" + bytes(64)}
        await page.get_by_label("Attach a file").set_input_files(sound)  # type: ignore[arg-type]
        await text.fill("Listen to this")
        await text.press("Enter")
        await expect(page.locator(".message.out audio")).to_be_visible()
        await expect(page.locator(".message.out:not(.draft)").last).to_contain_text("Listen to")
        await page.get_by_role("button", name="Send a template").click()
        dialog = page.get_by_role("dialog", name="Send a template")
        await dialog.get_by_label("Template", exact=True).select_option(label="welcome (en)")
        await dialog.get_by_label("{{1}}").fill("Wayan")
        await dialog.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator(".message.out").last).to_contain_text("welcome")
        assert problems == []
