"""`blazz campaign`: run campaigns, look at them, steer them."""

from __future__ import annotations

import csv
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from blazz.campaigns import Audience, Campaign, CampaignState, Report
from blazz.cli.connecting import (
    DEFAULT_FOLDER,
    AppSecret,
    Connection,
    Folder,
    Json,
    PhoneNumberId,
    SandboxUrl,
    SessionName,
    Token,
    UseSandbox,
    Workspace,
)
from blazz.cli.exit_codes import ExitCode
from blazz.cli.live import show_live
from blazz.cli.message_options import Language, Params, TemplateName, message_from
from blazz.cli.output import emit, say, show_pairs
from blazz.cli.running import run as run_work
from blazz.client import Client
from blazz.messages import Message

app = typer.Typer(help="Run campaigns, look at them, steer them.", no_args_is_help=True)

CampaignId: TypeAlias = Annotated[str, typer.Argument(help="The campaign's id.", metavar="ID")]


@app.command("run")
def run(
    file: Annotated[Path, typer.Argument(help="A CSV file with a header and a phone column.")],
    text: Annotated[
        str | None, typer.Option(help="The text; {column} is filled in from each row.")
    ] = None,
    template: TemplateName = None,
    language: Language = "en",
    param: Params = None,
    id: Annotated[  # noqa: A002
        str | None, typer.Option(help="The campaign's id; by default the file's name.")
    ] = None,
    phone: Annotated[str | None, typer.Option(help="The phone column's name.")] = None,
    region: Annotated[
        str | None, typer.Option(help="The country of numbers without a code, such as ID.")
    ] = None,
    rate: Annotated[float, typer.Option(help="Messages per second.", min=0.01)] = 78.0,
    wait: Annotated[
        float, typer.Option(help="Wait for statuses until none came for so many seconds.", min=0)
    ] = 5.0,
    sandbox: UseSandbox = False,
    sandbox_url: SandboxUrl = None,
    phone_number_id: PhoneNumberId = None,
    token: Token = None,
    app_secret: AppSecret = None,
    session: SessionName = "default",
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """Send a message to everyone in a CSV file. The same command again goes on where it stopped.

    blazz campaign run contacts.csv --text "Halo {name}" --sandbox
    """
    connection = Connection(
        folder=folder,
        workspace=workspace,
        session=session,
        sandbox=sandbox,
        sandbox_url=sandbox_url,
        phone_number_id=phone_number_id,
        token=token,
        app_secret=app_secret,
    )

    async def work() -> ExitCode:
        audience = Audience.csv(file, phone=phone, region=region)
        message = message_from(text, template, language, param)
        campaign_id = id or id_from(file)
        return await _run(
            connection, campaign_id, audience, message, rate=rate, wait=wait, as_json=as_json
        )

    run_work(work())


@app.command("report")
def report(
    campaign: CampaignId,
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """Show what became of a campaign."""

    async def show(found: Campaign) -> ExitCode:
        show_report(await found.report(), as_json=as_json)
        return ExitCode.DONE

    run_work(_with(campaign, workspace, folder, show))


@app.command("failures")
def failures(
    campaign: CampaignId, workspace: Workspace = "default", folder: Folder = DEFAULT_FOLDER
) -> None:
    """List failed and unknown recipients with their reasons, as CSV."""

    async def show(found: Campaign) -> ExitCode:
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(["line", "address", "state", "code", "reason"])
        async for it in found.dead_letters():
            out.writerow([it.line, it.address, it.state.value, it.code or "", it.reason or ""])
        return ExitCode.DONE

    run_work(_with(campaign, workspace, folder, show))


@app.command("pause")
def pause(
    campaign: CampaignId, workspace: Workspace = "default", folder: Folder = DEFAULT_FOLDER
) -> None:
    """Stop sending, wherever it runs."""
    run_work(_with(campaign, workspace, folder, _steer(lambda it: it.pause(), "is not running")))


@app.command("resume")
def resume(
    campaign: CampaignId, workspace: Workspace = "default", folder: Folder = DEFAULT_FOLDER
) -> None:
    """Let a paused or halted campaign go on where it runs."""
    run_work(_with(campaign, workspace, folder, _steer(lambda it: it.resume(), "is not paused")))


@app.command("cancel")
def cancel(
    campaign: CampaignId, workspace: Workspace = "default", folder: Folder = DEFAULT_FOLDER
) -> None:
    """End a campaign for good; what was not sent stays unsent."""
    run_work(_with(campaign, workspace, folder, _steer(lambda it: it.cancel(), "is not open")))


def id_from(file: Path) -> str:
    """Make a campaign id from a file's name.

    Example:
        >>> id_from(Path("data/Promo November.csv"))
        'promo-november'
    """
    kept = "".join(each if each.isascii() and each.isalnum() else "-" for each in file.stem.lower())
    return kept.strip("-")[:63] or "campaign"


def show_report(outcome: Report, *, as_json: bool) -> None:
    """Show a report as a table or as a line of JSON."""
    if as_json:
        emit({"event": "report", **outcome.as_dict()})
    else:
        show_pairs("", outcome.rows())


async def _run(
    connection: Connection,
    campaign_id: str,
    audience: Audience,
    message: Message,
    *,
    rate: float,
    wait: float,
    as_json: bool,
) -> ExitCode:
    async with connection.client() as client:
        provider = connection.provider(throughput=max(80, round(rate * 1.1)))
        session = await client.open(connection.session, provider)
        campaign = await client.campaign(
            campaign_id, session=session, message=message, audience=audience, rate=rate
        )
        steps = campaign.run(wait_for_statuses=wait if session.receives else 0.0)
        await show_live(steps, as_json=as_json)
        outcome = await campaign.report()
        show_report(outcome, as_json=as_json)
        return _exit_code(outcome)


def _exit_code(outcome: Report) -> ExitCode:
    if outcome.state is CampaignState.CANCELLED:
        return ExitCode.DONE
    if not outcome.done:
        return ExitCode.UNFINISHED
    return ExitCode.UNKNOWN if outcome.counts.unknown else ExitCode.DONE


def _steer(
    act: Callable[[Campaign], Awaitable[bool]], otherwise: str
) -> Callable[[Campaign], Awaitable[ExitCode]]:
    async def steer(campaign: Campaign) -> ExitCode:
        if await act(campaign):
            return ExitCode.DONE
        say(f"campaign {campaign.id} {otherwise}; nothing was changed")
        return ExitCode.FAILED

    return steer


async def _with(
    campaign_id: str,
    workspace: str,
    folder: Path,
    act: Callable[[Campaign], Awaitable[ExitCode]],
) -> ExitCode:
    async with Client(workspace=workspace, folder=folder) as client:
        return await act(await client.campaign(campaign_id))
