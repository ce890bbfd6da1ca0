"""The `blazz` command: what it can do, each command in a module of its own."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from blazz.cli import campaign, demo, inbox, keys, sandbox, send, sessions, suppress, web, worker

app = typer.Typer(
    name="blazz",
    help="One typed API for WhatsApp. Try `blazz demo`.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals may hold secrets
)
app.command("demo")(demo.demo)
app.command("sandbox")(sandbox.sandbox)
app.command("send")(send.send)
app.command("worker")(worker.worker)
app.add_typer(campaign.app, name="campaign")
app.add_typer(suppress.app, name="suppress")
app.add_typer(inbox.app, name="inbox")
app.add_typer(sessions.app, name="sessions")
app.add_typer(keys.app, name="keys")
app.add_typer(web.app, name="web")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"blazz {version('blazz')}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """One typed API for WhatsApp."""
