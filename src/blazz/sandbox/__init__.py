"""A stand-in for WhatsApp on your machine.

`Sandbox` is a provider that starts one by itself; `serve` runs one in this process;
`python -m blazz.sandbox` starts one from the command line. All names load on first use: the server
needs the extra `server`, the rest does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from blazz.errors import MissingDependency

if TYPE_CHECKING:
    from blazz.sandbox.control import LoggedMessage, SandboxControl
    from blazz.sandbox.driving import SandboxWeb
    from blazz.sandbox.magic import Story
    from blazz.sandbox.phone import SandboxPhone
    from blazz.sandbox.provider import Sandbox
    from blazz.sandbox.server import ServerOptions, serve
    from blazz.sandbox.settings import Settings
    from blazz.sandbox.user import SandboxUser

__all__ = [
    "LoggedMessage",
    "Sandbox",
    "SandboxControl",
    "SandboxPhone",
    "SandboxUser",
    "SandboxWeb",
    "ServerOptions",
    "Settings",
    "Story",
    "serve",
]

_HOMES = {
    "LoggedMessage": "control",
    "Sandbox": "provider",
    "SandboxControl": "control",
    "SandboxPhone": "phone",
    "SandboxUser": "user",
    "SandboxWeb": "driving",
    "ServerOptions": "server",
    "Settings": "settings",
    "Story": "magic",
    "serve": "server",
}

_SERVER_PACKAGES = {"httptools", "starlette", "uvicorn"}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever the module has
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in _SERVER_PACKAGES:
            raise MissingDependency(package, extra="server") from error
        raise
