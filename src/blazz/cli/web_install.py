"""`blazz web install`: everything that WhatsApp Web needs on this machine."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Final

import anyio
import anyio.to_thread
import typer

from blazz.cli.connecting import Json
from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import emit, people, say
from blazz.cli.running import run
from blazz.errors import BlazzError, InvalidValue
from blazz.errors.web import BrowserNotFound
from blazz.providers.web.assets import VERSION, find_wa_js, install_wa_js
from blazz.providers.web.finding import find_chromium

_VERSION_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that is needed.

    Attributes:
        name: What it is.
        version: Its version, as far as it is known.
        path: Where it is.
        problem: Why it cannot be used; None: it is there.
    """

    name: str
    version: str | None = None
    path: str | None = None
    problem: str | None = None


def install(
    version: Annotated[
        str, typer.Option("--wa-js", help="The version of wa-js, exactly.", metavar="VERSION")
    ] = VERSION,
    integrity: Annotated[
        str | None,
        typer.Option(help="npm's hash of that version's archive (sha512-…).", metavar="HASH"),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fetch wa-js even if it is there.")
    ] = False,
    chromium: Annotated[
        bool, typer.Option(help="Let Playwright download a Chromium if there is none.")
    ] = True,
    check: Annotated[
        bool, typer.Option("--check", help="Only look; fetch and change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Fetch wa-js, and see that Chromium and Playwright are there.

    Exit code 0: WhatsApp Web can be used; 1: something is missing, and it says what.
    """

    async def work() -> ExitCode:
        parts = [
            _playwright(),
            await anyio.to_thread.run_sync(_chromium, chromium and not check),
            await anyio.to_thread.run_sync(
                lambda: _wa_js(version, integrity=integrity, force=force, check=check)
            ),
        ]
        return _show(parts, as_json=as_json)

    run(work())


def _playwright() -> Part:
    try:
        return Part(name="playwright", version=importlib.metadata.version("playwright"))
    except importlib.metadata.PackageNotFoundError:
        problem = "it is not installed; run: python -m pip install 'blazz[web]'"
        return Part(name="playwright", problem=problem)


def _chromium(may_download: bool) -> Part:
    try:
        path = find_chromium()
    except BrowserNotFound as error:
        if not may_download:
            return Part(name="chromium", problem=str(error))
        return _downloaded(error)
    return Part(name="chromium", path=str(path), version=_version_of(str(path)))


def _downloaded(missing: BrowserNotFound) -> Part:
    """Let Playwright fetch its Chromium; what it says goes to people."""
    say("There is no Chromium; Playwright downloads one.")
    command = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
    done = subprocess.run(command, stdout=sys.stderr, check=False)  # noqa: S603  # no input in it
    if done.returncode:
        return Part(name="chromium", problem=f"Playwright could not download it; {missing}")
    return _chromium(False)


def _version_of(path: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603  # the program that was found
            [path, "--version"],
            capture_output=True,
            text=True,
            timeout=_VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = [word for word in done.stdout.split() if word[:1].isdigit()]
    return words[0] if words else None


def _wa_js(version: str, *, integrity: str | None, force: bool, check: bool) -> Part:
    fetch: Callable[[], object] = (
        (lambda: find_wa_js(version=version))
        if check
        else (lambda: install_wa_js(version=version, integrity=integrity, force=force))
    )
    try:
        fetch()
        found = find_wa_js(version=version)
    except InvalidValue:
        raise  # the command line is wrong
    except BlazzError as error:
        return Part(name="wa-js", problem=str(error))
    return Part(name="wa-js", path=str(found.path), version=found.version)


def _show(parts: list[Part], *, as_json: bool) -> ExitCode:
    ready = all(part.problem is None for part in parts)
    if as_json:
        emit({"ready": ready, "parts": [asdict(part) for part in parts]})
    else:
        for part in parts:
            _tell(part)
        if ready:
            say("WhatsApp Web can be used. Link an account: blazz web pair SESSION")
    return ExitCode.DONE if ready else ExitCode.FAILED


def _tell(part: Part) -> None:
    from rich.text import Text

    line = Text()
    if part.problem is None:
        line.append("✓ ", "green").append(part.name, "bold")
        line.append(f" {part.version}" if part.version else "")
        line.append(f"  {part.path}" if part.path else "", "dim")
    else:
        line.append("✗ ", "red").append(part.name, "bold").append(f": {part.problem}")
    people().print(line, soft_wrap=True)
