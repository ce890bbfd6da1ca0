"""`blazz keys`: make and change the key ring that seals stored sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from blazz.cli.connecting import Json
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import emit, say, show_table
from blazz.cli.running import run
from blazz.errors import KeyRingError
from blazz.security.keyring import KeyRing

app = typer.Typer(
    help="Make and change the key ring that seals stored sessions. Keys are never shown.",
    no_args_is_help=True,
)
File: TypeAlias = Annotated[
    Path, typer.Argument(help="The file that the keys are in.", envvar="BLAZZ_KEYRING")
]


@app.command("new")
def new(file: File, as_json: Json = False) -> None:
    """Make a key ring with one new key, in a file that only you can read."""

    async def work() -> ExitCode:
        if file.exists():
            raise KeyRingError(f"{file} is there already; `blazz keys rotate` adds a key to it")
        KeyRing.generate().write(file, replace=False)
        _show(KeyRing.from_file(file), as_json=as_json)
        if not as_json:
            say("Back it up, apart from the sessions: without it they cannot be opened.")
        return ExitCode.DONE

    run(work())


@app.command("show")
def show(file: File, as_json: Json = False) -> None:
    """Show the names of the keys, newest first."""

    async def work() -> ExitCode:
        _show(KeyRing.from_file(file), as_json=as_json)
        return ExitCode.DONE

    run(work())


@app.command("rotate")
def rotate(file: File, as_json: Json = False) -> None:
    """Put a new key in front; the others still open what they have sealed."""

    async def work() -> ExitCode:
        ring = KeyRing.from_file(file).rotated()
        ring.write(file)
        _show(ring, as_json=as_json)
        if not as_json:
            say("Give it to every process before you restart the first; then `sessions rekey`.")
        return ExitCode.DONE

    run(work())


@app.command("drop")
def drop(
    file: File,
    names: Annotated[list[str], typer.Argument(help="The keys, by name.")],
    as_json: Json = False,
) -> None:
    """Remove keys; `blazz sessions verify` tells which ones are still needed."""

    async def work() -> ExitCode:
        ring = KeyRing.from_file(file).without(*names)
        ring.write(file)
        _show(ring, as_json=as_json)
        return ExitCode.DONE

    run(work())


def _show(ring: KeyRing, *, as_json: bool) -> None:
    if as_json:
        emit({"keys": ring.names})
    else:
        roles = ["seals and opens", *["opens"] * (len(ring.names) - 1)]
        show_table(("key", "what it does"), list(zip(ring.names, roles, strict=True)))
