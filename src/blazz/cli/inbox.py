"""`blazz inbox`: look at updates that wait or failed, and give them another try."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from blazz.cli.connecting import DEFAULT_FOLDER, Folder, Json
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import emit, say, show_details, show_document, show_table
from blazz.cli.running import run
from blazz.client.backends import make_inbox, sqlite_path, sqlite_url
from blazz.errors import ConfigurationError, InvalidValue
from blazz.webhooks.inbox.base import Entry, Inbox, State

app = typer.Typer(
    help="Look at received updates that wait or failed, and replay them.", no_args_is_help=True
)

Url: TypeAlias = Annotated[
    str | None,
    typer.Option("--inbox", help="The inbox: sqlite:///… or postgresql://…", envvar="BLAZZ_INBOX"),
]

_PAGE = 1000
_SHORT = 120
_HIGHEST = 2**63 - 1
"""The highest number that a database can hold."""


@app.command("list")
def list_entries(
    state: Annotated[
        list[str] | None,
        typer.Option(help="dead, waiting, unrouted, …; by default what needs attention."),
    ] = None,
    session: Annotated[str | None, typer.Option(help="Only of <workspace>/<session>.")] = None,
    after: Annotated[
        int, typer.Option(help="Only those with higher numbers.", min=0, max=_HIGHEST)
    ] = 0,
    limit: Annotated[int, typer.Option(help="The most to show.", min=1, max=_HIGHEST - 1)] = 100,
    inbox: Url = None,
    folder: Folder = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """List updates that failed, wait or have no session, lowest number first."""

    async def show(opened: Inbox) -> ExitCode:
        if session is not None and "/" not in session:
            raise InvalidValue(
                "--session", f"<workspace>/<session>, such as default/{session}", session
            )
        wanted = {_state(name) for name in state} if state else _ATTENTION
        # One more than is shown tells whether there are more.
        found = await opened.entries(states=wanted, session=session, after=after, limit=limit + 1)
        entries = found[:limit]
        if as_json:
            for entry in entries:
                emit(_as_dict(entry))
        elif entries:
            headings = ("number", "state", "session", "conversation", "tries", "error")
            show_table(headings, [_cells(entry) for entry in entries])
        elif state or session or after:
            say("there are none")
        else:
            say("nothing failed")
        if not (state or session or after or as_json):
            await _say_what_waits(opened)
        if len(found) > limit:
            say(f"there are more: --after {entries[-1].seq} shows the next ones")
        return ExitCode.DONE

    run(_with(inbox, folder, show))


@app.command("show")
def show_entry(
    number: Annotated[
        int, typer.Argument(help="The update's number, from `list`.", min=1, max=_HIGHEST)
    ],
    inbox: Url = None,
    folder: Folder = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """Show one update, with the body that it came in."""

    async def show(opened: Inbox) -> ExitCode:
        entry = await opened.entry(number)
        if entry is None:
            say(_missing(number))
            return ExitCode.FAILED
        body = (await opened.bodies([entry.body_id])).get(entry.body_id)
        succeeded = sorted(entry.finished)
        details = {**_as_dict(entry), "position": entry.position, "succeeded": succeeded}
        if as_json:
            emit({**details, "body": None if body is None else _readable(body)})
            return ExitCode.DONE
        details["succeeded"] = ", ".join(succeeded)
        show_details((name, "" if it is None else str(it)) for name, it in details.items())
        if body is None:
            say("its body is no longer kept")
        else:
            show_document(_readable(body))
        return ExitCode.DONE

    run(_with(inbox, folder, show))


@app.command("replay")
def replay(
    numbers: Annotated[
        list[int] | None,
        typer.Argument(help="The updates' numbers, from `list`.", min=1, max=_HIGHEST),
    ] = None,
    dead: Annotated[bool, typer.Option("--all-dead", help="All that failed too often.")] = False,
    inbox: Url = None,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Give dead updates another round of tries, and split kept ones again.

    They are handled by whatever program runs.
    """

    async def work(opened: Inbox) -> ExitCode:
        if bool(numbers) == dead:
            raise ConfigurationError("which ones? Give their numbers, or --all-dead")
        refusals = [await _refusal(opened, number) for number in numbers or ()]
        count = await (opened.replay(numbers) if numbers else _replay_dead(opened))
        for refusal in filter(None, refusals):
            say(refusal)
        say("one update is tried again" if count == 1 else f"{count} updates are tried again")
        return ExitCode.FAILED if any(refusals) or not count else ExitCode.DONE

    run(_with(inbox, folder, work))


