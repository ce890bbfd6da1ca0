"""`blazz web`: set WhatsApp Web up on this machine, and link an account."""

from __future__ import annotations

import typer

from blazz.cli import web_install, web_pair

app = typer.Typer(
    help="Set WhatsApp Web up on this machine, and link an account.", no_args_is_help=True
)
app.command("install")(web_install.install)
app.command("pair")(web_pair.pair)
