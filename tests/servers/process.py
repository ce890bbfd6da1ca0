"""Starts one server process, waits until it answers, and ends exactly that process."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, Protocol, TypeAlias

from tests.servers.caretaker import caretaker

_START_SECONDS = 120
_STOP_SECONDS = 30
# Below the ports that kernels give to whoever connects: one of those could be taken before a server
# binds it, or while a test has killed the server. Each process begins elsewhere.
_PORTS = range(10_000, 32_000)
_steps = itertools.count(os.getpid() * 251)


class ServerFailed(Exception):
    """A server did not start; the message ends with what it wrote."""


class Process(Protocol):
    """A process that was started: what is used of `subprocess.Popen`."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, how: signal.Signals, /) -> None: ...
    def kill(self) -> None: ...


Spawn: TypeAlias = Callable[[IO[bytes]], Process]
"""Starts a process that writes into a file."""


class ServerProcess:
    """A server in a folder of its own, run by an unprivileged user when we are root.

    Args:
        name: What it is.
        as_us: Run it as the user that we are: Python itself may be out of reach for another one.
        ends_by: What ends it at once; it ends so when this process is killed, too.
    """

    def __init__(
        self, name: str, *, as_us: bool = False, ends_by: signal.Signals = signal.SIGKILL
    ) -> None:
        self.name = name
        self._ends_by = ends_by
        self.folder = Path(tempfile.mkdtemp(prefix=f"blazz-{name}-"))
        self.log = self.folder / "server.log"
        self._process: Process | None = None
        self._user = None if as_us else _unprivileged_user()
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._tell(None)

    @property
    def pid(self) -> int:
        """The id of the running process."""
        assert self._process is not None, f"{self.name} is not running"
        return self._process.pid

    def call(self, command: Sequence[str | Path]) -> None:
        """Run a command that prepares the folder, as the server's user."""
        process = self._spawn(command, subprocess.PIPE)
        output, _ = process.communicate()
        if process.returncode:
            raise ServerFailed(f"{command[0]}: {output.decode(errors='replace')}")

    def start(self, command: Sequence[str | Path] | Spawn, *, ready: Callable[[], bool]) -> None:
        """Start the server and wait until `ready` says that it answers."""
        with self.log.open("ab") as log:
            self._process = command(log) if callable(command) else self._spawn(command, log)
        self._tell(self._process.pid)
        deadline = time.monotonic() + _START_SECONDS
        while not ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ServerFailed(f"{self.name} did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the process, with force if it does not go by itself; its folder stays."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._tell(None)

    def remove(self) -> None:
        """End the process and delete its folder."""
        self.stop(self._ends_by)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _tell(self, pid: int | None) -> None:
        caretaker().tell(self.folder, pid, self._ends_by)

    def _spawn(
        self, command: Sequence[str | Path], output: int | IO[bytes]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for pytest, which then ends the server itself
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
        )


def free_port() -> int:
    """A port that nobody listens on, and that no other test is likely to be given."""
    for step in itertools.islice(_steps, len(_PORTS)):
        port = _PORTS[step % len(_PORTS)]
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ServerFailed("no port is free")


def answers(port: int) -> bool:
    """Whether somebody listens on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def serves(port: int, path: str) -> bool:
    """Whether a path of a server on a loopback port is answered with 200.

    A client that can also do HTTPS would load certificates each time, for longer than a look takes.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Whom servers run as when we are root; PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerFailed("root cannot run servers here: there is neither a user postgres nor nobody")
