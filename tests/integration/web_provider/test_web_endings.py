"""How a session ends, breaks and comes back; each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

from blazz import (
    SessionEnded,
    SessionNotReady,
    SessionState,
    SessionStateChanged,
    StateReason,
    Text,
    TextReceived,
)
from blazz.sandbox.web import SimulatedPhone, SimulatedWeb
from tests.integration.web_provider.studio import Studio, browser_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ended(studio: Studio, state: SessionState) -> SessionStateChanged:
    return await studio.heard.one(SessionStateChanged, lambda it: it.state is state)


@pytest.mark.parametrize(
    ("end", "state", "reason"),
    [
        (
            lambda web, shop: shop.log_out_devices(),
            SessionState.LOGGED_OUT,
            StateReason.LOGGED_OUT_BY_PHONE,
        ),
        (
            lambda web, shop: shop.log_out_devices("account_sync_error"),
            SessionState.LOGGED_OUT,
            StateReason.LOGGED_OUT_BY_WHATSAPP,
        ),
        (lambda web, shop: shop.ban(), SessionState.BANNED, StateReason.ACCOUNT_LOCKED),
        (
            lambda web, shop: shop.suspend(3600),
            SessionState.BANNED,
            StateReason.TEMPORARILY_BANNED,
        ),
        (
            lambda web, shop: web.configure(minimum_version="2.3000.9999999999"),
            SessionState.OUTDATED,
            StateReason.CLIENT_OUTDATED,
        ),
        (
            lambda web, shop: shop.open_elsewhere(),
            SessionState.STOPPED,
            StateReason.OPENED_ELSEWHERE,
        ),
    ],
    ids=["phone", "whatsapp", "ban", "suspension", "outdated", "conflict"],
)
async def test_an_ending_has_a_reason_and_closes_the_browser(
    studio: Studio,
    shop: SimulatedPhone,
    budi: SimulatedPhone,
    end: Callable[[SimulatedWeb, SimulatedPhone], Any],
    state: SessionState,
    reason: StateReason,
) -> None:
    session = await studio.linked(shop)
    browser = browser_of(session)
    end(studio.web, shop)

    told = await ended(studio, state)
    assert (told.previous, told.reason) == (SessionState.READY, reason)
    assert (session.state, session.state_reason) == (state, reason)
    with pytest.raises(SessionEnded, match="nothing was sent") as caught:
        await session.send(f"+{budi.number}", Text("too late"))
    assert (caught.value.state, caught.value.reason) == (state, reason)
    await browser.closed.wait()
    assert budi.messages(shop.number) == []


async def test_a_banned_account_is_told_when_it_is_opened(
    studio: Studio, shop: SimulatedPhone
) -> None:
    session = await studio.linked(shop)
    await session.close()
    shop.suspend(3600)
    with pytest.raises(SessionEnded, match="temporarily_banned"):
        await studio.open()
    assert studio.client.sessions == {}

    shop.forgive()
    assert (await studio.open()).state is SessionState.READY


async def test_a_phone_that_logged_out_while_it_was_closed(
    studio: Studio, shop: SimulatedPhone
) -> None:
    session = await studio.linked(shop)
    await session.close()
    shop.log_out_devices()
    session = await studio.open()
    assert session.state in {SessionState.LOGGED_OUT, SessionState.PAIRING}


async def test_breaks_are_mended_and_nothing_is_lost_or_doubled(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    session = await studio.linked(shop)
    expected = []
    for number in range(20):
        expected.append(f"in {number}")
        budi.send_text(shop.number, f"in {number}")
        if number % 5 == 4:
            shop.drop_connections()
    await studio.heard.one(TextReceived, lambda it: it.body == "in 19")
    assert [it.body for it in studio.heard.of(TextReceived)] == expected
    await session.wait_ready(timeout=60)


async def test_an_outage_is_waited_out(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    session = await studio.linked(shop, ready_timeout=0.5)
    studio.web.go_down()
    lost = await studio.heard.one(
        SessionStateChanged, lambda it: it.reason is StateReason.CONNECTION_LOST
    )
    assert lost.state is SessionState.RECONNECTING
    with pytest.raises(SessionNotReady, match="reconnecting"):
        await session.send(f"+{budi.number}", Text("not now"))
    with pytest.raises(SessionNotReady):  # at once: later it would not be true any more
        await session.show_typing(f"+{budi.number}")
    studio.web.come_back()
    await session.wait_ready(timeout=60)
    receipt = await session.send(f"+{budi.number}", Text("now"))
    assert [it.text for it in budi.messages(shop.number)] == ["now"]
    assert receipt.message_id


async def test_a_crash_and_a_hung_page_are_survived(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    from blazz.providers.lifecycle import Backoff
    from blazz.providers.web.watching import LifeSettings

    life = LifeSettings(backoff=Backoff(first=0.05, longest=0.2), heartbeat=0.2, hung_after=6.0)
    session = await studio.linked(shop, life=life)
    first = browser_of(session)
    with pytest.raises(Exception, match=r"crash|closed|Target"):
        await first.page.goto("chrome://crash", timeout=60_000)
    await studio.heard.one(SessionStateChanged, lambda it: it.reason is StateReason.BROWSER_CRASHED)
    await session.wait_ready(timeout=60)

    second = browser_of(session)
    assert second.pid != first.pid
    for process in psutil.Process(second.pid).children(recursive=True):
        if "--type=renderer" in process.cmdline():
            process.suspend()
    await studio.heard.one(SessionStateChanged, lambda it: it.reason is StateReason.BROWSER_HUNG)
    await session.wait_ready(timeout=60)
    budi.send_text(shop.number, "still there?")
    await studio.heard.one(TextReceived, lambda it: it.body == "still there?")


@pytest.fixture
def late_wa_js(wa_js_path: Path, tmp_path: Path) -> Path:
    """A wa-js that tells a second late that it is ready, as it does on a busy machine."""
    usual = wa_js_path.read_text(encoding="utf-8")
    late = usual.replace("onReady=function(e,t=0)", "onReady=function(e,t=1000)")
    # By then WhatsApp has long been connected, and has no more to say.
    second = "await new Promise(e=>setTimeout(e,1000)),t.isFullReady=!0"
    later = late.replace("t.isFullReady=!0", second)
    assert usual != late != later
    path = tmp_path / "late-wa.js"
    path.write_text(later, encoding="utf-8")
    return path


async def test_a_page_that_loads_itself_anew_goes_on(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone, late_wa_js: Path
) -> None:
    session = await studio.linked(shop, browser={"wa_js": late_wa_js})
    # Set after the timer of wa-js, this one ends after it.
    await browser_of(session).page.evaluate("new Promise((done) => setTimeout(done, 1000))")
    assert session.state is SessionState.READY
    assert "loaded anew" not in str([it.detail for it in studio.heard.of(SessionStateChanged)])
    studio.web.configure(send_delay=0.3)

    async with anyio.create_task_group() as group:
        group.start_soon(session.send, f"+{budi.number}", Text("while it loads"))
        await anyio.sleep(0.1)
        await browser_of(session).page.evaluate("setTimeout(() => location.reload())")
    lost = await studio.heard.one(
        SessionStateChanged, lambda it: it.state is SessionState.RECONNECTING
    )
    assert lost.detail == "the page was loaded anew"
    await session.wait_ready(timeout=60)
    assert [it.text for it in budi.messages(shop.number)] == ["while it loads"]
    budi.send_text(shop.number, "heard?")
    await studio.heard.one(TextReceived, lambda it: it.body == "heard?")

    # What cannot be loaded anew gives a page of the browser's own, which would stay for ever.
    nowhere = "setTimeout(() => { location.href = 'http://127.0.0.1:9/'; })"
    await browser_of(session).page.evaluate(nowhere)
    failed = await studio.heard.one(
        SessionStateChanged, lambda it: it.reason is StateReason.PAGE_FAILED
    )
    assert failed.detail == "WhatsApp Web was loaded anew, and that failed"
    await session.wait_ready(timeout=60)


async def test_a_browser_that_outgrows_its_limit_is_replaced_at_a_quiet_moment(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from blazz.providers.lifecycle import Backoff
    from blazz.providers.web.browser import RunningBrowser
    from blazz.providers.web.watching import LifeSettings

    life = LifeSettings(backoff=Backoff(first=0.05, longest=0.2), memory_check=0.3, quiet=0.3)
    session = await studio.linked(shop, life=life)
    first = browser_of(session)
    monkeypatch.setattr(RunningBrowser, "has_outgrown", lambda self: self is first)
    told = await studio.heard.one(SessionStateChanged, lambda it: it.reason is StateReason.MEMORY)
    assert told.state is SessionState.RECONNECTING
    await session.wait_ready(timeout=60)
    assert first.closed.is_set()
    budi.send_text(shop.number, "after it")
    await studio.heard.one(TextReceived, lambda it: it.body == "after it")
