"""Has imported what programs need, and forks itself to be the programs that it is asked for.

`python quick_python_server.py LISTENER EXECUTABLE MODULE…`; it ends with its standard input.
"""

from __future__ import annotations

import contextlib
import gc
import marshal
import os
import runpy
import select
import signal
import socket
import sys
import time
import types
import warnings
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

_FILES = 3
_LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Request:
    """A program to be.

    Attributes:
        arguments: What stands behind `python`: a file, or `-m` or `-c` and what belongs to it.
        environment: All of its environment.
        folder: Where it works.
        files: Its standard input, output and errors.
    """

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    files: list[int]


def main() -> None:
    """Import, then fork for each request."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    executable, modules = sys.argv[2], sys.argv[3:]
    del sys.path[0]  # this folder: no program's
    _import(modules)
    requested = _serve(listener)
    if requested is not None:
        sys.executable = executable
        _become(requested)


def _import(modules: list[str]) -> None:
    gc.disable()  # nothing of what is imported is ever thrown away
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as the programs would, of which most have it so
        for name in modules:
            import_module(name)
    assert len([*Path("/proc/self/task").iterdir()]) == 1, "threads are not forked"
    gc.freeze()
    gc.enable()


def _serve(listener: socket.socket) -> Request | None:
    """Fork for each request; gives it in the new process, and None where all is over."""
    running: dict[int, tuple[int, socket.socket]] = {}
    """Process ids and who asked, by what becomes readable when the process has ended."""
    while True:
        asking = {channel.fileno(): handle for handle, (_, channel) in running.items()}
        ready = select.select([0, listener, *running, *asking], [], [])[0]
        for handle in running.keys() & ready:
            pid, channel = running.pop(handle)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.close(handle)
            asking.pop(channel.fileno())
            with channel:
                _tell(channel, code)
        for number in asking.keys() & ready:
            handle = asking[number]
            # Who asked has been killed, or hands a signal on.
            for how in running[handle][1].recv(100) or [signal.SIGKILL]:
                signal.pidfd_send_signal(handle, how)
        if 0 in ready:
            for handle in running:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            return None
        if listener in ready:
            channel = listener.accept()[0]
            request = _request(channel)
            if request is None:
                channel.close()
                continue
            pid = os.fork()
            if pid == 0:
                for handle, (_, other) in running.items():
                    os.close(handle)
                    other.close()
                channel.close()
                listener.close()
                return request
            for file in request.files:
                os.close(file)
            running[os.pidfd_open(pid)] = pid, channel


def _tell(channel: socket.socket, code: int) -> None:
    with contextlib.suppress(OSError):  # it was killed, and what it had asked for with it
        channel.send(str(code).encode())


def _request(channel: socket.socket) -> Request | None:
    """What is asked for; None if whoever asks was killed while asking."""
    length, files, _, _ = socket.recv_fds(channel, _LENGTH_BYTES, _FILES)
    wanted = int.from_bytes(length, "big")
    with channel.makefile("rb") as stream:
        told = stream.read(wanted)
    if not told or len(told) < wanted:
        for file in files:
            os.close(file)
        return None
    return Request(*marshal.loads(told), files)


def _become(request: Request) -> None:
    """Be the program, until it ends."""
    os.setsid()
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    time.tzset()
    for number, file in enumerate(request.files):
        os.dup2(file, number)
        os.close(file)
    if os.environ.get("PYTHONWARNINGS") == "error":
        warnings.simplefilter("error")
    first, *others = request.arguments
    if first == "-m":
        _run_module(*others)
    elif first == "-c":
        _run_code(*others)
    else:
        sys.argv[:] = request.arguments
        sys.path.insert(0, str(Path(first).resolve().parent))
        runpy.run_path(first, run_name="__main__")


def _run_module(name: str, *arguments: str) -> None:
    sys.argv[1:] = arguments
    sys.path.insert(0, str(Path.cwd()))
    for known in (name, f"{name}.__main__"):
        if known in sys.modules and not hasattr(sys.modules[known], "__path__"):
            del sys.modules[known]  # it runs as the main module now
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _run_code(code: str, *arguments: str) -> None:
    sys.argv[:] = ["-c", *arguments]
    sys.path.insert(0, "")
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    exec(compile(code, "<string>", "exec"), module.__dict__)


if __name__ == "__main__":
    main()
