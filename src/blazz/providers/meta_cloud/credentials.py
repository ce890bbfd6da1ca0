"""What opens a number of the Cloud API: its ids, and the secrets that belong to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, TypedDict

import httpx

from blazz.errors import InvalidValue
from blazz.providers.meta_cloud.arguments import check_id, checked_token
from blazz.security.secret import Secret

if TYPE_CHECKING:
    from blazz.providers.meta_cloud.retries import Retries
    from blazz.providers.meta_cloud.transports import TransportChoice

_APP_SECRET: Final = "app_secret"  # noqa: S105  # the name of a field
_MOST_APP_SECRETS: Final = 8


class CloudOptions(TypedDict, total=False):
    """How a `MetaCloud` reaches the API, apart from what opens its number."""

    version: str
    base_url: str
    transport: TransportChoice | None
    proxy: str | None
    connections: int
    timeout: float | httpx.Timeout
    retries: Retries | None


class CloudArguments(TypedDict):
    """What of its credentials a `MetaCloud` is made with."""

    phone_number_id: str
    token: str | Secret
    waba_id: str | None
    app_secret: Sequence[str | Secret]
    verify_token: str | Secret | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudCredentials:
    """What opens a number of the Cloud API; an auth store keeps it.

    Attributes:
        phone_number_id: The number's id in the app's dashboard.
        token: An access token.
        waba_id: The WhatsApp business account's id.
        app_secrets: What Meta signs webhooks with, newest first.
        verify_token: What Meta sends when it checks a webhook address.
        pin: The number's PIN for two-step verification, with which it is registered anew.

    Raises:
        InvalidValue: An id or the token is malformed.

    Example:
        >>> credentials = CloudCredentials(phone_number_id="106540352242922", token="EAAGexample")
        >>> credentials
        CloudCredentials(phone_number_id='106540352242922', token=Secret('***'), waba_id=None, \
app_secrets=(), verify_token=None, pin=None)
        >>> CloudCredentials.from_secrets(credentials.to_secrets()) == credentials
        True
    """

    phone_number_id: str
    token: Secret | str
    waba_id: str | None = None
    app_secrets: tuple[Secret | str, ...] = ()
    verify_token: Secret | str | None = None
    pin: Secret | str | None = None

    def __post_init__(self) -> None:
        check_id("phone_number_id", self.phone_number_id)
        if self.waba_id is not None:
            check_id("waba_id", self.waba_id)
        if len(self.app_secrets) > _MOST_APP_SECRETS:
            raise InvalidValue(
                "CloudCredentials.app_secrets",
                f"at most {_MOST_APP_SECRETS}",
                len(self.app_secrets),
            )
        # Whatever was given, nothing prints itself from here on.
        put = object.__setattr__
        put(self, "token", checked_token(self.token))
        put(self, "app_secrets", tuple(Secret(each) for each in self.app_secrets))
        for name in ("verify_token", "pin"):
            value = getattr(self, name)
            put(self, name, None if value is None else Secret(value))

    def arguments(self) -> CloudArguments:
        """Give what a `MetaCloud` is made with; the PIN is only for registering its number."""
        return {
            "phone_number_id": self.phone_number_id,
            "token": self.token,
            "waba_id": self.waba_id,
            "app_secret": self.app_secrets,
            "verify_token": self.verify_token,
        }

    def to_secrets(self) -> dict[str, Secret]:
        """Write it as named secrets, for an auth store."""
        named = {
            "phone_number_id": self.phone_number_id,
            "token": self.token,
            "waba_id": self.waba_id,
            "verify_token": self.verify_token,
            "pin": self.pin,
        }
        named |= {f"{_APP_SECRET}_{n}": each for n, each in enumerate(self.app_secrets, start=1)}
        return {name: Secret(value) for name, value in named.items() if value is not None}

    @classmethod
    def from_secrets(cls, secrets: Mapping[str, str | Secret]) -> Self:
        """Read it from named secrets: those of `to_secrets`, or written by hand.

        A single `app_secret` is understood, too.

        Raises:
            InvalidValue: One is missing or malformed.
        """
        known = {name: Secret(value) for name, value in secrets.items()}
        for needed in ("phone_number_id", "token"):
            if needed not in known:
                raise InvalidValue("credentials", f"a {needed}", sorted(known))
        numbered = [f"{_APP_SECRET}_{number}" for number in range(1, _MOST_APP_SECRETS + 1)]
        waba_id = known.get("waba_id")
        return cls(
            phone_number_id=known["phone_number_id"].reveal(),
            token=known["token"],
            waba_id=None if waba_id is None else waba_id.reveal(),
            app_secrets=tuple(known[name] for name in (_APP_SECRET, *numbered) if name in known),
            verify_token=known.get("verify_token"),
            pin=known.get("pin"),
        )
