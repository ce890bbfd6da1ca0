"""`blazz sessions credentials`: store the secrets that open a number, and show which there are."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from blazz.auth_stores import Kind, SessionKey, Snapshot, SnapshotStore
from blazz.cli.auth_options import (
    KeyRingFile,
    SessionArgument,
    StoreUrl,
    Wait,
    session_key,
    with_store,
)
from blazz.cli.connecting import Json
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import emit, say
from blazz.cli.running import run
from blazz.errors import ConfigurationError


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("credentials")(credentials)


def credentials(
    session: SessionArgument,
    save: Annotated[
        Path | None,
        typer.Option(help="Store the secrets of this JSON file; - is standard input."),
    ] = None,
    wait: Wait = 0.0,
    store: StoreUrl = None,
    keyring: KeyRingFile = None,
    as_json: Json = False,
) -> None:
    """Show which secrets are stored, by name alone; with --save, store them.

    The file is an object such as {"phone_number_id": "1065…", "token": "EAAG…", "app_secret": "…",
    "pin": "…"}. It stays as it is: delete it afterwards.
    """

    async def work(opened: SnapshotStore) -> ExitCode:
        key = session_key(session)
        if save is not None:
            await _save(opened, key, read_secrets(save), wait)
        stored = await opened.load(key, kind=Kind.CREDENTIALS)
        names = sorted(await stored.credentials())
        if as_json:
            emit({"session": str(key), "names": names, "revision": stored.revision.number})
        else:
            say(f"{key}: {', '.join(names)} (revision {stored.revision.number})")
        return ExitCode.DONE

    run(with_store(store, keyring, work, create=save is not None))


async def _save(
    store: SnapshotStore, key: SessionKey, secrets: dict[str, str], wait: float
) -> None:
    from blazz.auth_stores import hold

    snapshot = Snapshot.of_credentials(secrets)
    async with hold(store, key, wait=wait) as keeper:
        await store.save(snapshot, keeper.lease)


def read_secrets(path: Path) -> dict[str, str]:
    """Read named secrets from a JSON file.

    Raises:
        ConfigurationError: It cannot be read, or is not an object of texts; it is not shown.
    """
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        found = json.loads(text)
    except OSError as error:
        raise ConfigurationError(f"the secrets cannot be read: {error}") from error
    except ValueError:
        found = None  # without its cause, which would show the secrets
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ConfigurationError("the secrets are not a JSON object of texts")
    return found
