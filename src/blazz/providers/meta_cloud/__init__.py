"""Meta's Cloud API. `MetaCloud` loads on first use: reading webhooks needs no HTTP client."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blazz.providers.meta_cloud.credentials import CloudCredentials
    from blazz.providers.meta_cloud.provider import DEFAULT_VERSION, MetaCloud
    from blazz.providers.meta_cloud.retries import Retries

__all__ = ["DEFAULT_VERSION", "CloudCredentials", "MetaCloud", "Retries"]

_HOMES = {
    "CloudCredentials": "credentials",
    "DEFAULT_VERSION": "provider",
    "MetaCloud": "provider",
    "Retries": "retries",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module has
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
