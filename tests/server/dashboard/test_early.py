"""What is typed, chosen and clicked before the scripts of a page are there is done afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from tests.server.conftest import ADMIN_KEY
from tests.server.dashboard.conftest import visit
from tests.server.one_process import OneServer

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Route

NOBODY_YET = "+6281100000055"
CHAT = f"/workspaces/acme/sessions/shop/chats/{NOBODY_YET}"


@asynccontextmanager
async def held_back(page: Page, path: str, module: str) -> AsyncIterator[None]:
    """Open a page whose module comes when the block ends."""
    released = anyio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await page.route(f"**/js/{module}", hold)
    await page.goto(path, wait_until="commit")
    try:
        yield
    finally:
        released.set()
    await page.wait_for_load_state()


async def test_enter_sends_what_was_written(filled: OneServer, browser: Browser) -> None:
    from playwright.async_api import expect

    async with visit(browser, filled.url, key=ADMIN_KEY) as (page, problems):
        write = page.get_by_role("textbox", name="Message")
        async with held_back(page, CHAT, "chat.js"):
            await write.fill("first line")
            await write.press("Shift+Enter")
            await write.press_sequentially("second line")
            await write.press("Enter")
            await expect(write).to_have_value("")
            await write.press_sequentially("half a though")
        sent = page.locator(".message.out")
        await expect(sent.get_by_role("img")).to_be_visible()
        assert await sent.locator(".text").text_content() == "first line\nsecond line"
        await expect(write).to_have_value("half a though")
        await write.press_sequentially("t")
        await write.press("Enter")
        await expect(sent.filter(has_text="half a thought")).to_be_visible()
        assert page.url == f"{filled.url}{CHAT}"
        assert problems == []


async def test_enter_that_ends_a_composed_word_sends_nothing(
    filled: OneServer, browser: Browser
) -> None:
    from playwright.async_api import expect

    async with visit(browser, filled.url, key=ADMIN_KEY) as (page, _):
        write = page.get_by_role("textbox", name="Message")
        async with held_back(page, CHAT, "chat.js"):
            await write.fill("ni hao")
            await write.evaluate(
                "it => it.dispatchEvent(new KeyboardEvent('keydown',"
                " {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
            )
            await expect(write).to_have_value("ni hao")
        await expect(write).to_have_value("ni hao")


async def test_a_file_that_was_chosen_is_read(filled: OneServer, browser: Browser) -> None:
    from playwright.async_api import expect

    rows = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"phone,name\n+6281100000021,Sari\n"}
    async with visit(browser, filled.url, key=ADMIN_KEY) as (page, problems):
        async with held_back(page, "/workspaces/acme/campaigns/new", "campaign_new.js"):
            await page.get_by_label("Choose a CSV file").set_input_files(rows)  # type: ignore[arg-type]
        await expect(page.get_by_role("region", name="The first rows")).to_contain_text("Sari")
        assert problems == []
