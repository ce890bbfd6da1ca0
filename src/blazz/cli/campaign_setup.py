"""The options that describe a campaign, and the campaign that they make."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from blazz.campaigns import (
    Audience,
    Campaign,
    Canary,
    FrequencyCap,
    Numbers,
    OptOuts,
    OverCap,
    SendHours,
    Share,
    Tier,
    UnknownPolicy,
    Variants,
)
from blazz.campaigns.content import Said
from blazz.cli.connecting import (
    DEFAULT_FOLDER,
    AppSecret,
    Connection,
    Folder,
    LedgerUrl,
    PhoneNumberId,
    SandboxUrl,
    SessionName,
    Token,
    UseSandbox,
    Workspace,
)
from blazz.cli.message_options import Language, Params, TemplateName, message_from
from blazz.client import Client
from blazz.errors import ConfigurationError, InvalidValue
from blazz.session import Session

_CAP = re.compile(r"([0-9]{1,4})/([0-9]{1,3}(?:\.[0-9]+)?)d")


@dataclass(frozen=True, kw_only=True)
class CampaignSetup:
    """A campaign as the command line describes it."""

    file: Annotated[
        Path, typer.Argument(help="A CSV file with a header and a phone column.", metavar="FILE")
    ]
    text: Annotated[
        str | None, typer.Option(help="The text; {column} is filled in from each row.")
    ] = None
    template: TemplateName = None
    language: Language = "en"
    param: Params = None
    variant: Annotated[
        list[str] | None,
        typer.Option(help="NAME=TEXT, several times: each person gets one of the texts."),
    ] = None
    template_variant: Annotated[
        list[str] | None,
        typer.Option(help="NAME=TEMPLATE, several times: each person gets one of them."),
    ] = None
    weight: Annotated[
        list[str] | None, typer.Option(help="NAME=NUMBER: how large a variant's part is.")
    ] = None
    id: Annotated[
        str | None, typer.Option(help="The campaign's id; by default the file's name.")
    ] = None
    phone: Annotated[str | None, typer.Option(help="The phone column's name.")] = None
    region: Annotated[
        str | None, typer.Option(help="The country of numbers without a code, such as ID.")
    ] = None
    rate: Annotated[float, typer.Option(help="Messages per second of each number.", min=0.01)] = (
        78.0
    )
    start_at: Annotated[
        str | None, typer.Option(help="Send nothing before: 2026-11-22T09:00+07:00.")
    ] = None
    end_at: Annotated[
        str | None, typer.Option(help="Send nothing after: 2026-11-23T18:00+07:00.")
    ] = None
    quiet_hours: Annotated[
        list[str] | None,
        typer.Option(help="When nobody is written to, by their own clock: 21:00-08:00."),
    ] = None
    open_hours: Annotated[
        list[str] | None,
        typer.Option(help="The only times to write, by their own clock: 'mon-fri 09:00-18:00'."),
    ] = None
    time_zone: Annotated[
        str | None, typer.Option(help="One zone for everybody instead of each number's own.")
    ] = None
    fallback_zone: Annotated[
        str, typer.Option(help="The zone of numbers that tell none, such as Asia/Jakarta.")
    ] = "UTC"
    canary: Annotated[
        str | None, typer.Option(help="Send to so many first, and look how they do: 1%.")
    ] = None
    canary_failures: Annotated[
        str, typer.Option(help="Hold the others back if more of them fail: 5%.")
    ] = "5%"
    canary_wait: Annotated[
        float, typer.Option(help="Seconds to wait for the canary's statuses.", min=0)
    ] = 10.0
    canary_ask: Annotated[
        bool, typer.Option("--canary-ask", help="Go on only after `campaign resume`.")
    ] = False
    cap: Annotated[
        str | None, typer.Option(help="At most so many messages to one person: 2/7d.")
    ] = None
    cap_scope: Annotated[str, typer.Option(help="Campaigns of the same scope count together.")] = (
        "marketing"
    )
    cap_wait: Annotated[
        bool, typer.Option("--cap-wait", help="Wait instead of leaving the person out.")
    ] = False
    tier: Annotated[
        int | None, typer.Option(help="The messaging limit: so many people in 24 hours.", min=1)
    ] = None
    also: Annotated[
        list[str] | None,
        typer.Option(help="The id of another number that shares the campaign; several times."),
    ] = None
    share: Annotated[Share, typer.Option(help="What the numbers share out.")] = Share.CHUNKS
    failover: Annotated[
        bool, typer.Option(help="Let other numbers take over from one that cannot send.")
    ] = True
    opt_outs: Annotated[OptOuts, typer.Option(help="Whose suppression lists hold.")] = (
        OptOuts.SESSION
    )
    unknown: Annotated[
        UnknownPolicy, typer.Option(help="What becomes of messages whose fate stays unknown.")
    ] = UnknownPolicy.HOLD
    sandbox: UseSandbox = False
    sandbox_url: SandboxUrl = None
    phone_number_id: PhoneNumberId = None
    token: Token = None
    app_secret: AppSecret = None
    session: SessionName = "default"
    workspace: Workspace = "default"
    folder: Folder = DEFAULT_FOLDER
    ledger: LedgerUrl = None

    @asynccontextmanager
    async def campaign(self) -> AsyncIterator[tuple[Campaign, bool]]:
        """Make the campaign; tells also whether statuses come in.

        Raises:
            ConfigurationError: Options are missing or contradict each other.
            InvalidValue: An option breaks a limit.
        """
        connection = Connection(
            folder=self.folder,
            workspace=self.workspace,
            session=self.session,
            sandbox=self.sandbox,
            sandbox_url=self.sandbox_url,
            phone_number_id=self.phone_number_id,
            token=self.token,
            app_secret=self.app_secret,
            ledger=self.ledger,
        )
        said = self._said()
        hours, canary, cap = self._hours(), self._canary(), self._cap()
        async with connection.client() as client:
            sessions = await self._sessions(client, connection)
            several = len(sessions) > 1
            yield (
                await client.campaign(
                    self.id or id_from(self.file),
                    session=sessions,
                    message=said,
                    audience=Audience.csv(self.file, phone=self.phone, region=self.region),
                    rate=self.rate,
                    start_at=_moment("--start-at", self.start_at),
                    end_at=_moment("--end-at", self.end_at),
                    hours=hours,
                    canary=canary,
                    cap=cap,
                    tier=Tier(people=self.tier) if self.tier is not None else None,
                    numbers=Numbers(share=self.share, failover=self.failover) if several else None,
                    opt_outs=self.opt_outs,
                    unknown=self.unknown,
                ),
                all(session.receives for session in sessions),
            )

    async def _sessions(self, client: Client, connection: Connection) -> list[Session]:
        throughput = max(80, round(self.rate * 1.1))
        sessions = [
            await client.open(connection.session, connection.provider(throughput=throughput))
        ]
        for place, number in enumerate(self.also or (), 2):
            provider = connection.beside(sessions[0].provider, number)
            sessions.append(await client.open(f"{connection.session}-{place}", provider))
        return sessions

    def _said(self) -> Said:
        given = [self.text or self.template, self.variant, self.template_variant]
        if sum(map(bool, given)) > 1:
            raise ConfigurationError(
                "what to send? Give one of --text, --template, --variant and --template-variant"
            )
        if self.variant:
            texts = _pairs("--variant", self.variant)
            messages = {name: message_from(text, None, "", self.param) for name, text in texts}
        elif self.template_variant:
            messages = {
                name: message_from(None, template, self.language, self.param)
                for name, template in _pairs("--template-variant", self.template_variant)
            }
        else:
            if self.weight:
                raise ConfigurationError("--weight belongs to --variant or --template-variant")
            return message_from(self.text, self.template, self.language, self.param)
        weights = dict.fromkeys(messages, 1.0)
        for name, number in _pairs("--weight", self.weight or ()):
            if name not in weights:
                raise ConfigurationError(f"--weight {name}=…: there is no such variant")
            weights[name] = _number("--weight", number)
        return Variants(messages, weights=weights)

    def _hours(self) -> SendHours | None:
        if not self.quiet_hours and not self.open_hours:
            if self.time_zone is not None:
                raise ConfigurationError("--time-zone belongs to --quiet-hours or --open-hours")
            return None
        return SendHours(
            quiet=self.quiet_hours or (),
            open=self.open_hours or (),
            zone=self.time_zone,
            fallback=self.fallback_zone,
        )

    def _canary(self) -> Canary | None:
        if self.canary is None:
            if self.canary_ask:
                raise ConfigurationError("--canary-ask belongs to --canary")
            return None
        return Canary(
            share=_share("--canary", self.canary),
            most_failures=_share("--canary-failures", self.canary_failures),
            wait=self.canary_wait,
            go_on=not self.canary_ask,
        )

    def _cap(self) -> FrequencyCap | None:
        if self.cap is None:
            if self.cap_wait:
                raise ConfigurationError("--cap-wait belongs to --cap")
            return None
        match = _CAP.fullmatch(self.cap)
        if match is None:
            raise InvalidValue("--cap", "messages and days such as 2/7d", self.cap)
        return FrequencyCap(
            messages=int(match[1]),
            days=float(match[2]),
            scope=self.cap_scope,
            then=OverCap.WAIT if self.cap_wait else OverCap.SKIP,
        )


def id_from(file: Path) -> str:
    """Make a campaign id from a file's name.

    Example:
        >>> id_from(Path("data/Promo November.csv"))
        'promo-november'
    """
    kept = "".join(each if each.isascii() and each.isalnum() else "-" for each in file.stem.lower())
    return kept.strip("-")[:63] or "campaign"


def _share(option: str, text: str) -> float:
    """Read `1%` or `0.01`."""
    stripped = text.strip()
    if stripped.endswith("%"):
        return _number(option, stripped[:-1]) / 100
    return _number(option, stripped)


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidValue(option, "must be a number", text) from None


def _moment(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        rule = "a date and time such as 2026-11-22T09:00+07:00"
        raise InvalidValue(option, rule, text) from None
    if moment.tzinfo is None:
        raise InvalidValue(option, "needs a time zone at its end, such as +07:00", text)
    return moment


def _pairs(option: str, given: Sequence[str]) -> list[tuple[str, str]]:
    pairs = []
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InvalidValue(option, "a name and a value: NAME=VALUE", text)
        pairs.append((name.strip(), value))
    if len({name for name, _ in pairs}) < len(pairs):
        raise InvalidValue(option, "each name once", ", ".join(name for name, _ in pairs))
    return pairs