async def _say_what_waits(inbox: Inbox) -> None:
    """Tell of what waits its turn, which is not listed: it is as it should be, but may be much."""
    counts = await inbox.counts()
    waiting = {state.name.lower(): counts.updates.get(state, 0) for state in _TO_BE_HANDLED}
    parts = [f"{count} {state}" for state, count in waiting.items() if count]
    if parts:
        say(f"to be handled: {', '.join(parts)}; --state shows them")
    if counts.arrived:
        say(f"to be split into updates: {counts.arrived} requests")


async def _refusal(inbox: Inbox, number: int) -> str | None:
    """Why an update cannot be replayed."""
    entry = await inbox.entry(number)
    if entry is None:
        return _missing(number)
    if entry.state in _REPLAYED:
        return None
    return f"update {number} is {entry.state.name.lower()}: there is nothing to try again"


async def _replay_dead(inbox: Inbox) -> int:
    """Replay each of them once, though it may die again meanwhile."""
    count = after = 0
    while entries := await inbox.entries(states={State.DEAD}, after=after, limit=_PAGE):
        after = entries[-1].seq
        count += await inbox.replay([entry.seq for entry in entries])
    return count


async def _with(
    url: str | None, folder: Path, act: Callable[[Inbox], Awaitable[ExitCode]]
) -> ExitCode:
    url = url or sqlite_url(folder / "inbox.db")
    # Opening an SQLite file that is not there would make it.
    if url.startswith("sqlite:") and not (file := sqlite_path(url)).exists():
        raise ConfigurationError(f"there is no inbox at {file}; name one with --inbox or --folder")
    inbox = make_inbox(url)
    async with AsyncExitStack() as stack:
        await inbox.open()
        stack.push_async_callback(inbox.close)
        return await act(inbox)


def _state(name: str) -> State:
    try:
        return State[name.upper()]
    except KeyError:
        known = ", ".join(each.name.lower() for each in State)
        raise InvalidValue("--state", f"one of {known}", name) from None


def _cells(entry: Entry) -> tuple[str, ...]:
    return (
        str(entry.seq),
        entry.state.name.lower(),
        entry.session or f"none (account {entry.account or 'not named'})",
        entry.lane,
        str(entry.attempts),
        _short(entry.error or ""),
    )


def _short(text: str) -> str:
    """Cut a text so that it does not fill the screen; `show` has all of it."""
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def _missing(number: int) -> str:
    return f"the inbox has no update {number}"


def _as_dict(entry: Entry) -> dict[str, Any]:
    dead = entry.state is State.DEAD
    return {
        "number": entry.seq,
        "state": entry.state.name.lower(),
        "session": entry.session,
        "account": entry.account,
        "conversation": entry.lane,
        "tries": entry.attempts,
        "error": entry.error,
        "tried_again_at": None if dead else _moment(entry.until),
        "died_at": _moment(entry.until) if dead else None,
        "received_at": _moment(entry.received_at),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _readable(body: bytes) -> object:
    """Read a body as JSON; as text, with its odd bytes escaped, if it is none."""
    try:
        value: object = json.loads(body)
        json.dumps(value, allow_nan=False)  # others could not read that
    except (ValueError, RecursionError):
        return body.decode("utf-8", "backslashreplace")
    return value


_REPLAYED = {State.DEAD, State.UNROUTED, State.FOREIGN, State.UNREADABLE}
_TO_BE_HANDLED = (State.READY, State.TAKEN, State.BLOCKED)
_ATTENTION = _REPLAYED | {State.WAITING}
