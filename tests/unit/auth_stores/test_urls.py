"""Auth stores by URL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from blazz import auth_stores
from blazz.auth_stores import LocalAuth, MemoryAuth, RedisAuth, S3Auth, from_url
from blazz.errors import ConfigurationError, KeyRingError
from blazz.security.keyring import KeyRing

RING = KeyRing.generate("one")


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BLAZZ_KEYS", raising=False)


@pytest.mark.parametrize(
    ("url", "kind", "name"),
    [
        ("memory://", MemoryAuth, "memory://"),
        ("redis://localhost:7000/3", RedisAuth, "redis://localhost:7000/3"),
        ("redis://user:hidden@host", RedisAuth, "redis://host:6379/0"),
        ("rediss://host", RedisAuth, "redis://host:6379/0"),
        ("unix:///run/redis.sock", RedisAuth, "redis:///run/redis.sock/0"),
        ("s3://bucket/some/prefix", S3Auth, "s3://bucket/some/prefix"),
        ("s3://bucket?endpoint=http://localhost:9000&region=auto", S3Auth, "s3://bucket/"),
    ],
)
def test_a_url_names_a_store(url: str, kind: type, name: str) -> None:
    store = from_url(url, keyring=RING)

    assert type(store) is kind
    assert store.backend.name == name
    assert "hidden" not in repr(store)


def test_a_folder_is_given_as_url_or_path(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    url = f"file://{tmp_path}/with%20space"

    for given in (url, folder, str(folder)):
        store = from_url(given)
        assert isinstance(store, LocalAuth)
        assert store.backend.name == f"file://{folder}"
    assert (folder / "keyring").exists()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://user:hidden@host", "no auth store for mysql"),
        ("file://folder/x", "three slashes"),
        ("s3://bucket?retries=3", "no option 'retries'"),
        ("s3://user:hidden@bucket", "s3://bucket/prefix"),
    ],
)
def test_anything_else_is_refused_without_showing_a_password(url: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as refused:
        from_url(url, keyring=RING)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("url", ["redis://localhost", "s3://bucket"])
def test_a_store_that_others_can_reach_needs_a_key_ring(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyRingError, match="BLAZZ_KEYS"):
        from_url(url)
    RING.write(tmp_path / "keyring")
    from_url(url, keyring=tmp_path / "keyring")
    from_url(url, keyring=str(tmp_path / "keyring"))
    monkeypatch.setenv("BLAZZ_KEYS", (tmp_path / "keyring").read_text())
    from_url(url)


def test_every_public_name_is_there() -> None:
    assert {name for name in auth_stores.__all__ if not hasattr(auth_stores, name)} == set()
    assert set(dir(auth_stores)) == set(auth_stores.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        auth_stores.nothing  # noqa: B018


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"cryptography", "zstandard", "redis", "obstore", "asyncpg", "httpx"}
    code = f"import sys, blazz.auth_stores; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
