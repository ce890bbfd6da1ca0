"""The way into a page, on the simulated WhatsApp Web with the real wa-js."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
import pytest_asyncio

from blazz.errors import Timeout
from blazz.errors.web import (
    BridgeError,
    BridgeOutdated,
    PageNotLoaded,
    PageReloaded,
    WrongWaJs,
)
from blazz.providers.web.bridge import Bridge
from blazz.providers.web.browser import RunningBrowser
from blazz.providers.web.launching import launch
from blazz.providers.web.settings import BrowserSettings
from blazz.sandbox.condition import Condition
from blazz.sandbox.web import SimulatedWeb

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOP = "+6281100000001"
BUDI = "+6281200000002"
QR_CODE = """new Promise((done) => {
  const look = async () => {
    const code = (await WPP.conn.getAuthCode())?.fullCode;
    code ? done(code) : setTimeout(look, 20);
  };
  look();
})"""
LOGGED_IN = """new Promise((done) => {
  const isMain = () => WPP.conn.isAuthenticated() && WPP.conn.getStreamData().mode === 'MAIN';
  const look = () => (WPP.isFullReady && isMain() ? done(1) : setTimeout(look, 20));
  look();
})"""
FUNCTIONS = """
blazz.echo = (value) => value;
blazz.nothing = () => undefined;
blazz.never = () => new Promise(() => {});
blazz.refuse = () => { throw blazz.fail('chat_not_found', 'no such chat', { id: 7 }); };
blazz.stumble = () => undefined.anything;
blazz.tell = ({ name, count }) => { for (let i = 0; i < count; i++) blazz.emit(name, i); };
1"""


class Heard:
    """What a page reported, as (name, value), oldest first."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self._changed = Condition()

    def __call__(self, name: str, value: Any) -> None:
        self.events.append((name, value))
        self._changed.notify_all()
        if name == "faulty":
            raise ValueError("a handler that fails")

    async def until(self, name: str, value: Any) -> list[Any]:
        assert await self._changed.wait_for(lambda: (name, value) in self.events, timeout=60)
        return [found for kind, found in self.events if kind == name]


@pytest.fixture(scope="module")
def heard() -> Heard:
    return Heard()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(
    settings: BrowserSettings, driver: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningBrowser]:
    settings = replace(settings, blocked=("*://*/web/media/blocked*",))
    started = await launch(settings, tmp_path_factory.mktemp("bridge") / "profile")
    yield started
    await started.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attached(browser: RunningBrowser, wa_js_path: Path, heard: Heard) -> Bridge:
    cookie = {"name": "wa_lang", "value": "id", "url": browser.settings.url}
    return await Bridge.attach(
        browser,
        wa_js=wa_js_path,
        version="4.6.0",
        local_storage={"theme": "dark", "__proto__": "a \"quoted\" \\ \u2028 'value'"},
        cookies=[cookie],
        on_event=heard,
    )


@pytest_asyncio.fixture(loop_scope="module")
async def bridge(attached: Bridge, heard: Heard) -> Bridge:
    """The bridge, on a page with our functions: the last test may have left another one."""
    if await evaluated(attached, "typeof blazz === 'object' && 'echo' in blazz") is not True:
        await attached.open()
        await evaluated(attached, FUNCTIONS)
    heard.events.clear()
    return attached


async def evaluated(bridge: Bridge, expression: str) -> Any:
    return await bridge.line.evaluate(expression, timeout=60, what="a test")


async def test_a_call_gives_what_the_function_gives(bridge: Bridge) -> None:
    value = {"text": "halo 'dunia' \u2028 \U0001f600 </script>", "list": [1, 2.5, None, True]}

    assert await bridge.call("echo", value, timeout=60) == value
    assert await bridge.call("nothing", timeout=60) is None


async def test_a_functions_error_keeps_its_code_and_details(bridge: Bridge) -> None:
    with pytest.raises(BridgeError, match="no such chat") as refused:
        await bridge.call("refuse", timeout=60)
    assert (refused.value.code, refused.value.details) == ("chat_not_found", {"id": 7})
    with pytest.raises(BridgeError) as stumbled:
        await bridge.call("stumble", timeout=60)
    assert stumbled.value.code == "TypeError"


@pytest.mark.parametrize("name", ["missing_function", "emit", "run", "toString", "__proto__"])
async def test_what_is_no_function_for_python_is_refused(bridge: Bridge, name: str) -> None:
    with pytest.raises(BridgeError) as refused:
        await bridge.call(name, timeout=60)
    assert refused.value.code == "no_such_function"


