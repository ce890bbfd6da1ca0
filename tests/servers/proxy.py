"""A TCP proxy that a test can cut, and connect again."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.servers.process import free_port


class Proxy:
    """Passes bytes on to a port of this machine, in threads of its own.

    While it is cut, open connections are reset and new ones are refused at once. With
    `drop_answers` requests get through and answers do not.
    """

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.drop_answers = False
        self._target = target
        self._is_cut = False
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset all connections and refuse new ones."""
        self._is_cut = True
        for connection in list(self._open):
            _reset(connection)

    def mend(self) -> None:
        """Let everything through again."""
        self.drop_answers = False
        self._is_cut = False

    def close(self) -> None:
        """End it."""
        self.cut()
        _reset(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                _reset(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._target), timeout=30)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            self._open |= {client, server}
            for source, sink, answers in ((client, server, False), (server, client, True)):
                threading.Thread(
                    target=self._pass_on, args=(source, sink, answers), daemon=True
                ).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if answers and self.drop_answers:
                    break
                sink.sendall(data)
        for each in (source, sink):
            _reset(each)
            self._open.discard(each)


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
