"""`blazz sessions export, import, move`: sessions leave a store, or come into one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal

from blazz.auth_stores import Saved, SessionKey, SnapshotStore
from blazz.cli.auth_options import (
    KeyRingFile,
    PassphraseFile,
    SessionArgument,
    StoreUrl,
    Wait,
    chosen,
    made,
    passphrase,
    session_key,
    with_store,
)
from blazz.cli.connecting import Json
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import emit, say
from blazz.cli.running import run
from blazz.errors import ConfigurationError


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("export")(export)
    app.command("import")(import_)
    app.command("move")(move)


def export(
    session: SessionArgument,
    file: Annotated[Path, typer.Argument(help="The file to write; one that is there is replaced.")],
    passphrase_file: PassphraseFile = None,
    store: StoreUrl = None,
    keyring: KeyRingFile = None,
    as_json: Json = False,
) -> None:
    """Write a session to one encrypted file; it may run meanwhile."""
    from blazz.auth_stores import export_session

    async def work(opened: SnapshotStore) -> ExitCode:
        key = session_key(session)
        secret = passphrase(passphrase_file, confirm=True)
        done = await export_session(opened, key, file, passphrase=secret)
        size = file.stat().st_size
        kinds = sorted(snapshot.kind for snapshot in done.snapshots)
        if as_json:
            emit({"session": str(key), "file": str(file), "bytes": size, "kinds": kinds})
        else:
            say(f"{key} ({', '.join(kinds)}) is in {file}, {decimal(size)}")
        return ExitCode.DONE

    run(with_store(store, keyring, work))


def import_(
    file: Annotated[
        Path | None, typer.Argument(help="An export; or give --profile in its place.")
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(help="A browser's profile folder, such as .wwebjs_auth/session-main."),
    ] = None,
    session: Annotated[
        str | None, typer.Option(help="The name to store it under; an export knows its own.")
    ] = None,
    browser_version: Annotated[
        str | None, typer.Option(help="The Chromium that wrote the profile; usually found in it.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Put it on top of what the store has of the session.")
    ] = False,
    wait: Wait = 0.0,
    passphrase_file: PassphraseFile = None,
    store: StoreUrl = None,
    keyring: KeyRingFile = None,
    as_json: Json = False,
) -> None:
    """Store a session from an export, or from a browser's profile that no browser has open."""

    async def work(opened: SnapshotStore) -> ExitCode:
        if profile is not None:
            if session is None:
                raise ConfigurationError("under which name? Give --session")
            from blazz.auth_stores import import_profile

            key = session_key(session)
            saved = [
                await import_profile(
                    profile, opened, key, version=browser_version, force=force, wait=wait
                )
            ]
        else:
            from blazz.auth_stores import import_session, open_export

            assert file is not None
            secret = passphrase(passphrase_file, confirm=False)
            exported = await open_export(file, passphrase=secret)
            key = session_key(session) if session else exported.session
            saved = await import_session(
                file, opened, passphrase=secret, session=key, force=force, wait=wait
            )
        _tell(key, saved, "stored", as_json=as_json)
        return ExitCode.DONE

    if (file is None) == (profile is None):
        raise typer.BadParameter("give either an export or --profile")
    run(with_store(store, keyring, work, create=True))


def move(
    sessions: Annotated[
        list[str] | None, typer.Argument(metavar="SESSION...", help="<workspace>/<session>")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All sessions.")] = False,
    to: Annotated[str, typer.Option(help="The other store: a folder, redis://… or s3://…")] = "",
    to_keyring: Annotated[
        Path | None, typer.Option(help="The other store's key ring; by default the same.")
    ] = None,
    newest: Annotated[
        bool, typer.Option("--newest", help="Leave the history; move only the newest state.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Put them on top of what the other store has.")
    ] = False,
    wait: Wait = 0.0,
    store: StoreUrl = None,
    keyring: KeyRingFile = None,
    as_json: Json = False,
) -> None:
    """Move sessions to another store: copied, proved, then deleted here. They must not run."""
    from blazz.auth_stores import move as move_session

    async def work(opened: SnapshotStore) -> ExitCode:
        async with made(to, to_keyring or keyring) as target:
            for key in await chosen(opened, sessions):
                saved = await move_session(
                    opened, target, key, history=not newest, force=force, wait=wait
                )
                _tell(key, saved, "moved", as_json=as_json)
        return ExitCode.DONE

    if bool(sessions) == everything:
        raise typer.BadParameter("which ones? Name them, or give --all")
    if not to:
        raise typer.BadParameter("where to? Give --to")
    run(with_store(store, keyring, work))


def _tell(key: SessionKey, saved: list[Saved], done: str, *, as_json: bool) -> None:
    size = sum(each.revision.size for each in saved)
    if as_json:
        numbers = [each.revision.number for each in saved]
        emit({"session": str(key), "done": done, "revisions": numbers, "bytes": size})
    else:
        count = f"{len(saved)} revision{'s' if len(saved) != 1 else ''}"
        say(f"{key}: {count} {done}, {decimal(size)}")
