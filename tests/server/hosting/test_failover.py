"""Instances of the server are killed, freeze and stop while messages flow; sessions go on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.server_cluster import ADMIN, MARGIN, PATIENCE, Servers, cluster
from tests.server_traffic import traffic
from tests.servers.chromium import chromium_path, open_browser, wa_js_path

if TYPE_CHECKING:
    from playwright.async_api import Page

__all__ = ["chromium_path", "wa_js_path"]

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("chromium_path", "wa_js_path")]
NAMES = ("one", "two", "three")


@pytest.fixture
def servers(postgres_url: str, redis_url: str, s3_url: str) -> Servers:
    """Servers of this test's own."""
    return Servers(postgres=postgres_url, redis=redis_url, store=s3_url)


async def test_a_killed_instance_is_replaced_while_messages_flow(
    servers: Servers, tmp_path: Path, chaos_seconds: float | None, chromium_path: Path
) -> None:
    """Two instances and a few sessions; with a budget, three and twenty, again and again."""
    names, count = (NAMES[:2], 2) if chaos_seconds is None else (NAMES, 20)
    lease = 5.0 if chaos_seconds is None else 15.0
    ends_at = time.monotonic() + (chaos_seconds or 0)
    async with cluster(servers, folder=tmp_path, lease=lease) as made:
        await made.start(*names)
        await made.pair(count, workspaces=count)
        while True:
            dead, moving = await made.busiest()
            shown_by = next(it for it in made.instances.values() if it.name != dead)
            async with instances_page(shown_by.url, chromium_path) as page:
                async with traffic(made) as flowing:
                    killed_at = time.monotonic()
                    await made.kill(dead)
                    ready_at = await made.until_ready(moving, elsewhere=dead)
                await check_shown(page, dead, moving)
            await flowing.check()
            assert len(flowing.in_hand) <= len(moving)
            if chaos_seconds is None:
                break  # how long it takes is measured where nothing else runs
            assert ready_at - killed_at <= made.lease + MARGIN
            if time.monotonic() >= ends_at:
                break
            await made.start(dead)


@asynccontextmanager
async def instances_page(url: str, program: Path) -> AsyncIterator[Page]:
    """The dashboard's page of instances, as an administrator has it open."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright, open_browser(playwright, program) as browser:
        page = await browser.new_page(base_url=url)
        page.set_default_timeout(PATIENCE * 1000)
        await page.goto("/login?next=/instances")
        await page.get_by_label("API key").fill(ADMIN)
        await page.get_by_role("button", name="Log in").click()
        await page.locator("[id^=instance-]").first.wait_for()
        await page.evaluate("window.wasLoaded = 'before the kill'")
        yield page


async def check_shown(page: Page, dead: str, moved: set[str]) -> None:
    """Check that a page shows by itself who died, and where the sessions are now."""
    from playwright.async_api import expect

    patience = PATIENCE * 1000
    card = page.locator(f"#instance-{dead}")
    await expect(card).to_contain_text("Others have taken", timeout=patience)
    alive = page.locator(f"[id^=instance-]:not(#instance-{dead})")
    for key in moved:
        await expect(alive.get_by_text(key, exact=True)).to_be_visible(timeout=patience)
    assert await page.evaluate("window.wasLoaded") == "before the kill"


@pytest.mark.long
async def test_an_instance_that_stood_still_gives_way_when_it_wakes(
    servers: Servers, tmp_path: Path
) -> None:
    async with cluster(servers, folder=tmp_path, lease=4) as made:
        await made.start(*NAMES[:2])
        await made.pair(1, workspaces=1)
        name, moving = await made.busiest()
        async with traffic(made) as flowing:
            frozen = made.freeze(name)
            await made.until_ready(moving, elsewhere=name)
            await made.wake(frozen)
            answer = await frozen.api.get("/v1/instances")
            assert answer.is_success, answer.text
        await flowing.check()

        # It is an instance like any other again: all moves to it when the other one stops.
        (other,) = set(made.instances) - {name}
        async with traffic(made) as flowing:
            await made.stop(other)
            await made.until_ready(set(made.phones), elsewhere=other)
        await flowing.check()
