"""Starts Python programs by forking a process that has imported them already.

To import the reference server takes three seconds of a processor, and its tests start it some
twenty times. What is forked has an environment, a folder, an output and a session of its own, and
can be killed, as if it had been started by itself.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final

_ROOT: Final = Path(__file__).parents[2]
_LONGEST: Final = 1 << 17
"""Bytes of a request; most of it is the environment."""


class ForkedProcess:
    """A running program, handled like one that `subprocess` started.

    Args:
        pid: Its id.
        handle: What becomes readable when it has ended: pidfd_open(2).
    """

    def __init__(self, pid: int, handle: int) -> None:
        self.pid = pid
        self._handle = handle
        self._ended = False

    def poll(self) -> int | None:
        """Zero once it has ended, however that was."""
        if not self._ended and select.select([self._handle], [], [], 0)[0]:
            self._end()
        return 0 if self._ended else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended.

        Raises:
            TimeoutExpired: It goes on.
        """
        if not self._ended and not select.select([self._handle], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        self._end()
        return 0

    def send_signal(self, how: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, how)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            os.close(self._handle)


class ForkServer:
    """A process that has imported programs, and forks itself to run one of them.

    Args:
        modules: What it imports: the programs, which `python -m` could start.
        path: Where to look for modules, beside the root of the repository.
    """

    def __init__(self, modules: Sequence[str], *, path: Sequence[Path] = ()) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._asking = threading.Lock()
        places = os.pathsep.join(str(it) for it in (_ROOT, *path))
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.servers.forking", str(theirs.fileno()), *modules],
                cwd=_ROOT,
                env={**os.environ, "PYTHONPATH": places},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def start(
        self, module: str, *, environment: Mapping[str, str], folder: Path, output: IO[bytes]
    ) -> ForkedProcess:
        """Start a program.

        Args:
            module: Its name.
            environment: All of its environment.
            folder: Where it works.
            output: Where it writes what it prints.

        Raises:
            ConnectionError: They could not be imported; what was printed says why.
        """
        request = {"module": module, "environment": {**environment}, "folder": str(folder)}
        with self._asking:
            socket.send_fds(self._channel, [json.dumps(request).encode()], [output.fileno()])
            answer, handles, _, _ = socket.recv_fds(self._channel, 100, 1)
        return ForkedProcess(int(answer), handles[0])

    def close(self) -> None:
        """End it, and what it has started."""
        self._channel.close()
        self._process.wait()


def _main(channel: socket.socket, modules: Sequence[str]) -> None:
    """Import, then fork for each request until nobody can ask any more, and end what runs."""
    gc.disable()  # nothing of what is imported is ever thrown away
    for name in modules:
        import_module(name)
    gc.freeze()
    gc.enable()
    running: dict[int, int] = {}
    while True:
        ready = select.select([channel, *running], [], [])[0]
        for handle in running.keys() & ready:
            os.waitpid(running.pop(handle), 0)
            os.close(handle)
        if channel not in ready:
            continue
        asked, given = _asked(channel)
        if not asked:
            for handle in running:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            return
        pid = os.fork()
        if pid == 0:
            channel.close()
            _become(json.loads(asked), given[0])
            return
        os.close(given[0])
        running[handle := os.pidfd_open(pid)] = pid
        with contextlib.suppress(BrokenPipeError):  # it was killed, as we shall hear in a moment
            socket.send_fds(channel, [str(pid).encode()], [handle])


def _asked(channel: socket.socket) -> tuple[bytes, list[int]]:
    """A request, and where the program shall write; nothing if nobody can ask any more."""
    try:
        asked, given, _, _ = socket.recv_fds(channel, _LONGEST, 1)
    except ConnectionResetError:  # killed before it had read an answer
        return b"", []
    return asked, given


def _become(request: Mapping[str, Any], output: int) -> None:
    """Be the program that was asked for, until it ends."""
    os.setsid()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())
    os.close(output)
    del sys.argv[1:]
    sys.modules.pop(request["module"])  # it runs as the main module now
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
