"""The kinds of sessions: what each is made from, and its provider."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Protocol, Self, TypeAlias

from pydantic import BaseModel, Field, SecretStr, TypeAdapter, model_validator

from blazz import Client, MetaCloud, Sandbox, Web
from blazz.providers.base import Provider
from blazz.providers.meta_cloud.credentials import CloudCredentials
from blazz.providers.pacing import Pacing
from blazz.providers.web.settings import BrowserSettings
from blazz.security.secret import Secret
from blazz_server.errors import ApiError

_ID: Final = r"^[0-9]{5,25}$"
_PHONE: Final = r"^\+?[0-9][0-9 ().-]{5,24}$"


class SandboxNumber(BaseModel):
    """A number of the sandbox: a Cloud API that sends nothing to anybody."""

    kind: Literal["sandbox"] = "sandbox"


class CloudNumber(BaseModel):
    """A number of Meta's Cloud API; its secrets are kept sealed and are never shown again."""

    kind: Literal["cloud"] = "cloud"
    phone_number_id: str = Field(pattern=_ID, examples=["106540352242922"])
    waba_id: str | None = Field(default=None, pattern=_ID, examples=["102290129340398"])
    token: SecretStr = Field(min_length=1, max_length=1000, examples=["EAAG…"])
    app_secret: SecretStr | None = Field(default=None, min_length=1, max_length=200)
    verify_token: SecretStr | None = Field(default=None, min_length=1, max_length=200)


class WebAccount(BaseModel):
    """An account of WhatsApp Web, linked by QR code or pairing code."""

    kind: Literal["web"] = "web"
    account: str | None = Field(
        default=None,
        pattern=_PHONE,
        description="The number that may be linked; none: whoever scans the code.",
        examples=["+62 811-0000-0001"],
    )
    simulated: bool | None = Field(
        default=None,
        description="Use the sandbox's simulated WhatsApp; by default if there is a sandbox.",
    )
    paced: bool | None = Field(
        default=None,
        description="Hold messages back as a person would; by default for the real WhatsApp.",
    )


NewKind: TypeAlias = Annotated[
    SandboxNumber | CloudNumber | WebAccount, Field(discriminator="kind")
]
_KEPT: Final[TypeAdapter[SandboxNumber | WebAccount]] = TypeAdapter(
    Annotated[SandboxNumber | WebAccount, Field(discriminator="kind")]
)


class SandboxPlace(Protocol):
    """Where the sandbox is."""

    @property
    def url(self) -> str | None:
        """Its address; None: there is none."""
        ...


def config_of(kind: SandboxNumber | CloudNumber | WebAccount, *, sandbox: bool) -> dict[str, Any]:
    """What is kept of a kind in the table: all but its secrets.

    Raises:
        ApiError: It needs the sandbox, and there is none.
    """
    if isinstance(kind, WebAccount):
        simulated = sandbox if kind.simulated is None else kind.simulated
        paced = not simulated if kind.paced is None else kind.paced
        kind = kind.model_copy(update={"simulated": simulated, "paced": paced})
    if not sandbox and (kind.kind == "sandbox" or getattr(kind, "simulated", False)):
        raise ApiError(409, "no_sandbox", "this server has no sandbox")
    return kind.model_dump(exclude={"kind", "token", "app_secret", "verify_token"})


def credentials_of(kind: CloudNumber) -> CloudCredentials:
    """The secrets of a number, for the auth store."""
    app_secret = _secret(kind.app_secret)
    return CloudCredentials(
        phone_number_id=kind.phone_number_id,
        token=Secret(kind.token.get_secret_value()),
        waba_id=kind.waba_id,
        app_secrets=() if app_secret is None else (app_secret,),
        verify_token=_secret(kind.verify_token),
    )


def _secret(given: SecretStr | None) -> Secret | None:
    return None if given is None else Secret(given.get_secret_value())


class NewCredentials(BaseModel):
    """Credentials of a number that are replaced; what is left out stays. They are never shown."""

    token: SecretStr | None = Field(default=None, min_length=1, max_length=1000, examples=["EAAG…"])
    app_secret: SecretStr | None = Field(
        default=None, min_length=1, max_length=200, examples=["0123456789abcdef"]
    )
    verify_token: SecretStr | None = Field(
        default=None, min_length=1, max_length=200, examples=["any-words-of-yours"]
    )
    keep_former_app_secret: bool = Field(
        default=True,
        description="Whether webhooks signed with the former app secret are accepted, too: "
        "until the next change.",
    )

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.names:
            raise ValueError("give a token, an app_secret or a verify_token")
        return self

    @property
    def names(self) -> list[str]:
        """What is replaced."""
        return [it for it in ("token", "app_secret", "verify_token") if getattr(self, it)]

    def within(self, former: CloudCredentials) -> CloudCredentials:
        """The credentials of a number with these in place of the former ones."""
        return replace(
            former,
            token=_secret(self.token) or former.token,
            app_secrets=self._app_secrets(former.app_secrets),
            verify_token=_secret(self.verify_token) or former.verify_token,
        )

    def _app_secrets(self, former: Sequence[Secret | str]) -> tuple[Secret | str, ...]:
        new = _secret(self.app_secret)
        if new is None:
            return tuple(former) if self.keep_former_app_secret else tuple(former[:1])
        kept = [it for it in former if Secret(it).reveal() != new.reveal()][:1]
        return (new, *(kept if self.keep_former_app_secret else ()))


async def provider_of(
    client: Client,
    name: str,
    *,
    kind: str,
    config: Mapping[str, Any],
    sandbox: SandboxPlace,
    executable: str = "",
) -> Provider:
    """Make the provider of a session.

    Raises:
        ApiError: It needs the sandbox, and there is none.
        SnapshotNotFound: Its credentials are gone.
    """
    if kind == "cloud":
        return MetaCloud.from_credentials(await client.credentials(name))
    given = _KEPT.validate_python({"kind": kind, **config})
    needs_sandbox = isinstance(given, SandboxNumber) or given.simulated
    if needs_sandbox and sandbox.url is None:
        raise ApiError(409, "no_sandbox", "this server has no sandbox")
    if isinstance(given, SandboxNumber):
        number, waba = sandbox_ids(client.workspace, name)
        return Sandbox(sandbox.url, phone_number_id=number, waba_id=waba)
    browser = BrowserSettings(executable=Path(executable) if executable else None)
    return Web(
        account=given.account,
        url=f"{sandbox.url}/web/" if given.simulated else None,
        browser=browser,
        pacing=None if given.paced else Pacing.off(),
    )


def sandbox_ids(workspace: str, name: str) -> tuple[str, str]:
    """The phone number id and the WABA id of a session in the sandbox, which all share.

    Example:
        >>> sandbox_ids("acme", "shop") == sandbox_ids("acme", "shop")
        True
        >>> sandbox_ids("acme", "shop")[1] == sandbox_ids("acme", "help")[1]
        True
    """
    return _digits(f"number {workspace}/{name}"), _digits(f"account {workspace}")


def _digits(text: str) -> str:
    found = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
    return f"9{found % 10**14:014}"