async def test_what_json_cannot_hold_is_refused_before_it_leaves(bridge: Bridge) -> None:
    with pytest.raises(ValueError, match="JSON"):
        await bridge.call("echo", math.inf, timeout=60)


async def test_a_call_that_takes_too_long_says_so_and_the_page_goes_on(bridge: Bridge) -> None:
    with pytest.raises(Timeout, match=r"never took longer than 0\.05 s"):
        await bridge.call("never", timeout=0.05)
    await bridge.ping(60)


async def test_many_calls_at_once_do_not_mix(bridge: Bridge) -> None:
    answers: dict[int, Any] = {}

    async def call(number: int) -> None:
        answers[number] = await bridge.call("echo", number, timeout=60)

    async with anyio.create_task_group() as calls:
        for number in range(50):
            calls.start_soon(call, number)
    assert answers == {number: number for number in range(50)}


async def test_events_come_in_order_and_none_is_lost(bridge: Bridge, heard: Heard) -> None:
    await bridge.call("tell", {"name": "counted", "count": 2000}, timeout=60)

    assert await heard.until("counted", 1999) == list(range(2000))


async def test_a_handler_that_fails_loses_only_its_own_event(
    bridge: Bridge, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    await bridge.call("tell", {"name": "faulty", "count": 3}, timeout=60)

    assert await heard.until("faulty", 2) == [0, 1, 2]
    assert caplog.text.count("an event of the page was not handled: faulty") == 3


async def test_the_page_finds_its_local_storage_and_cookies(bridge: Bridge) -> None:
    assert await evaluated(bridge, "localStorage.getItem('theme')") == "dark"
    odd = await evaluated(bridge, "localStorage.getItem('__proto__')")
    assert odd == "a \"quoted\" \\ \u2028 'value'"
    assert "wa_lang=id" in await evaluated(bridge, "document.cookie")


async def test_nothing_gives_away_that_nobody_looks(bridge: Bridge) -> None:
    agent = await evaluated(bridge, "navigator.userAgent")
    brands = await evaluated(bridge, "navigator.userAgentData.brands.map((it) => it.brand)")

    assert "Headless" not in agent
    assert ".0.0.0 Safari" in agent
    assert "Chromium" in brands


async def test_what_is_no_event_is_passed_over(
    bridge: Bridge, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    for odd in ("'{'", "'7'", "'[[1]]'", "'[7]'"):
        await evaluated(bridge, f"window.blazzEvents({odd}), 1")
    await bridge.call("tell", {"name": "after", "count": 1}, timeout=60)

    assert await heard.until("after", 0) == [0]
    assert caplog.text.count("not an event") == 4


async def test_news_of_our_own_messages_waits_for_company(bridge: Bridge, heard: Heard) -> None:
    """It goes with what comes after it, in order, and never ends with the page."""
    told = await evaluated(
        bridge,
        """new Promise((done) => {
          const calls = [], tell = window.blazzEvents;
          window.blazzEvents = (events) => {
            calls.push(JSON.parse(events));
            tell(events);
            if (calls.length === 1) return;
            window.blazzEvents = tell;
            done(calls);
          };
          blazz.emit('receipt', 1);
          blazz.emit('message', { fromMe: true });
          blazz.emit('company', 2);
          setTimeout(() => {
            blazz.emit('receipt', 3);
            dispatchEvent(new Event('beforeunload'));
          });
        })""",
    )

    assert told == [
        [["receipt", 1], ["message", {"fromMe": True}], ["company", 2]],
        [["receipt", 3]],
    ]
    await heard.until("receipt", 3)
    await evaluated(bridge, "blazz.emit('receipt', 4), 1")
    await heard.until("receipt", 4)
    await evaluated(bridge, "blazz.emit('receipt', 5), 1")
    await bridge.call("tellNow", timeout=60)
    assert ("receipt", 5) in heard.events


async def test_wa_js_reports_nothing_to_google(bridge: Bridge) -> None:
    assert await evaluated(bridge, "WPP.config.disableGoogleAnalytics") is True
    assert await evaluated(bridge, "localStorage.getItem('cid')") is None


async def test_blocked_addresses_are_not_asked_and_others_are(bridge: Bridge) -> None:
    ask = "fetch({}).then((it) => it.status, (error) => error.name)"

    assert await evaluated(bridge, ask.format("'media/blocked-1?query'")) == "TypeError"
    assert await evaluated(bridge, ask.format("'media/other-1'")) == 404


async def test_frames_within_the_page_get_no_scripts(bridge: Bridge) -> None:
    made = """new Promise((done) => {
      const frame = document.createElement('iframe');
      frame.onload = () => done(typeof frame.contentWindow.blazz + typeof frame.contentWindow.WPP);
      frame.src = 'assets/main.js';
      document.body.append(frame);
    })"""

    assert await evaluated(bridge, made) == "undefinedundefined"


async def test_all_parts_are_found_on_a_whole_page(bridge: Bridge) -> None:
    await bridge.probe()


async def test_messages_reach_python_in_order(
    bridge: Bridge, heard: Heard, web: SimulatedWeb
) -> None:
    shop, budi = web.phone(SHOP, name="Shop"), web.phone(BUDI, name="Budi")
    await evaluated(bridge, "WPP.on('chat.new_message', (it) => blazz.emit('text', it.body)), 1")
    shop.scan(await evaluated(bridge, QR_CODE))
    await evaluated(bridge, LOGGED_IN)
    for number in range(500):
        budi.send_text(shop.number, f"{number}")

    assert await heard.until("text", "499") == [f"{number}" for number in range(500)]


async def test_a_page_that_is_loaded_anew_breaks_calls_and_keeps_its_scripts(
    bridge: Bridge, heard: Heard
) -> None:
    async def reload() -> None:
        with pytest.raises(PageReloaded):
            await bridge.call("never", timeout=60)

    async with anyio.create_task_group() as group:
        group.start_soon(reload)
        await bridge.ping(60)
        await bridge.open()
    await evaluated(bridge, "setTimeout(() => blazz.emit('reloaded', 1)), 1")
    assert await heard.until("reloaded", 1) == [1]


async def test_a_pinned_page_is_shown_instead_of_the_servers(
    bridge: Bridge, settings: BrowserSettings
) -> None:
    html = "<title>pinned</title><script>window.found = localStorage.getItem('theme')</script>"
    other = settings.url.replace("/web/", "/pin*ned/")
    with pytest.raises(PageNotLoaded, match="is not WhatsApp Web"):
        await bridge.open(other, html, timeout=3)
    assert await evaluated(bridge, "document.title + window.found") == "pinneddark"
    with pytest.raises(PageNotLoaded, match="is not WhatsApp Web"):
        await bridge.open(f"{other}?post_logout=1", timeout=3)
    assert await evaluated(bridge, "document.title + location.search") == "pinned?post_logout=1"
    with pytest.raises(PageNotLoaded, match="404"):
        await bridge.open(other.replace("pin*ned", "pinned"))
    await bridge.open()


async def test_a_page_that_is_not_there_says_why(bridge: Bridge, settings: BrowserSettings) -> None:
    with pytest.raises(PageNotLoaded, match="HTTP status 404"):
        await bridge.open(settings.url + "nowhere")
    with pytest.raises(PageNotLoaded, match="was not loaded: net::ERR_"):
        await bridge.open("http://127.0.0.1:1/")


async def test_a_server_that_never_answers_does_not_hang_us(bridge: Bridge) -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        with pytest.raises(PageNotLoaded, match="sent no page within"):
            await bridge.open(f"http://127.0.0.1:{port}/", timeout=0.3)


@pytest.mark.parametrize(
    ("module", "names", "seconds"),
    [
        ("WAWebMsgKey", ["MsgKey"], 60),
        ("WAWebBuildConstants", ["contants.SANITIZED_VERSION_STR"], 8),  # wa-js never gets ready
        ("WAWebPrepRawMedia", ["MediaPrep"], 60),
    ],
)
async def test_a_whatsapp_that_changed_is_named_part_by_part(
    bridge: Bridge, web: SimulatedWeb, module: str, names: list[str], seconds: float
) -> None:
    web.configure(missing_modules=[module])
    try:
        with pytest.raises(BridgeOutdated, match=names[0]) as outdated:  # noqa: PT012
            await bridge.open(timeout=seconds)  # fails if wa-js does not even start
            await bridge.probe()
    finally:
        web.configure(missing_modules=[])
    assert list(outdated.value.missing) == names
    assert json.dumps(outdated.value.missing)


async def test_a_wrong_wa_js_is_refused(
    settings: BrowserSettings, driver: None, tmp_path: Path
) -> None:
    script = tmp_path / "wa.js"
    browser = await launch(settings, tmp_path / "profile")
    for source, told in [
        ("window.nothing = 1;", "does not make window.WPP"),
        ("this is no script", "does not make window.WPP"),
        ("self.WPP = { version: '3.9.1' };", r"says that it is 3\.9\.1, not 4\.6\.0"),
    ]:
        script.write_text(source, encoding="utf-8")
        bridge = await Bridge.attach(
            browser, wa_js=script, version="4.6.0", on_event=lambda name, value: None
        )
        with pytest.raises(WrongWaJs, match=told):
            await bridge.open()
    await browser.close()
