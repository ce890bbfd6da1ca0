"""The client: puts the parts together."""

from blazz.client.client import Client

__all__ = ["Client"]
