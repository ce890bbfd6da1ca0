"""Every page in a browser: for axe, in light and dark, at two widths, by keyboard, evil texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pytest

from tests.server.conftest import ADMIN_KEY
from tests.server.dashboard.conftest import PHONE, Violations, violations, visit
from tests.server.dashboard.filled import BUDI, SCRIPT, TEXTS
from tests.server.one_process import OneServer

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

CHAT = f"/workspaces/acme/sessions/shop/chats/{BUDI}"
PAGES = (
    "/workspaces",
    "/instances",
    "/workspaces/acme/sessions",
    "/workspaces/acme/sessions/shop",
    "/workspaces/acme/sessions/off",
    "/workspaces/acme/sessions/shop/chats",
    CHAT,
    "/workspaces/acme/campaigns",
    "/workspaces/acme/campaigns/new",
    "/workspaces/acme/campaigns/promo",
    "/workspaces/acme/webhooks",
    "/workspaces/acme/keys",
    "/workspaces/acme/sessions/nobody",
)
COLOURS: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
INSIDE = "document.activeElement.matches('body, dialog, dialog *')"
DIALOGS = {
    "/workspaces": "New workspace",
    "/workspaces/acme/sessions": "New session",
    "/workspaces/acme/webhooks": "New webhook",
    "/workspaces/acme/keys": "New key",
    CHAT: "Send a template",
}


async def test_axe_finds_nothing(filled: OneServer, browser: Browser, axe_path: Path) -> None:
    wrong: dict[str, Violations] = {}

    async def look(page: Page, what: str) -> None:
        for colours in COLOURS:
            await page.emulate_media(color_scheme=colours, reduced_motion="reduce")
            wrong[f"{what}, {colours}"] = await violations(page)

    async with visit(browser, filled.url, axe=axe_path) as (page, _):
        await page.goto("/login")
        await look(page, "/login")
    async with visit(browser, filled.url, key=ADMIN_KEY, axe=axe_path) as (page, _):
        for path in PAGES:
            await page.goto(path)
            await look(page, path)
            if path in DIALOGS:
                await page.get_by_role("button", name=DIALOGS[path]).click()
                await look(page, f"{path}, dialog")
        await page.set_viewport_size(PHONE)
        for path in (CHAT, "/workspaces/acme/webhooks"):
            await page.goto(path)
            await look(page, f"{path}, phone")
    if any(wrong.values()):
        pytest.fail("\n".join(f"{path}: {it}" for path, found in wrong.items() for it in found))


async def test_nothing_is_wider_than_a_phone_and_nothing_goes_wrong(
    filled: OneServer, browser: Browser
) -> None:
    async with visit(browser, filled.url, key=ADMIN_KEY) as (page, problems):
        await page.set_viewport_size(PHONE)
        for path in PAGES[:-1]:
            await page.goto(path)
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width <= PHONE["width"], path
        assert problems == []


async def test_texts_of_people_are_texts(filled: OneServer, browser: Browser) -> None:
    async with visit(browser, filled.url, key=ADMIN_KEY) as (page, problems):
        await page.goto(CHAT)
        shown = await page.locator("#messages .in .text").all_text_contents()
        assert sorted(shown) == sorted(TEXTS)
        assert await page.locator("#messages .out .text").first.text_content() == SCRIPT
        await page.goto("/workspaces/acme/keys")
        assert await page.get_by_text("<i>a key</i>").count() == 1
        await page.goto("/workspaces")
        assert await page.get_by_text("<b>acme</b>").count() == 1
        assert "stolen" not in await page.title()
        assert problems == []


async def test_dialogs_hold_the_focus_and_give_it_back(filled: OneServer, browser: Browser) -> None:
    from playwright.async_api import expect

    async with visit(browser, filled.url, key=ADMIN_KEY) as (page, _):
        await page.goto("/workspaces/acme/keys")
        make = page.get_by_role("button", name="New key")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#main")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(make).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog", name="New key")).to_be_visible()
        for _ in range(40):
            await page.keyboard.press("Tab")
            assert await page.evaluate(INSIDE)
        await page.keyboard.press("Escape")
        await expect(make).to_be_focused()


async def test_colours_can_be_chosen_and_stay(filled: OneServer, browser: Browser) -> None:
    async with visit(browser, filled.url, key=ADMIN_KEY, color_scheme="light") as (page, _):
        await page.goto("/workspaces")
        switch = page.get_by_role("button", name="Colours")
        light = await background(page)
        await switch.click()
        assert await background(page) == light
        await switch.click()
        assert await background(page) != light
        await page.reload()
        assert await background(page) != light
        assert await switch.get_attribute("aria-label") == "Colours: dark"


async def background(page: Page) -> str:
    colour: str = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour
