"""The `blazz` command: what it can do, each command in a module of its own."""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from importlib.metadata import version
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

_COMMANDS: Final = (
    "demo", "sandbox", "send", "worker",
    "campaign", "suppress", "inbox", "sessions", "keys", "web",
)  # fmt: skip
"""Each is a module: its `app` if it has one, or the function of its own name."""


class _Commands(TyperGroup):
    """Loads the command that is run, and no other: most of the start is reading modules."""

    # The types of typer's own copy of click have no public names.
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"blazz.cli.{cmd_name}")
        found: typer.Typer | None = getattr(module, "app", None)
        if found is None:
            found = typer.Typer()
            found.command(cmd_name)(getattr(module, cmd_name))
        command: Any = typer.main.get_command(found)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        if args[0] not in _COMMANDS and (near := get_close_matches(args[0], _COMMANDS, n=1)):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="blazz",
    cls=_Commands,
    help="One typed API for WhatsApp. Try `blazz demo`.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals may hold secrets
)


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
