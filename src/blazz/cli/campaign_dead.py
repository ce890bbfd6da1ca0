"""`blazz campaign dead`: messages that failed or whose fate is unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blazz.campaigns import Campaign
from blazz.cli.campaign_finding import CampaignId, with_campaign
from blazz.cli.connecting import DEFAULT_FOLDER, Folder, Json, LedgerUrl, Workspace
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import emit, say, show_table
from blazz.cli.running import run as run_work
from blazz.errors import ConfigurationError

app = typer.Typer(
    help="Messages that failed, or whose fate is unknown: list, export, offer again.",
    no_args_is_help=True,
)

_SHOWN = 100


@app.command("list")
def list_dead(
    campaign: CampaignId,
    most: Annotated[int, typer.Option(help="Show no more than this.", min=1)] = _SHOWN,
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """List them with their reasons."""

    async def show(found: Campaign) -> ExitCode:
        rows: list[tuple[str, ...]] = []
        async for it in found.dead_letters():
            if len(rows) == most:
                say(f"and more; `blazz campaign dead export {found.id} FILE` has them all")
                break
            code = "" if it.code is None else str(it.code)
            rows.append((str(it.line), it.address, it.state.value, code, it.reason or ""))
        headings = ("line", "address", "state", "code", "reason")
        if as_json:
            for row in rows:
                emit(dict(zip(headings, row, strict=True)))
        else:
            show_table(headings, rows)
        return ExitCode.DONE

    run_work(with_campaign(campaign, workspace, folder, ledger, show))


@app.command("export")
def export(
    campaign: CampaignId,
    file: Annotated[Path, typer.Argument(help="The CSV file to write.", metavar="FILE")],
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    ledger: LedgerUrl = None,
) -> None:
    """Write them into a CSV file with their columns; once mended it can be sent to again."""

    async def write(found: Campaign) -> ExitCode:
        try:
            count = await found.export_dead_letters(file)
        except OSError as error:
            raise ConfigurationError(f"{file} cannot be written: {error}") from error
        say(f"{count:,} are in {file}")
        return ExitCode.DONE

    run_work(with_campaign(campaign, workspace, folder, ledger, write))


@app.command("retry")
def retry(
    campaign: CampaignId,
    code: Annotated[
        list[int] | None,
        typer.Option(help="Only those that failed with this error; may be given again."),
    ] = None,
    unknown: Annotated[
        bool,
        typer.Option("--unknown", help="Those whose fate is unknown: some may get it twice."),
    ] = False,
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    ledger: LedgerUrl = None,
) -> None:
    """Put failed messages back into the queue; `campaign run` or a worker sends them again."""

    async def put_back(found: Campaign) -> ExitCode:
        if unknown and code:
            raise ConfigurationError("give either --unknown or --code")
        count = await (found.retry_unknown() if unknown else found.retry_failed(*(code or ())))
        say(f"{count:,} will be sent again")
        return ExitCode.DONE

    run_work(with_campaign(campaign, workspace, folder, ledger, put_back))
