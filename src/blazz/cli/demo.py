"""`blazz demo`: a real campaign against the sandbox, from a CSV file to a report."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blazz.campaigns import Audience, Campaign, Report
from blazz.cli.campaign_reports import show_report
from blazz.cli.connecting import Json
from blazz.cli.exit_codes import ExitCode
from blazz.cli.live import show_live
from blazz.cli.output import emit, say
from blazz.cli.running import run
from blazz.client import Client
from blazz.messages import Template

if TYPE_CHECKING:
    from blazz.sandbox import Sandbox

THROUGHPUT = 1000
"""Messages per second of an upgraded number; blazz stays 2 % below."""

STORIES = {"delivered": 0.25, "sent": 0.02, "failed_after_sent": 0.01, "duplicated": 0.05}
"""What becomes of some messages; the rest is sent, delivered and read."""


def demo(
    contacts: Annotated[
        Path | None, typer.Option(help="A CSV file of phone, name, language and code.")
    ] = None,
    rows: Annotated[int, typer.Option(help="How many contacts to make up.", min=1)] = 10_000,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the files here; by default they are deleted.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a campaign against a stand-in for WhatsApp on this machine: nothing leaves it."""
    run(_demo(contacts, rows, folder, as_json=as_json))


async def _demo(
    contacts: Path | None, rows: int, folder: Path | None, *, as_json: bool
) -> ExitCode:
    from blazz.sandbox import Sandbox

    with ExitStack() as stack:
        where = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="blazz-")))
        file = contacts or _made_up(where, rows)
        if not as_json:
            say(f"Sending [bold]{file.name}[/] to the sandbox, a stand-in for WhatsApp.")
        sandbox = Sandbox(throughput=THROUGHPUT, any_template=True, faults=STORIES)
        async with Client(folder=where) as client:
            session = await client.open("demo", sandbox)
            campaign = await client.campaign(
                "demo",
                session=session,
                message=Template("promo", language="{language}", body=["{name}", "{code}"]),
                audience=Audience.csv(file),
                rate=THROUGHPUT * 0.98,
            )
            await show_live(campaign.run(wait_for_statuses=3.0), as_json=as_json)
            outcome = await campaign.report()
            check = await _check(campaign, sandbox)
        show_report(outcome, as_json=as_json)
        _show_check(check, as_json=as_json)
        return _exit_code(outcome, check)


def _made_up(folder: Path, rows: int) -> Path:
    from blazz.sandbox.contacts import write_contacts

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "contacts.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        write_contacts(file, rows)
    return path


@dataclass(frozen=True, slots=True)
class _Check:
    """The ledger compared with the sandbox's own log."""

    messages: int
    twice: int
    missing: int


async def _check(campaign: Campaign, sandbox: Sandbox) -> _Check:
    counts = await sandbox.counts()
    missing = 0
    async for it in campaign.recipients():
        if it.message_id is not None and it.address not in counts:
            missing += 1
    twice = sum(count > 1 for count in counts.values())
    return _Check(sum(counts.values()), twice, missing)


def _show_check(check: _Check, *, as_json: bool) -> None:
    if as_json:
        emit({"event": "check", "messages": check.messages, "twice": check.twice,
              "missing": check.missing})  # fmt: skip
        return
    good = not check.twice and not check.missing
    say(
        f"The sandbox's own log has {check.messages:,} messages:"
        f" [{'green' if good else 'red'}]{check.twice} recipients with two,"
        f" {check.missing} missing[/]."
    )


def _exit_code(outcome: Report, check: _Check) -> ExitCode:
    if check.twice or check.missing or not outcome.balanced:
        return ExitCode.MISMATCH
    if not outcome.done:
        return ExitCode.UNFINISHED
    return ExitCode.UNKNOWN if outcome.counts.unknown else ExitCode.DONE
