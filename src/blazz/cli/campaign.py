"""`blazz campaign`: try campaigns out, run them, look at them, steer them."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from blazz.campaigns import Campaign, CampaignState, DryRun, Report, watch
from blazz.campaigns.spreadsheets import Table
from blazz.cli import campaign_dead
from blazz.cli.campaign_finding import CampaignId, with_campaign, with_campaigns
from blazz.cli.campaign_reports import report, show_report
from blazz.cli.campaign_setup import CampaignSetup
from blazz.cli.connecting import DEFAULT_FOLDER, Folder, Json, LedgerUrl, Workspace
from blazz.cli.exit_codes import ExitCode
from blazz.cli.live import show_board, show_live
from blazz.cli.output import emit, say, show_pairs, show_table
from blazz.cli.running import run as run_work
from blazz.cli.shared_options import with_options

app = typer.Typer(
    help="Try campaigns out, run them, look at them, steer them.", no_args_is_help=True
)
app.add_typer(campaign_dead.app, name="dead")
app.command("report")(report)


@app.command("run")
@with_options(CampaignSetup)
def run(
    setup: CampaignSetup,
    wait: Annotated[
        float, typer.Option(help="Wait for statuses until none came for so many seconds.", min=0)
    ] = 5.0,
    as_json: Json = False,
) -> None:
    """Send a message to everyone in a CSV file. The same command again goes on where it stopped.

    blazz campaign run contacts.csv --text "Halo {name}" --sandbox

    blazz campaign run contacts.csv --template promo --param {name} --quiet-hours 21:00-08:00
    --canary 1% --cap 2/7d
    """

    async def work() -> ExitCode:
        async with setup.campaign() as (campaign, receives):
            steps = campaign.run(wait_for_statuses=wait if receives else 0.0)
            await show_live(steps, as_json=as_json)
            outcome = await campaign.report()
        show_report(outcome, as_json=as_json)
        return _exit_code(outcome)

    run_work(work())


@app.command("start")
@with_options(CampaignSetup)
def start(setup: CampaignSetup) -> None:
    """Import the audience and let `blazz worker` send it, wherever workers run."""

    async def work() -> ExitCode:
        async with setup.campaign() as (campaign, _receives):
            await campaign.start()
            progress = await campaign.progress()
        say(f"{campaign.id}: {progress.counts.total:,} recipients, ready for workers")
        return ExitCode.DONE

    run_work(work())


@app.command("dry-run")
@with_options(CampaignSetup)
def dry_run(
    setup: CampaignSetup,
    rate_card: Annotated[
        Path | None,
        typer.Option(help="A CSV file with country, category, price and currency."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check every row and the template; tell how many, how long and how much. Sends nothing."""

    async def work() -> ExitCode:
        async with setup.campaign() as (campaign, _receives):
            found = await campaign.dry_run(rate_card=rate_card)
        if as_json:
            emit({"event": "dry_run", **found.as_dict()})
        else:
            _show_dry_run(found)
        return ExitCode.DONE if found.ok else ExitCode.FAILED

    run_work(work())


@app.command("test")
@with_options(CampaignSetup)
def test(
    setup: CampaignSetup,
    to: Annotated[str, typer.Option(help="Whom to send it to: your own number.")],
) -> None:
    """Send what the first recipient would get to yourself, once for each variant."""

    async def work() -> ExitCode:
        async with setup.campaign() as (campaign, _receives):
            for receipt in await campaign.send_test(to):
                emit({"event": "test", "to": str(receipt.to), "message_id": receipt.message_id})
        return ExitCode.DONE

    run_work(work())


@app.command("list")
def list_campaigns(
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """List all campaigns of the workspace, the newest first."""

    async def show(found: list[Campaign]) -> ExitCode:
        progress = [await campaign.progress() for campaign in found]
        if as_json:
            for each in progress:
                emit({"campaign": each.campaign, "phase": each.phase, "share": each.share})
            return ExitCode.DONE
        rows = [
            (it.campaign, str(it.phase), f"{it.counts.total:,}", f"{it.share:.0%}", it.reason or "")
            for it in progress
        ]
        show_table(("campaign", "phase", "recipients", "done", "reason"), rows)
        return ExitCode.DONE

    run_work(with_campaigns([], workspace, folder, ledger, show))


@app.command("watch")
def watch_campaigns(
    campaigns: Annotated[
        list[str] | None, typer.Argument(help="Ids of campaigns; by default all that are open.")
    ] = None,
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.05)] = 0.5,
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Look on at several campaigns at once, wherever they run; ends when all are over."""

    async def show(found: list[Campaign]) -> ExitCode:
        shown = found if campaigns else [it for it in found if (await it.progress()).share < 1]
        if not shown:
            say("no campaign is open")
            return ExitCode.DONE
        await show_board(watch(shown, every=every), as_json=as_json)
        return ExitCode.DONE

    run_work(with_campaigns(campaigns or [], workspace, folder, ledger, show))


@app.command("failures")
def failures(
    campaign: CampaignId,
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    ledger: LedgerUrl = None,
) -> None:
    """List failed and unknown recipients with their reasons, as CSV."""

    async def show(found: Campaign) -> ExitCode:
        table = Table(sys.stdout, line_end="\n")
        table.write(["line", "address", "state", "code", "reason"])
        async for it in found.dead_letters():
            table.write([it.line, it.address, it.state.value, it.code or "", it.reason or ""])
        return ExitCode.DONE

    run_work(with_campaign(campaign, workspace, folder, ledger, show))


@app.command("pause")
def pause(
    campaign: CampaignId,
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    ledger: LedgerUrl = None,
) -> None:
    """Stop sending, wherever it runs."""
    act = _steer(lambda it: it.pause(), "is not running")
    run_work(with_campaign(campaign, workspace, folder, ledger, act))


@app.command("resume")
def resume(
    campaign: CampaignId,
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    ledger: LedgerUrl = None,
) -> None:
    """Let a paused or halted campaign go on where it runs."""
    act = _steer(lambda it: it.resume(), "is not paused")
    run_work(with_campaign(campaign, workspace, folder, ledger, act))


@app.command("cancel")
def cancel(
    campaign: CampaignId,
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    ledger: LedgerUrl = None,
) -> None:
    """End a campaign for good; what was not sent stays unsent."""
    act = _steer(lambda it: it.cancel(), "is not open")
    run_work(with_campaign(campaign, workspace, folder, ledger, act))


def _show_dry_run(found: DryRun) -> None:
    show_pairs("", found.rows())
    if found.rejects:
        rows = [(str(it.line), it.kind.value, it.reason) for it in found.rejects]
        show_table(("line", "rejected as", "reason"), rows)
    say("[green]nothing stands in the way[/]" if found.ok else "[red]do not run it like this[/]")


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
