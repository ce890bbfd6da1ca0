"""Makes an auth store from a URL."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from blazz.auth_stores.saving import Settings
from blazz.auth_stores.store import SnapshotStore
from blazz.errors import ConfigurationError, KeyRingError
from blazz.security.keyring import ENVIRONMENT_VARIABLE, KeyRing


def from_url(
    url: str | Path,
    *,
    keyring: KeyRing | str | Path | None = None,
    settings: Settings | None = None,
) -> SnapshotStore:
    """Make an auth store.

    ============================ =========================================================
    `file:///srv/sessions`       a folder; a path without `file://` is one, too
    `redis://host:6379/0`        Redis; `rediss://` with TLS, `unix://` for a socket
    `s3://bucket/prefix`         S3; `?endpoint=https://…` for others than AWS, `&region=…`
    `memory://`                  gone with the process
    ============================ =========================================================

    Args:
        url: Where sessions are kept.
        keyring: A key ring, or the file that it is in. Without it, the environment variable
            `BLAZZ_KEYS` is read; a folder without either makes a key ring of its own.
        settings: How snapshots are cut and kept.

    Raises:
        ConfigurationError: The URL is none of these.
        KeyRingError: There is no key ring, or it cannot be read.
        MissingDependency: The extra for this store is not installed.

    Example:
        >>> from_url("memory://")
        <MemoryAuth memory://>
    """
    scheme = urlsplit(url).scheme if isinstance(url, str) and "://" in url else "file"
    ring = _ring(keyring)
    if scheme == "file":
        from blazz.auth_stores.local import LocalAuth

        return LocalAuth(_path(url), keyring=ring, settings=settings)
    if scheme == "memory":
        from blazz.auth_stores.memory import MemoryAuth

        return MemoryAuth(keyring=ring, settings=settings)
    if scheme in {"redis", "rediss", "unix"}:
        from blazz.auth_stores.redis import RedisAuth

        return RedisAuth(str(url), keyring=_needed(ring), settings=settings)
    if scheme == "s3":
        from blazz.auth_stores.s3 import S3Auth

        return S3Auth(str(url), keyring=_needed(ring), settings=settings)
    # The URL itself is not shown: it may hold a password.
    raise ConfigurationError(
        f"there is no auth store for {scheme}://…; use file://, redis://, s3:// or memory://"
    )


def _ring(keyring: KeyRing | str | Path | None) -> KeyRing | None:
    if isinstance(keyring, KeyRing):
        return keyring
    if keyring is not None:
        return KeyRing.from_file(keyring)
    return KeyRing.from_environment() if os.environ.get(ENVIRONMENT_VARIABLE) else None


def _needed(ring: KeyRing | None) -> KeyRing:
    if ring is None:
        raise KeyRingError(
            f"a key ring is needed: set {ENVIRONMENT_VARIABLE}, or give keyring=; make one with"
            " KeyRing.generate().write('keyring')"
        )
    return ring


def _path(url: str | Path) -> Path:
    if isinstance(url, Path) or "://" not in url:
        return Path(url)
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"}:
        raise ConfigurationError(f"file:///path has three slashes; {parts.netloc!r} is no host")
    return Path(unquote(parts.path))
