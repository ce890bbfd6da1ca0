"""A server that answers every request with one accepted message: nginx, so that it never limits."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.servers.programs import find

_CONFIGURATION = """\
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_timeout 300; keepalive_requests 100000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    default_type application/json;
    location / {{ return 200 '{answer}'; }}
  }}
}}
"""
_ANSWER = (
    '{"messaging_product":"whatsapp",'
    '"contacts":[{"input":"+6281234567890","wa_id":"6281234567890"}],'
    '"messages":[{"id":"wamid.HBgNNjI4MTIzNDU2Nzg5MBUCABEYEjQ5QzhFQjMyMDM0RkU5RjQ5AA=="}]}'
)


@contextlib.contextmanager
def canned_api() -> Iterator[str]:
    """Run the server; give its address.

    Raises:
        MissingProgram: nginx is not installed; says what to install.
    """
    nginx = find("nginx")
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), _free_port()
        configuration = folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(folder=folder, port=port, answer=_ANSWER), encoding="utf-8"
        )
        # The first complaints of nginx, about the log that it may not open, are no news.
        with subprocess.Popen(
            [str(nginx), "-c", str(configuration), "-e", str(folder / "errors.log")]
        ) as process:
            try:
                _wait_for(port, process)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
    raise RuntimeError(f"nginx ended with {process.returncode}")
