"""What the server is told by its environment; without any of it, all runs on this machine."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, IPvAnyNetwork, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from blazz.security.secret import Secret
from blazz.webhooks.receiver import BODY_LIMIT

META: Final = "/webhooks/meta"
"""Where Meta sends webhooks to."""
UPLOADS: Final = ("/media", "/audiences")
"""The ends of paths that take files."""
SHORTEST_SECRET: Final = 16


class Settings(BaseSettings):
    """Settings, each an environment variable `BLAZZ_SERVER_<NAME>`.

    Attributes:
        folder: Where files are kept that no URL names another place for.
        database_url: The server's own tables, and with PostgreSQL also inbox, conversations and
            campaigns: `sqlite:///…` or `postgresql://…`.
        redis_url: The bus, the registry of instances, the rate limits and the engine of campaigns;
            without it this process is alone.
        auth_store: Where sessions outlive their machine: a folder, `redis://…` or `s3://…`.
        instance: The name of this instance, which no other has.
        address: Where the other instances reach this one.
        capacity: How many sessions it runs at most.
        cluster_secret: Signs calls between instances; the same on all of them. While it is rotated,
            several with commas between: the first one signs, all of them are accepted.
        admin_key: The key of the administrator; made and printed at the first start without it.
        sandbox: Whether sessions may use the sandbox, and whether this process serves it.
        sandbox_url: A sandbox that runs elsewhere.
        web_executable: The Chromium that runs WhatsApp Web; found by itself otherwise.
        allow_private_targets: Whether webhooks may be sent to private addresses.
        secure_cookies: Whether the dashboard's cookie wants HTTPS.
        lease: Seconds that a dead instance keeps its sessions.
        max_body: Bytes that the body of a call may have.
        max_upload: Bytes that the upload of a file may have; WhatsApp takes up to 100 MB.
        calls_per_second: Calls that a key may make in the long run.
        calls_at_once: Calls that it may make at once after a pause.
        live_key: What browsers name to get live events; it is public.
        live_secret: Signs what browsers subscribe to, and what other servers publish; by default
            made from `cluster_secret`. Likewise several while it is rotated.
        sockets_per_address: Live sockets from one address, or one network of IPv6; behind a proxy,
            the address that it names.
        metrics_networks: From where `/metrics` may be read without a key, such as
            `["10.0.0.0/8"]`.
    """

    model_config = SettingsConfigDict(env_prefix="BLAZZ_SERVER_", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    folder: Path = Path(".blazz-server")
    database_url: str = ""
    redis_url: str = ""
    auth_store: str = ""
    instance: str = Field(default_factory=lambda: socket.gethostname().lower()[:63] or "local")
    address: str = ""
    capacity: int = Field(default=500, ge=0)
    cluster_secret: SecretStr = SecretStr("")
    admin_key: SecretStr = SecretStr("")
    sandbox: Literal["embedded", "remote", "off"] = "embedded"
    sandbox_url: str = ""
    web_executable: str = ""
    allow_private_targets: bool = False
    secure_cookies: bool = False
    lease: float = Field(default=30.0, ge=1, le=600)
    live_key: str = Field(default="blazz", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    live_secret: SecretStr = SecretStr("")
    sockets_per_address: int = Field(default=1_000, ge=1)
    metrics_networks: tuple[IPvAnyNetwork, ...] = ()
    max_body: int = Field(default=1024 * 1024, ge=1024)
    max_upload: int = Field(default=100 * 1024 * 1024, ge=1024)
    calls_per_second: float = Field(default=100.0, gt=0, le=1_000_000)
    calls_at_once: int = Field(default=200, ge=1)

    @field_validator("admin_key")
    @classmethod
    def _hard_to_guess(cls, secret: SecretStr) -> SecretStr:
        if 0 < len(secret.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(f"at least {SHORTEST_SECRET} characters")
        return secret

    @field_validator("cluster_secret", "live_secret")
    @classmethod
    def _all_hard_to_guess(cls, secret: SecretStr) -> SecretStr:
        if any(len(it.reveal()) < SHORTEST_SECRET for it in _several(secret)):
            raise ValueError(f"at least {SHORTEST_SECRET} characters each")
        return secret

    @property
    def cluster_secrets(self) -> tuple[Secret, ...]:
        """What calls between instances are signed with; none: this instance is alone."""
        return _several(self.cluster_secret)

    @property
    def live_secrets(self) -> tuple[Secret, ...]:
        """What live events are signed with, if it is given."""
        return _several(self.live_secret)

    def body_limit(self, path: str) -> int:
        """How many bytes the body of a call to this path may have."""
        if path == META:
            return max(self.max_body, BODY_LIMIT)
        return self.max_upload if path.endswith(UPLOADS) else self.max_body


def _several(secret: SecretStr) -> tuple[Secret, ...]:
    given = secret.get_secret_value()
    return tuple(Secret(it.strip()) for it in given.split(",")) if given else ()
