"""What the server's sockets are set to."""

from __future__ import annotations

import socket

from blazz_server.edge.connections import listen


def test_answers_do_not_wait_to_be_acknowledged() -> None:
    """With Nagle's algorithm an answer in two parts takes 40 ms more."""
    listening = listen("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
