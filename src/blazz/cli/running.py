"""Runs a command's coroutine: signals, errors, exit codes."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import Any, NoReturn

import typer

from blazz.cli.exit_codes import ExitCode
from blazz.cli.output import printable, say
from blazz.errors import BlazzError, InvalidValue


def run(work: Coroutine[Any, Any, ExitCode]) -> NoReturn:
    """Run a command to its end and exit with its code.

    Ctrl-C and SIGTERM cancel it: what is on its way is finished and recorded first. Errors that
    blazz names are shown in one line; others are faults and keep their traceback.
    """
    try:
        code = asyncio.run(_terminable(work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("stopped")
        code = ExitCode.INTERRUPTED
    except InvalidValue as error:
        say(f"[red]error:[/] {_escaped(error)}")
        code = ExitCode.USAGE
    except BlazzError as error:
        say(f"[red]error:[/] {_escaped(error)}")
        code = ExitCode.FAILED
    raise typer.Exit(int(code))


async def _terminable(work: Coroutine[Any, Any, ExitCode]) -> ExitCode:
    task = asyncio.current_task()
    assert task is not None
    # Windows has no such handlers; there Ctrl-C is what stops a command.
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def _escaped(error: Exception) -> str:
    from rich.markup import escape

    return escape(printable(str(error)))
