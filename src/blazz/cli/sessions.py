"""`blazz sessions`: look at what is stored of sessions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.filesize import decimal

from blazz.auth_stores import Holder, Revision, SessionKey, SnapshotStore
from blazz.cli import sessions_mending, sessions_moving, sessions_secrets
from blazz.cli.auth_options import (
    KeyRingFile,
    SessionArgument,
    SessionsArgument,
    StoreUrl,
    chosen,
    session_key,
    tell_damage,
    with_store,
)
from blazz.cli.connecting import Json
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import emit, say, show_table
from blazz.cli.running import run

app = typer.Typer(
    help="Look at stored sessions, move them, and mend them. Nothing secret is ever shown.",
    no_args_is_help=True,
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A session in the list."""

    session: SessionKey
    holder: Holder | None
    revisions: list[Revision]


@app.command("list")
def list_sessions(
    workspace: Annotated[str | None, typer.Option(help="Only of this workspace.")] = None,
    store: StoreUrl = None,
    keyring: KeyRingFile = None,
    as_json: Json = False,
) -> None:
    """List the sessions, who owns them, and how old their newest state is."""

    async def show(opened: SnapshotStore) -> ExitCode:
        lines = [
            _Line(each, await opened.holder(each), await opened.history(each))
            for each in await opened.sessions(workspace)
        ]
        if as_json:
            for line in lines:
                emit(_line_json(line))
        elif lines:
            headings = ("session", "kinds", "newest", "age", "size", "kept", "owner")
            show_table(headings, [_line_cells(line) for line in lines])
        else:
            say("no session is stored here")
        return ExitCode.DONE

    run(with_store(store, keyring, show))


@app.command("history")
def show_history(
    session: SessionArgument,
    store: StoreUrl = None,
    keyring: KeyRingFile = None,
    as_json: Json = False,
) -> None:
    """List the stored states of a session, newest first."""

    async def show(opened: SnapshotStore) -> ExitCode:
        key = session_key(session)
        revisions = await opened.history(key)
        if as_json:
            for revision in revisions:
                emit({"session": str(key), **_revision_json(revision)})
        elif revisions:
            headings = ("revision", "kind", "taken at (UTC)", "age", "size", "added", "epoch")
            show_table(headings, [_revision_cells(revision) for revision in revisions])
        else:
            say(f"nothing is stored of {key}")
        return ExitCode.DONE if revisions else ExitCode.FAILED

    run(with_store(store, keyring, show))


@app.command("verify")
def verify(
    sessions: SessionsArgument = None,
    store: StoreUrl = None,
    keyring: KeyRingFile = None,
    as_json: Json = False,
) -> None:
    """Read everything that is stored and prove it; exit code 6 if something is damaged."""

    async def prove(opened: SnapshotStore) -> ExitCode:
        whole, rows = True, []
        for key in await chosen(opened, sessions):
            found = await opened.verify(key)
            whole = whole and found.ok
            if as_json:
                damage = [{**asdict(each), "session": str(each.session)} for each in found.damage]
                emit(
                    {
                        "session": str(key),
                        "ok": found.ok,
                        "revisions": len(found.revisions),
                        "chunks": found.chunks,
                        "stored_bytes": found.stored,
                        "keys": found.keys,
                        "unreferenced": found.unreferenced,
                        "damage": damage,
                    }
                )
            else:
                tell_damage(found.damage)
                rows.append(
                    (
                        str(key),
                        "whole" if found.ok else "DAMAGED",
                        str(len(found.revisions)),
                        f"{found.chunks:,}",
                        decimal(found.stored),
                        " ".join(found.keys),
                    )
                )
        if not as_json:
            headings = ("session", "state", "revisions", "chunks", "stored", "sealed with")
            show_table(headings, rows) if rows else say("no session is stored here")
        return ExitCode.DONE if whole else ExitCode.DAMAGED

    run(with_store(store, keyring, prove))


def _line_cells(line: _Line) -> tuple[str, ...]:
    newest = line.revisions[0]
    kinds = " ".join(sorted({revision.kind for revision in line.revisions}))
    owner = "-" if line.holder is None else f"{line.holder.owner} (epoch {line.holder.epoch})"
    return (
        str(line.session),
        kinds,
        str(newest.number),
        age(newest.at),
        decimal(newest.size),
        str(len(line.revisions)),
        owner,
    )


def _line_json(line: _Line) -> dict[str, Any]:
    return {
        "session": str(line.session),
        "newest": _revision_json(line.revisions[0]),
        "revisions": len(line.revisions),
        "kinds": sorted({revision.kind for revision in line.revisions}),
        "owner": None if line.holder is None else line.holder.owner,
        "epoch": None if line.holder is None else line.holder.epoch,
        "free_in": None if line.holder is None else line.holder.free_in,
    }


def _revision_cells(revision: Revision) -> tuple[str, ...]:
    return (
        str(revision.number),
        revision.kind,
        f"{revision.at.astimezone(UTC):%F %T}",
        age(revision.at),
        decimal(revision.size),
        decimal(revision.uploaded),
        str(revision.epoch),
    )


def _revision_json(revision: Revision) -> dict[str, Any]:
    return {
        "revision": revision.number,
        "kind": revision.kind,
        "at": revision.at.isoformat(),
        "size": revision.size,
        "uploaded": revision.uploaded,
        "epoch": revision.epoch,
    }


def age(at: datetime, *, now: datetime | None = None) -> str:
    """How long ago something was, in one unit.

    Example:
        >>> from datetime import timedelta
        >>> noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
        >>> [age(noon - timedelta(seconds=s), now=noon) for s in (3, 200, 9_000, 900_000)]
        ['3 s', '3 min', '2 h', '10 d']
    """
    seconds = max(0.0, ((now or datetime.now(UTC)) - at).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"


# After those of this module, so that the help shows what only looks first.
sessions_secrets.add_to(app)
sessions_moving.add_to(app)
sessions_mending.add_to(app)
