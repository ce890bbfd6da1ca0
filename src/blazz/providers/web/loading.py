"""Loads WhatsApp Web and follows how far it gets."""

from __future__ import annotations

from typing import Any, Final

import anyio

from blazz.errors import Timeout
from blazz.errors.web import BridgeError, PageNotLoaded, PageReloaded, WrongWaJs
from blazz.providers.web.line import PageLine
from blazz.providers.web.probe import check_parts

_LOOK_SECONDS: Final = 0.05
_STUCK_SECONDS: Final = 15.0
"""Seconds after which wa-js, once it is in the page, has usually found what it waits for."""

_ANSWER_SECONDS: Final = 10.0
_STATE: Final = "window.blazz?.state() ?? null"
_PROGRESS: Final = "window.blazz?.progress(250) ?? null"
"""Asks four times a second; many browsers that start at once would be slowed down by more."""


async def load(line: PageLine, url: str, *, version: str | None, timeout: float) -> None:
    """Load the page and wait until wa-js has found its way into it.

    Args:
        line: The line to the page, with our scripts in it.
        url: The address.
        version: The version that wa-js must have; None: any.
        timeout: Seconds that it may take.

    Raises:
        PageNotLoaded: It was not loaded, or it is not WhatsApp Web.
        WrongWaJs: The script that was given is not wa-js, or another version.
        BridgeOutdated: WhatsApp has changed so that wa-js does not start.
        BrowserDied: The browser has ended, or the page crashed.
    """
    state: dict[str, Any] = {}
    stuck: float | None = None
    with anyio.move_on_after(timeout):
        await _navigate(line, url)
        while True:
            state = await _look(line, _PROGRESS if state else _STATE) or state
            if state.get("status", 0) >= 400:
                raise PageNotLoaded(f"{url} answered with HTTP status {state['status']}")
            if state.get("loaded") or state.get("injected"):
                _check_wa_js(state, version)
            if state.get("ready"):
                return
            if state.get("injected"):
                stuck = stuck or anyio.current_time() + _STUCK_SECONDS
                if anyio.current_time() > stuck:
                    await check_parts(line)
            await line.wait_until_gone(_LOOK_SECONDS)
    if state.get("injected"):
        await check_parts(line)
    raise PageNotLoaded(_how_far(url, state, timeout))


async def _navigate(line: PageLine, url: str) -> None:
    told = await line.send("Page.navigate", {"url": url})
    if reason := told.get("errorText"):
        raise PageNotLoaded(f"{url} was not loaded: {reason}")


async def _look(line: PageLine, expression: str) -> dict[str, Any] | None:
    """How far it is; None while nothing can be told."""
    try:
        state = await line.evaluate(expression, timeout=_ANSWER_SECONDS, what="loading")
    except (PageReloaded, BridgeError, Timeout):
        return None
    return dict(state) if state else None


def _check_wa_js(state: dict[str, Any], version: str | None) -> None:
    found = state["version"]
    if found is None:
        raise WrongWaJs("the script that was given as wa-js does not make window.WPP")
    if version is not None and found != version:
        raise WrongWaJs(f"wa-js says that it is {found}, not {version}")


def _how_far(url: str, state: dict[str, Any], timeout: float) -> str:
    if not state:
        return f"{url} sent no page within {timeout:g} s"
    if not state["loaded"]:
        return f"{url} was not loaded completely within {timeout:g} s"
    if not state["injected"]:
        return f"the page at {url} is not WhatsApp Web: wa-js found none of its modules"
    return f"{url} did not become ready within {timeout:g} s"
