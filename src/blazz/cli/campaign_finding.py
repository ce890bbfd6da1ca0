"""Finds the campaign that a command names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from blazz.campaigns import Campaign
from blazz.cli.exit_codes import ExitCode
from blazz.client import Client

CampaignId: TypeAlias = Annotated[str, typer.Argument(help="The campaign's id.", metavar="ID")]


async def with_campaign(
    campaign_id: str,
    workspace: str,
    folder: Path,
    ledger: str | None,
    act: Callable[[Campaign], Awaitable[ExitCode]],
) -> ExitCode:
    """Do something with one campaign."""
    async with Client(workspace=workspace, folder=folder, ledger=ledger) as client:
        return await act(await client.campaign(campaign_id))


async def with_campaigns(
    ids: Sequence[str],
    workspace: str,
    folder: Path,
    ledger: str | None,
    act: Callable[[list[Campaign]], Awaitable[ExitCode]],
) -> ExitCode:
    """Do something with several campaigns; without ids with all of the workspace."""
    async with Client(workspace=workspace, folder=folder, ledger=ledger) as client:
        if ids:
            return await act([await client.campaign(each) for each in ids])
        return await act(await client.campaigns())
