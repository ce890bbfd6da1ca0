"""`blazz web pair`: link an account by a code in the terminal."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import anyio
import typer

from blazz import addresses
from blazz.cli.auth_options import KeyRingFile, StoreUrl
from blazz.cli.connecting import (
    DEFAULT_FOLDER,
    Folder,
    Json,
    SandboxUrl,
    UseSandbox,
    Workspace,
)
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import say
from blazz.cli.pairing_display import PairingDisplay
from blazz.cli.running import run
from blazz.client import Client
from blazz.pairing import Paired, QrCode
from blazz.providers.web.settings import WHATSAPP_WEB, BrowserSettings, Proxy

if TYPE_CHECKING:
    from blazz.addresses import Phone
    from blazz.sandbox import SandboxPhone

_SANDBOX_PHONE: Final = "+62 811-0000-0001"
_LOOK_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What is to be linked, as it was named on the command line."""

    session: str
    workspace: str
    folder: Path
    store: str | None
    keyring: Path | None
    account: str | None
    phone: str | None
    timeout: float
    browser: BrowserSettings


def pair(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="The session's name.")],
    phone: Annotated[
        str | None,
        typer.Option(help="Link this number by a code that is typed in, not by a QR code."),
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Refuse every other number than this one.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that it may take.", min=1)] = 300.0,
    image: Annotated[
        Path | None, typer.Option(help="Also write each QR code to this PNG file.")
    ] = None,
    light: Annotated[
        bool, typer.Option("--light", help="The terminal is dark on light and has no colours.")
    ] = False,
    proxy: Annotated[
        str | None, typer.Option(help="The session's proxy, such as socks5://10.0.0.1:1080.")
    ] = None,
    headed: Annotated[bool, typer.Option("--headed", help="Show the browser's window.")] = False,
    sandbox: UseSandbox = False,
    sandbox_url: SandboxUrl = None,
    store: StoreUrl = None,
    keyring: KeyRingFile = None,
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """Link an account: scan the code with WhatsApp, Linked devices, Link a device.

    Exit code 0: it is linked; 1: nobody scanned it in time, or it was refused.
    """

    async def work() -> ExitCode:
        display = PairingDisplay(light=light, image=image, as_json=as_json)
        async with _whatsapp(sandbox, sandbox_url) as (url, scanner):
            wanted = _Wanted(
                session=session,
                workspace=workspace,
                folder=folder,
                store=store,
                keyring=keyring,
                account=account,
                phone=phone,
                timeout=timeout,
                browser=BrowserSettings(
                    url=url, headless=not headed, proxy=Proxy(server=proxy) if proxy else None
                ),
            )
            return await _link(wanted, display, scanner)

    run(work())


@contextlib.asynccontextmanager
async def _whatsapp(
    sandbox: bool, sandbox_url: str | None
) -> AsyncIterator[tuple[str, SandboxPhone | None]]:
    """Where WhatsApp Web is, and in a sandbox of our own a phone that scans."""
    if sandbox_url is not None:
        url = sandbox_url.rstrip("/")
        say(f"Scan the code with one of its phones: POST {url}/sandbox/web/phones/NUMBER/scan")
        yield f"{url}/web/", None
    elif sandbox:
        from blazz.sandbox import Sandbox

        async with Sandbox() as started:
            yield started.web_url, started.phone(_SANDBOX_PHONE)
    else:
        yield WHATSAPP_WEB, None


async def _link(wanted: _Wanted, display: PairingDisplay, scanner: SandboxPhone | None) -> ExitCode:
    from blazz.providers.web.provider import Web

    number: Phone | None = addresses.parse_phone(wanted.phone) if wanted.phone else None
    web = Web(account=wanted.account, browser=wanted.browser)
    # What it warns of while it starts, the error says in the end.
    logging.getLogger("blazz.web").addHandler(logging.NullHandler())
    async with Client(
        workspace=wanted.workspace,
        folder=wanted.folder,
        auth_store=wanted.store,
        keyring=wanted.keyring,
    ) as client:
        display.wait("Starting WhatsApp Web …")
        session = await client.open(wanted.session, web)
        with display:
            async for step in web.pair(phone=number, timeout=wanted.timeout):
                display.show(step)
                if isinstance(step, Paired):
                    break
                if scanner is not None:
                    # Somebody has to hold the phone; people want to see the code before.
                    await anyio.sleep(0 if display.as_json else _LOOK_SECONDS)
                    if isinstance(step, QrCode):
                        await scanner.scan(step.data)
                    else:
                        await scanner.enter_code(step.code)
        display.done(session.key, wanted.store or str(wanted.folder))
    return ExitCode.DONE
