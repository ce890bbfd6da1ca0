"""`blazz suppress`: people who get no campaigns of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from blazz import addresses
from blazz.campaigns.audience import Rejected
from blazz.cli.connecting import DEFAULT_FOLDER, Folder, Json, Workspace
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import emit, say, show_table
from blazz.cli.running import run as run_work
from blazz.client import Client

app = typer.Typer(
    help="People who get no campaigns, whatever number they come from.", no_args_is_help=True
)

Contacts: TypeAlias = Annotated[list[str], typer.Argument(help="Phone numbers or user ids.")]
Region: TypeAlias = Annotated[
    str | None, typer.Option(help="The country of numbers without a code, such as ID.")
]

_SHOWN = 5


@app.command("add")
def add(
    contacts: Contacts,
    reason: Annotated[str, typer.Option(help="Stands in the list as the reason.")] = "added",
    region: Region = None,
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Put people on the list."""

    async def work() -> ExitCode:
        found = [addresses.parse(contact, region=region) for contact in contacts]
        async with Client(workspace=workspace, folder=folder) as client:
            await client.suppressions.add(*found, reason=reason)
        return ExitCode.DONE

    run_work(work())


@app.command("remove")
def remove(
    contacts: Contacts,
    region: Region = None,
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Take people off the list."""

    async def work() -> ExitCode:
        found = [addresses.parse(contact, region=region) for contact in contacts]
        async with Client(workspace=workspace, folder=folder) as client:
            await client.suppressions.remove(*found)
        return ExitCode.DONE

    run_work(work())


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A CSV file with a phone column.", metavar="FILE")],
    reason: Annotated[str, typer.Option(help="Stands in the list as the reason.")] = "imported",
    region: Region = None,
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Put everybody in a CSV file on the list."""
    rejects: list[Rejected] = []

    def note(row: Rejected) -> None:
        if len(rejects) < _SHOWN:
            rejects.append(row)

    async def work() -> ExitCode:
        async with Client(workspace=workspace, folder=folder) as client:
            added = await client.suppressions.import_from(
                file, reason=reason, region=region, rejected=note
            )
        for row in rejects:
            say(f"line {row.line} was passed over: {row.reason}")
        say(f"{added:,} are on the list now")
        return ExitCode.DONE

    run_work(work())


@app.command("list")
def list_suppressed(
    workspace: Workspace = "default", folder: Folder = DEFAULT_FOLDER, as_json: Json = False
) -> None:
    """Show the list."""

    async def work() -> ExitCode:
        async with Client(workspace=workspace, folder=folder) as client:
            found = await client.suppressions.list()
        if as_json:
            for it in found:
                emit({"address": it.address, "reason": it.reason, "at": it.at.isoformat()})
        else:
            rows = [(it.address, it.reason, f"{it.at:%Y-%m-%d %H:%M}") for it in found]
            show_table(("address", "reason", "since (UTC)"), rows)
        return ExitCode.DONE

    run_work(work())
