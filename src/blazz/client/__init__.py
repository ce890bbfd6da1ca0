"""The client: puts the parts together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blazz.client.client import Client

__all__ = ["Client"]


# The sandbox shares a small part of this package, and starts in half the time without the rest.
def __getattr__(name: str) -> object:
    if name != "Client":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from blazz.client.client import Client

    globals()[name] = Client
    return Client
