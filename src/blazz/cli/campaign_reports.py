"""`blazz campaign report`: as a table, JSON, CSV, or a page of HTML."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from blazz.campaigns import Campaign, Report
from blazz.campaigns.report_files import report_csv, report_html
from blazz.cli.campaign_finding import CampaignId, with_campaign
from blazz.cli.connecting import DEFAULT_FOLDER, Folder, Json, LedgerUrl, Workspace
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import emit, say, show_pairs
from blazz.cli.running import run as run_work
from blazz.errors import ConfigurationError


def report(
    campaign: CampaignId,
    html: Annotated[
        Path | None, typer.Option(help="Write one page of HTML with charts into this file.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV.")] = False,
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Show what became of a campaign."""

    async def show(found: Campaign) -> ExitCode:
        outcome = await found.report()
        if html is not None:
            try:
                html.write_text(report_html(outcome), encoding="utf-8")
            except OSError as error:
                raise ConfigurationError(f"the report cannot be written: {error}") from error
            say(f"the report is in {html}")
        elif as_csv:
            sys.stdout.write(report_csv(outcome))
        else:
            show_report(outcome, as_json=as_json)
        return ExitCode.DONE

    run_work(with_campaign(campaign, workspace, folder, ledger, show))


def show_report(outcome: Report, *, as_json: bool) -> None:
    """Show a report as a table or as a line of JSON."""
    if as_json:
        emit({"event": "report", **outcome.as_dict()})
    else:
        show_pairs("", outcome.rows())
