"""Which auth store a command works on: its options, and the store that they make."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from blazz.auth_stores import SessionKey, SnapshotStore
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import say
from blazz.errors import ConfigurationError
from blazz.security.secret import Secret

StoreUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--store",
        help="Where sessions are kept: a folder, redis://… or s3://…",
        envvar="BLAZZ_AUTH_STORE",
        show_envvar=True,
    ),
]
KeyRingFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--keyring", help="The file with the keys; else BLAZZ_KEYS.", envvar="BLAZZ_KEYRING"
    ),
]
SessionArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="SESSION", help="<workspace>/<session>, see `list`.")
]
SessionsArgument: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="SESSION...", help="<workspace>/<session>; by default all."),
]
Wait: TypeAlias = Annotated[
    float, typer.Option(help="Seconds to wait for a process that owns the session.", min=0)
]
PassphraseFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="A file whose first line is the passphrase; else BLAZZ_PASSPHRASE, or asked"),
]


async def with_store(
    url: str | None,
    keyring: Path | None,
    act: Callable[[SnapshotStore], Awaitable[ExitCode]],
    *,
    create: bool = False,
) -> ExitCode:
    """Open the store, do something with it, and close it.

    Args:
        url: The store.
        keyring: The file with its keys.
        act: What to do.
        create: Make a folder that is not there; otherwise a mistyped name would make an empty one.

    Raises:
        ConfigurationError: No store is named, or there is no such folder.
        KeyRingError: There is no key ring, or it cannot be read.
    """
    async with made(url, keyring, create=create) as store:
        return await act(store)


def made(url: str | None, keyring: Path | None, *, create: bool = True) -> SnapshotStore:
    """Make the store; nothing is connected yet.

    Raises:
        ConfigurationError: No store is named, or there is no such folder and none is to be made.
        KeyRingError: There is no key ring, or it cannot be read.
    """
    from blazz.auth_stores import from_url

    if url is None:
        raise ConfigurationError("which store? Give --store, or set BLAZZ_AUTH_STORE")
    if not create and "://" not in url and not Path(url).is_dir():
        raise ConfigurationError(f"there is no folder {url}")
    return from_url(url, keyring=keyring)


def session_key(text: str) -> SessionKey:
    """Read `workspace/session`; a name alone is of the workspace `default`."""
    return SessionKey.parse(text if "/" in text else f"default/{text}")


async def chosen(store: SnapshotStore, names: list[str] | None) -> list[SessionKey]:
    """The sessions that are named, or all."""
    return [session_key(name) for name in names] if names else await store.sessions()


def passphrase(file: Path | None, *, confirm: bool) -> Secret:
    """Read a passphrase from a file, the environment or the keyboard; never from the command line.

    Raises:
        ConfigurationError: There is none.
    """
    import os

    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise ConfigurationError(f"the passphrase cannot be read: {error}") from error
        return Secret(lines[0] if lines else "")
    if given := os.environ.get("BLAZZ_PASSPHRASE"):
        return Secret(given)
    if not sys.stdin.isatty():
        raise ConfigurationError("give --passphrase-file, or set BLAZZ_PASSPHRASE")
    typed = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    return Secret(typed)


def tell_damage(damage: tuple[object, ...]) -> None:
    """Show what is damaged, a line each."""
    from rich.markup import escape

    for each in damage:
        say(f"[red]damaged:[/] {escape(str(each))}")
