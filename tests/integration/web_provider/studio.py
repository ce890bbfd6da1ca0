"""Opens sessions on the simulated WhatsApp Web, and looks at what is left of them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

from blazz import BrowserSettings, Client, Event, Pacing, QrCode, Session, Web
from blazz.providers.lifecycle import Backoff
from blazz.providers.web.browser import RunningBrowser
from blazz.providers.web.watching import LifeSettings
from blazz.sandbox.web import SimulatedPhone, SimulatedWeb
from tests.integration.sessions.scene import Heard

SHOP = "+6281100000001"
BUDI = "+6281200000002"
QUICK = LifeSettings(backoff=Backoff(first=0.05, longest=0.2), heartbeat=0.5, hung_after=20.0)


class Studio:
    """A client whose files last for one test.

    Attributes:
        web: The simulated WhatsApp.
        folder: Where the client keeps everything.
        heard: The events that handlers got.
        client: The client.
    """

    client: Client

    def __init__(self, web: SimulatedWeb, folder: Path) -> None:
        self.web = web
        self.folder = folder
        self.heard = Heard()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start a client, as a program does that is started again."""
        self.client = Client(folder=self.folder, workspace="acme")
        await self._stack.enter_async_context(self.client)
        self.client.on(Event, name="heard")(self.heard.take)

    async def stop(self) -> None:
        """End it in good order."""
        await self._stack.aclose()

    def provider(self, *, browser: dict[str, Any] | None = None, **settings: Any) -> Web:
        """A provider that is quick to try again."""
        chosen = BrowserSettings(**{"url": self.web.url, **(browser or {})})
        given = {"pacing": Pacing.off(), "life": QUICK, "ready_timeout": 60.0, **settings}
        return Web(browser=chosen, **given)

    async def open(self, **settings: Any) -> Session:
        """Open the session, linked or not."""
        return await self.client.open("shop", self.provider(**settings))

    async def linked(self, shop: SimulatedPhone, **settings: Any) -> Session:
        """Open the session and link it to a phone."""
        session = await self.open(**settings)
        async for step in session.pair(timeout=60):
            if isinstance(step, QrCode):
                shop.scan(step.data)
        return session

    @property
    def profile(self) -> Path:
        """The browser profile of the session."""
        return self.client.folder / "sessions" / "acme" / "shop" / "profile"


async def arrive(session: Session, kind: str, **content: Any) -> str:
    """Let something stand in the page of a session that no phone sends; gives its id."""
    script = Path(__file__).with_name("arrive.js").read_text(encoding="utf-8")
    return str(await browser_of(session).page.evaluate(script, [kind, content]))


def browser_of(session: Session) -> RunningBrowser:
    """The browser that a session has at the moment."""
    provider = session.provider
    assert isinstance(provider, Web)
    assert provider._running is not None
    bridge = provider._running.life.bridge
    assert bridge is not None
    return bridge.browser
