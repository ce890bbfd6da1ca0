"""`blazz worker`: sends campaigns, beside other workers, on any machine."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import anyio
import typer

from blazz.campaigns.patience import Outage
from blazz.campaigns.serving import ServingOptions, serve
from blazz.cli.auth_options import KeyRingFile, StoreUrl, made
from blazz.cli.connecting import DEFAULT_FOLDER, Folder, Json, PhoneNumberId, SandboxUrl, Token
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import emit, people
from blazz.cli.running import run
from blazz.cli.worker_sessions import (
    Source,
    WorkerSessions,
    from_app,
    from_file,
    from_number,
    from_sandbox,
    from_store,
)
from blazz.client import backends
from blazz.errors import ConfigurationError, StoreUnavailable
from blazz.session.paced_limiter import PacedLimiter

_TELL_EVERY = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """The servers that a worker meets the others at."""

    ledger: str
    engine: str
    limiter: str
    conversations: str


def worker(
    ledger: Annotated[
        str | None,
        typer.Option(
            help="The campaigns: postgresql://…; by default the file in --folder.",
            envvar="BLAZZ_LEDGER",
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(help="What carries work between workers: redis://…", envvar="BLAZZ_ENGINE"),
    ] = "local://",
    limiter: Annotated[
        str | None,
        typer.Option(
            help="What counts for all workers: redis://…; by default the engine's server.",
            envvar="BLAZZ_LIMITER",
        ),
    ] = None,
    conversations: Annotated[
        str | None,
        typer.Option(
            help="Where opt-outs are kept; by default beside the ledger.",
            envvar="BLAZZ_CONVERSATIONS",
        ),
    ] = None,
    app: Annotated[
        str | None, typer.Option(help="Your function that makes a session's provider: module:name")
    ] = None,
    sessions: Annotated[
        Path | None, typer.Option(help="A TOML file with the sessions' numbers and tokens.")
    ] = None,
    store: StoreUrl = None,
    keyring: KeyRingFile = None,
    phone_number_id: PhoneNumberId = None,
    token: Token = None,
    sandbox_url: SandboxUrl = None,
    session: Annotated[
        list[str] | None, typer.Option(help="Serve only this session; may be given again.")
    ] = None,
    concurrency: Annotated[int, typer.Option(help="The most requests at once.", min=1)] = 100,
    chunks: Annotated[int, typer.Option(help="The most chunks at once.", min=1)] = 4,
    send_timeout: Annotated[
        float, typer.Option(help="Seconds after which an answer is given up.", min=0.1)
    ] = 30.0,
    takeover: Annotated[
        float | None,
        typer.Option(help="Seconds after which others take over from a worker that is silent."),
    ] = None,
    hold: Annotated[
        float, typer.Option(help="Seconds until work that nobody began is queued again.", min=1)
    ] = 30.0,
    folder: Folder = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """Send campaigns until stopped, beside any number of other workers.

    Ctrl-C and SIGTERM let it finish and record what is on its way. Servers that are away are waited
    for.

    blazz worker --ledger postgresql://db/blazz --engine redis://queue --sessions sessions.toml
    """
    sqlite = backends.sqlite_url(folder / "campaigns.db")
    beside = ledger if ledger is not None and ledger.startswith("postgres") else None
    parts = _Parts(
        ledger=ledger or sqlite,
        engine=engine,
        limiter=limiter or engine,
        conversations=conversations or beside or backends.sqlite_url(folder / "conversations.db"),
    )

    async def work() -> ExitCode:
        options = ServingOptions(
            concurrency=concurrency, send_timeout=send_timeout, takeover=takeover, hold=hold
        )
        async with AsyncExitStack() as stack:
            sources: list[Source] = []
            if app is not None:
                sources.append(from_app(app))
            if sessions is not None:
                sources.append(from_file(sessions))
            if store is not None:
                opened = made(store, keyring, create=False)
                await Outage("the auth store").outlast(opened.open, StoreUnavailable)
                stack.push_async_callback(opened.close)
                sources.append(from_store(opened))
            if phone_number_id is not None and token is not None:
                sources.append(from_number(phone_number_id, token))
            if sandbox_url is not None:
                sources.append(from_sandbox(sandbox_url))
            if not sources:
                raise ConfigurationError(
                    "how does it get at the sessions' numbers? Give --sessions, --app or --store,"
                    " or --phone-number-id and BLAZZ_TOKEN, or --sandbox-url"
                )
            return await _work(
                parts, sources, options, only=session or [], chunks=chunks, folder=folder
            )

    _log_to(as_json=as_json)
    run(work())


async def _work(
    parts: _Parts,
    sources: list[Source],
    options: ServingOptions,
    *,
    only: list[str],
    chunks: int,
    folder: Path,
) -> ExitCode:
    ledger = backends.make_ledger(parts.ledger)
    engine = backends.make_engine(parts.engine, concurrency=chunks, recovery=options.hold)
    limiter = backends.make_limiter(parts.limiter)
    conversations = backends.make_conversation_store(parts.conversations)
    tally = Tally()
    opened = WorkerSessions(
        sources, conversations=conversations, only=only, sent=tally.add, folder=folder
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(ledger.close)
        stack.push_async_callback(engine.close)
        stack.push_async_callback(limiter.close)
        stack.push_async_callback(conversations.close)
        stack.push_async_callback(opened.close)
        await Outage("the conversations' database").outlast(conversations.open, Exception)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(tally.tell)
                await serve(
                    ledger=ledger,
                    engine=engine,
                    limiter=PacedLimiter(limiter, opened.pacer_of),
                    senders=opened.sender,
                    ready=opened.ready,
                    options=options,
                    started=lambda owner: _event("started", worker=owner),
                )
        except asyncio.CancelledError:
            # It was told to stop, and has finished: that is no failure.
            _event("stopped", sent=tally.total)
            return ExitCode.DONE
        except ExceptionGroup as group:
            raise _first(group) from group
    raise AssertionError("a worker ends only when it is told to")


class Tally:
    """Counts what was sent, and tells from time to time."""

    def __init__(self) -> None:
        self.total = 0
        self._lately: Counter[str] = Counter()

    def add(self, session: str) -> None:
        """Count a message."""
        self.total += 1
        self._lately[session] += 1

    async def tell(self) -> None:
        """Tell every few seconds what was sent meanwhile, if anything was."""
        while True:
            began = time.monotonic()
            await anyio.sleep(_TELL_EVERY)
            seconds = time.monotonic() - began
            for session, count in sorted(self._lately.items()):
                rate = round(count / seconds, 1)
                _event("sent", session=session, count=count, per_second=rate, total=self.total)
            self._lately.clear()


_log = logging.getLogger("blazz.worker")


def _event(name: str, **details: object) -> None:
    told = " ".join(f"{key}={value}" for key, value in details.items())
    _log.info("%s %s", name, told, extra={"blazz_event": {"event": name, **details}})


def _log_to(*, as_json: bool) -> None:
    """Write what blazz logs: lines of JSON to standard output, or words to standard error."""
    handler: logging.Handler = _JsonLines() if as_json else _Words()
    logger = logging.getLogger("blazz")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


class _JsonLines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        event = getattr(record, "blazz_event", None)
        line: dict[str, object] = {"at": at, "level": record.levelname.lower()}
        if event is not None:
            line |= event
        else:
            line |= {"event": "log", "logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = repr(record.exc_info[1])
        emit(line)


class _Words(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        people().print(f"{at} {record.getMessage()}", markup=False)
        if record.exc_info and record.levelno >= logging.ERROR:
            people().print(logging.Formatter().formatException(record.exc_info), markup=False)


def _first(group: ExceptionGroup[Exception]) -> Exception:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error
