"""`blazz sandbox`: serve a stand-in for WhatsApp, its Cloud API and its Web."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blazz.cli.connecting import Json
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import emit, show_pairs
from blazz.cli.running import run

if TYPE_CHECKING:
    from blazz.sandbox.world import World


def sandbox(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes any free one.")] = 8080,
    log_file: Annotated[
        Path | None, typer.Option(help="Keep the log of accepted messages in this file.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a setting: --set throughput=1000"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Serve a stand-in for WhatsApp until Ctrl-C. Point any Cloud API client at its URL."""
    run(_serve(host, port, log_file, settings or [], as_json=as_json))


async def _serve(
    host: str, port: int, log_file: Path | None, settings: list[str], *, as_json: bool
) -> ExitCode:
    from blazz.sandbox.server import ServerOptions, serve
    from blazz.sandbox.settings import Settings

    options = ServerOptions(
        host=host, port=port, log_file=log_file, settings=Settings().assigned(settings)
    )
    await serve(options, on_ready=lambda url, world: _announce(url, world, as_json=as_json))
    return ExitCode.DONE


def _announce(url: str, world: World, *, as_json: bool) -> None:
    number = next(iter(world.accounts.numbers.values()))
    if as_json:
        emit(
            {
                "url": url,
                "web_url": f"{url}/web/",
                "phone_number_id": number.id,
                "waba_id": number.waba_id,
            }
        )
        return
    show_pairs(
        "The sandbox listens; Ctrl-C ends it.",
        [
            ("url", url),
            ("WhatsApp Web", f"{url}/web/"),
            ("phone number id", number.id),
            ("account id", number.waba_id),
            ("access token", "any"),
            ("log", f"{url}/sandbox/log"),
        ],
    )
