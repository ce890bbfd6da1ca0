"""The command `blazz-server`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Final

import anyio
import uvicorn
from pydantic import ValidationError

from blazz_server.accounts.keys import Keys
from blazz_server.app import create_app
from blazz_server.database.upgrade import open_database
from blazz_server.edge.connections import ImpatientProtocol, listen
from blazz_server.settings import Settings

_SECONDS_TO_END_CALLS: Final = 30
_EPILOG: Final = """\
Settings are environment variables, such as BLAZZ_SERVER_PORT; all of them are in README.md.
Without any, everything runs in this process and is kept in the folder .blazz-server.
"""


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="blazz-server",
        description="A WhatsApp platform: REST, dashboard, live events, many instances.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "task",
        nargs="?",
        default="serve",
        choices=["serve", "new-admin-key", "upgrade", "openapi"],
        help="serve (default), replace the administrator's key, upgrade the tables and end, "
        "or print the OpenAPI document",
    )
    task = parser.parse_args().task
    try:
        settings = Settings()
    except ValidationError as error:
        sys.exit(f"blazz-server: {error}")
    if task == "serve":
        serve(settings)
    elif task == "openapi":
        print(json.dumps(create_app(settings).openapi(), indent=2))
    elif task == "upgrade":
        anyio.run(_upgrade, settings)
    else:
        anyio.run(_replace_admin_key, settings)


def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    try:
        listening = listen(settings.host, settings.port)
    except OSError as error:
        sys.exit(f"blazz-server: {settings.host}:{settings.port}: {error.strerror}")
    host, port = listening.getsockname()[:2]
    print(f"\n  http://{host}:{port}       the dashboard\n  http://{host}:{port}/docs  the API\n")
    failures: list[str] = []

    def fail() -> None:
        failures.append("a part of it has failed; the log says which")
        server.should_exit = True

    config = uvicorn.Config(
        create_app(settings, failed=fail),
        http=ImpatientProtocol,
        ws_max_size=settings.max_body,
        # Compressing takes 300 kB of memory for each browser, and its time for each event.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=_SECONDS_TO_END_CALLS,
        server_header=False,
        # Who is behind a proxy is told by the proxy, which has to be named: FORWARDED_ALLOW_IPS.
        proxy_headers=True,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
    if failures:  # whoever looks after it starts it again
        sys.exit(f"blazz-server: {failures[0]}")


async def _upgrade(settings: Settings) -> None:
    database = await open_database(settings)
    await database.close()


async def _replace_admin_key(settings: Settings) -> None:
    if settings.admin_key.get_secret_value():
        sys.exit("blazz-server: the key is given by BLAZZ_SERVER_ADMIN_KEY; change it there")
    database = await open_database(settings)
    try:
        key = await Keys(database).replace_root()
    finally:
        await database.close()
    print(key.reveal())


if __name__ == "__main__":
    main()
