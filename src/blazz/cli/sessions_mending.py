"""`blazz sessions rekey, prune, repair, delete`: change what is stored of sessions."""

from __future__ import annotations

from typing import Annotated

import typer

from blazz.auth_stores import Revision, SessionKey, SnapshotStore
from blazz.cli.auth_options import (
    KeyRingFile,
    SessionArgument,
    SessionsArgument,
    StoreUrl,
    Wait,
    chosen,
    session_key,
    with_store,
)
from blazz.cli.connecting import Json
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import emit, say
from blazz.cli.running import run


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("rekey")(rekey)
    app.command("prune")(prune)
    app.command("repair")(repair)
    app.command("delete")(delete)


def rekey(
    sessions: SessionsArgument = None,
    drop_older: Annotated[
        bool, typer.Option("--prune", help="Delete older states, which older keys seal.")
    ] = False,
    wait: Wait = 0.0,
    store: StoreUrl = None,
    keyring: KeyRingFile = None,
    as_json: Json = False,
) -> None:
    """Seal sessions that do not run with the newest key; those that run do it by themselves."""
    from blazz.auth_stores import hold
    from blazz.auth_stores import rekey as rekey_session

    async def work(opened: SnapshotStore) -> ExitCode:
        for key in await chosen(opened, sessions):
            async with hold(opened, key, wait=wait) as keeper:
                await rekey_session(opened, keeper.lease, prune=drop_older)
            needed = (await opened.verify(key)).keys
            if as_json:
                emit({"session": str(key), "keys": needed})
            else:
                say(f"{key}: still needs {', '.join(needed)}")
        return ExitCode.DONE

    run(with_store(store, keyring, work))


def prune(
    sessions: SessionsArgument = None,
    keep: Annotated[int, typer.Option(help="How many states of each kind stay.", min=1)] = 1,
    wait: Wait = 0.0,
    store: StoreUrl = None,
    keyring: KeyRingFile = None,
    as_json: Json = False,
) -> None:
    """Delete older states now."""
    from blazz.auth_stores import Retention, hold

    async def work(opened: SnapshotStore) -> ExitCode:
        for key in await chosen(opened, sessions):
            async with hold(opened, key, wait=wait) as keeper:
                left = await opened.prune(
                    keeper.lease, keep=Retention(newest=keep, hourly=0, daily=0)
                )
            _tell(key, "kept", left, as_json=as_json)
        return ExitCode.DONE

    run(with_store(store, keyring, work))


def repair(
    session: SessionArgument,
    store: StoreUrl = None,
    keyring: KeyRingFile = None,
    as_json: Json = False,
) -> None:
    """Make the lost or damaged record of a session anew from what is stored."""

    async def work(opened: SnapshotStore) -> ExitCode:
        key = session_key(session)
        _tell(key, "found", await opened.repair(key), as_json=as_json)
        return ExitCode.DONE

    run(with_store(store, keyring, work))


def delete(
    session: SessionArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: Wait = 0.0,
    store: StoreUrl = None,
    keyring: KeyRingFile = None,
    as_json: Json = False,
) -> None:
    """Delete all that is stored of a session. The account stays linked; unlink it on the phone."""
    from blazz.auth_stores import hold

    async def work(opened: SnapshotStore) -> ExitCode:
        key = session_key(session)
        count = len(await opened.history(key))
        if not count:
            say(f"nothing is stored of {key}")
            return ExitCode.FAILED
        if not yes:
            typer.confirm(f"Delete {key} with its {count} revisions?", abort=True, err=True)
        async with hold(opened, key, wait=wait) as keeper:
            await opened.delete(keeper.lease)
        if as_json:
            emit({"session": str(key), "deleted": count})
        else:
            say(f"{key}: deleted")
        return ExitCode.DONE

    run(with_store(store, keyring, work))


def _tell(key: SessionKey, what: str, revisions: list[Revision], *, as_json: bool) -> None:
    if as_json:
        emit({"session": str(key), what: [revision.number for revision in revisions]})
    else:
        numbers = ", ".join(str(revision.number) for revision in revisions) or "nothing"
        say(f"{key}: {what} {numbers}")
