"""A new user walks through the dashboard: from the first login to a campaign that has finished."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.server.dashboard.conftest import visit
from tests.server.one_process import OneServer, one_server

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

OURS = "+6281100000001"
BUDI = "+6281234567890"
AUDIENCE = (
    "phone,name,code\n+62 812-3456-7890,Budi,B7\n+62 811-0000-0021,Sari,S2\n"
    "+62 811-0000-0022,Wayan,W9\n12,Nobody,N0\n081234567890,Budi again,B8\n"
)


@pytest.fixture
def server(
    monkeypatch: pytest.MonkeyPatch, chromium_path: Path, wa_js_path: Path
) -> Iterator[OneServer]:
    """A server as it is at its first start: with embedded defaults, and no key given."""
    monkeypatch.setenv("BLAZZ_CHROMIUM", str(chromium_path))
    monkeypatch.setenv("BLAZZ_WA_JS", str(wa_js_path))
    with one_server(ADMIN_KEY="", WEB_EXECUTABLE=str(chromium_path)) as server:
        yield server


def printed_key(server: OneServer) -> str:
    """The key that the server printed at its first start."""
    found = re.search(r"bz_root_\S+", server.process.log.read_text())
    assert found is not None
    return found[0]


async def test_a_new_user_gets_to_a_finished_campaign(server: OneServer, browser: Browser) -> None:
    key = printed_key(server)
    async with visit(browser, server.url) as (page, problems):
        await log_in_and_make_a_workspace(page, key)
        await link_a_session(page)
        await chat_both_ways(page, server, key)
        await run_a_campaign(page)
        await log_out_and_link_again(page)
        assert problems == []


async def log_in_and_make_a_workspace(page: Page, key: str) -> None:
    from playwright.async_api import expect

    await page.goto("/")
    await page.get_by_label("API key").fill(key)
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("button", name="Create the first").click()
    await page.get_by_label("Name").fill("acme")
    await page.get_by_role("button", name="Create", exact=True).click()
    await expect(page.get_by_role("heading", name="Sessions", exact=True)).to_be_visible()
    await expect(page.locator("#live-state")).to_have_attribute("data-state", "connected")


async def link_a_session(page: Page) -> None:
    from playwright.async_api import expect

    await page.get_by_role("button", name="Create the first").click()
    await page.get_by_label("Name").fill("support")
    await page.get_by_label("WhatsApp Web").check()
    await page.get_by_role("button", name="Create", exact=True).click()
    code = page.get_by_role("img", name="QR code")
    await expect(code).to_be_visible(timeout=30_000)
    await page.wait_for_function("document.getElementById('qr-image')?.naturalWidth > 0")
    await get_a_code_to_type_in(page)
    await page.get_by_label("Number of a simulated phone").fill(OURS)
    await page.get_by_role("button", name="Scan the code with it").click()
    await expect(page.locator("#session-head .chip")).to_have_text("Ready")
    await expect(page.get_by_text(OURS).first).to_be_visible()
    await expect(code).to_have_count(0)


async def get_a_code_to_type_in(page: Page) -> None:
    """Ask for a code to type in, and then for one to scan after all."""
    from playwright.async_api import expect

    await page.get_by_role("button", name="Link with a phone number instead").click()
    await page.get_by_label("Phone number of the account").fill(OURS)
    await page.get_by_role("button", name="Get the code").click()
    code = page.locator("#pairing-code")
    await expect(code).to_have_text(re.compile("[A-Z0-9]{4}-[A-Z0-9]{4}"))
    shown = await code.text_content()
    async with page.expect_response(lambda it: "part=state" in it.url):
        await page.evaluate("document.dispatchEvent(new Event('changed'))")
    await expect(code).to_have_text(shown or "")
    other_way = page.get_by_role("button", name="Show a QR code")
    await other_way.click()
    await expect(code).to_be_hidden()
    await expect(page.get_by_role("img", name="QR code")).to_be_visible()
    await expect(other_way).to_be_hidden()


async def chat_both_ways(page: Page, server: OneServer, key: str) -> None:
    from playwright.async_api import expect

    await page.get_by_label("Somebody with this number").fill(BUDI)
    await page.get_by_label("writes").fill("Halo <script>alert(1)</script>")
    await page.get_by_role("button", name="Write to this session").click()
    # It is emptied when the text has gone out; who leaves the page before stops it.
    await expect(page.get_by_label("writes")).to_have_value("")
    await page.get_by_role("link", name="Open chats").click()
    await page.get_by_role("link", name=re.compile("Halo")).click()
    messages = page.get_by_role("log")
    await expect(messages).to_contain_text("Halo <script>alert(1)</script>")
    write = page.get_by_role("textbox", name="Message")
    await write.fill("Selamat pagi!\nApa kabar?")
    await write.press("Enter")
    sent = messages.locator(".message.out").filter(has_text="Apa kabar?")
    await expect(sent.get_by_role("img")).to_have_accessible_name(re.compile("delivered|read"))
    api = f"{server.url}/v1/workspaces/acme/sandbox/phones/{BUDI}/messages"
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(headers=headers, timeout=30) as phone:
        seen = (await phone.get(api, params={"chat": OURS})).json()
        assert [it["text"] for it in seen][-1] == "Selamat pagi!\nApa kabar?"
        # What is written while the chat is open appears by itself, without a reload.
        await phone.post(api, json={"to": OURS, "text": "Baik \N{SMILING FACE WITH SMILING EYES}"})
    await expect(messages.locator(".message.in").last).to_contain_text("Baik")


async def run_a_campaign(page: Page) -> None:
    from playwright.async_api import expect

    await page.get_by_role("link", name="Campaigns").click()
    await page.get_by_role("link", name="Create the first").click()
    file = {"name": "friends.csv", "mimeType": "text/csv", "buffer": AUDIENCE.encode()}
    await page.get_by_label("Choose a CSV file").set_input_files(file)  # type: ignore[arg-type]
    await expect(page.get_by_role("region", name="The first rows")).to_contain_text("Wayan")
    await page.get_by_label("Country of numbers").fill("ID")
    await page.get_by_label("Name of the campaign").fill("hello")
    await page.get_by_label("Text", exact=True).last.fill("Halo , kode: ")
    await page.evaluate("document.getElementById('campaign-text').setSelectionRange(5, 5)")
    await page.get_by_role("button", name="Put in name").click()
    await page.get_by_label("Text", exact=True).last.press("End")
    await page.get_by_role("button", name="Put in code").click()
    await expect(page.locator("#sample")).to_have_text("Halo Budi, kode: B7")
    await expect(page.locator("#preview-numbers")).to_contain_text("3Recipients")
    await expect(page.locator("#preview-problems")).to_contain_text("Why it is left out")
    await page.get_by_label("Everybody in this file has agreed").check()
    await page.get_by_role("button", name="Start campaign").click()
    await expect(page.locator("#campaign-head .chip")).to_have_text("Done")
    await expect(page.locator(".funnel .k-sent .value b")).to_have_text("3")
    await expect(page.get_by_role("img", name=re.compile("Messages over time"))).to_be_visible()


async def log_out_and_link_again(page: Page) -> None:
    from playwright.async_api import expect

    await page.goto("/workspaces/acme/sessions/support")
    await page.get_by_role("button", name="Log out of WhatsApp").click()
    sure = page.get_by_role("alertdialog")
    await sure.get_by_role("button", name="Log out", exact=True).click()
    await expect(page.locator("#session-head .chip")).to_have_text("Logged out")
    await page.get_by_role("button", name="Show a QR code").click()
    await expect(page.get_by_role("img", name="QR code")).to_be_visible()
    await page.wait_for_function("document.getElementById('qr-image')?.naturalWidth > 0")
