"""`python -m blazz.sandbox`: serve a sandbox; its URL is printed as one line of JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from blazz.errors import BlazzError
from blazz.sandbox.accounts import Subscription
from blazz.sandbox.server import ServerOptions, serve
from blazz.sandbox.settings import Settings
from blazz.sandbox.world import World


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        options = _options(given)
    except BlazzError as error:
        parser.error(str(error))
    try:
        asyncio.run(serve(options, on_ready=_announce))
    except (BlazzError, OSError) as error:
        sys.stderr.write(f"blazz.sandbox: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m blazz.sandbox", description="A stand-in for WhatsApp: Cloud API and Web."
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    add("--port", type=int, default=0, help="the port; 0, the default, takes any free one")
    add("--allow-remote", action="store_true", help="allow addresses that others can reach")
    add("--log-file", type=Path, help="keep the log of accepted messages in this file")
    add("--phone-number-id", help="the id of the business number")
    add("--waba-id", help="the id of the number's account")
    add("--webhook-url", help="where webhooks go from the start")
    add("--app-secret", default="", help="what webhooks are signed with")
    add("--verify-token", default="", help="what the verification handshake sends")
    add("--exit-with-stdin", action="store_true", help="end when standard input ends")
    add(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a setting, such as throughput=1000, throughput=null, story=delivered",
    )
    return parser


def _options(given: argparse.Namespace) -> ServerOptions:
    settings = Settings().assigned(given.set)
    webhook = None
    if given.webhook_url:
        webhook = Subscription(
            url=given.webhook_url, verify_token=given.verify_token, app_secret=given.app_secret
        )
    return ServerOptions(
        host=given.host,
        port=given.port,
        allow_remote=given.allow_remote,
        log_file=given.log_file,
        settings=settings,
        phone_number_id=given.phone_number_id,
        waba_id=given.waba_id,
        webhook=webhook,
        app_secret=given.app_secret,
        exit_with_stdin=given.exit_with_stdin,
    )


def _announce(url: str, world: World) -> None:
    """Tell whoever started us where we are."""
    number = next(iter(world.accounts.numbers.values()))
    told = {
        "url": url,
        "web_url": f"{url}/web/",
        "pid": os.getpid(),
        "phone_number_id": number.id,
        "waba_id": number.waba_id,
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
