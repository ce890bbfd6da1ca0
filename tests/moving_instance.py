"""An instance that runs a WhatsApp Web session, as a process that can be killed.

It is told what to do by lines of JSON on standard input, and tells what happens on standard output.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from blazz import Client, Delivered, Session, Text, TextReceived
from blazz.auth_stores import Keeping
from blazz.events.sessions import BackupFailed, BackupSaved, SessionEvent, SessionState
from blazz.pairing import QrCode
from blazz.providers.pacing import Pacing
from blazz.providers.web.provider import Web
from blazz.providers.web.settings import BrowserSettings

SESSION = "support"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an instance runs; given as JSON on its command line."""

    store: str
    keyring: str
    folder: str
    page: str
    ttl: float


def tell(what: str, **values: object) -> None:
    """Tell what happened."""
    sys.stdout.write(json.dumps({"what": what, **values}) + "\n")
    sys.stdout.flush()


async def main(settings: Settings) -> None:
    """Do what is asked until standard input ends."""
    client = Client(
        workspace="acme",
        folder=Path(settings.folder),
        auth_store=settings.store,
        keyring=settings.keyring,
        keeping=Keeping(ttl=settings.ttl, interval=0.5),
    )

    @client.on(TextReceived)
    async def received(_: Session, event: TextReceived) -> None:
        tell("received", text=event.body)

    @client.on(Delivered)
    async def delivered(_: Session, event: Delivered) -> None:
        tell("delivered", token=event.token)

    @client.on(BackupSaved)
    async def saved(_: Session, event: BackupSaved) -> None:
        tell("saved", revision=event.revision, began=event.at.timestamp() - event.seconds)

    @client.on(BackupFailed)
    async def failed(_: Session, event: SessionEvent) -> None:
        tell("failed", why=str(event))

    async with client, anyio.create_task_group() as tasks:
        tell("up")
        while line := await anyio.to_thread.run_sync(sys.stdin.readline):
            command = json.loads(line)
            if command["do"] == "open":
                tasks.start_soon(_open, client, settings)
            else:
                await _obey(client.sessions[SESSION], command)


async def _open(client: Client, settings: Settings) -> None:
    web = Web(browser=BrowserSettings(url=settings.page), pacing=Pacing.off())
    tell("asking")
    session = await client.open(SESSION, web, wait=600)
    tell("opened", state=session.state)
    if session.state is SessionState.PAIRING:
        async with aclosing(session.pair(timeout=120)) as steps:
            async for step in steps:
                if isinstance(step, QrCode):
                    tell("qr", data=step.data)
    await session.wait_ready(timeout=120)
    tell("ready")


async def _obey(session: Session, command: dict[str, Any]) -> None:
    if command["do"] == "send":
        receipt = await session.send(command["to"], Text(command["text"]))
        tell("sent", token=receipt.token, by=time.time())
    elif command["do"] == "history":
        found = [it async for it in session.history(command["chat"], limit=1000)]
        tell("history", texts=[getattr(it.message, "body", None) for it in found])


if __name__ == "__main__":
    anyio.run(main, Settings(**json.loads(sys.argv[1])))
