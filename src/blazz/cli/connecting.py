"""Which number a command uses: its options, and the provider that they make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from blazz.client import Client
from blazz.errors import ConfigurationError
from blazz.providers.base import Provider

Folder: TypeAlias = Annotated[
    Path, typer.Option(help="Where blazz keeps its files.", envvar="BLAZZ_FOLDER")
]
Workspace: TypeAlias = Annotated[str, typer.Option(help="The tenant.", envvar="BLAZZ_WORKSPACE")]
SessionName: TypeAlias = Annotated[str, typer.Option("--session", help="The session's name.")]
UseSandbox: TypeAlias = Annotated[
    bool, typer.Option("--sandbox", help="Use a stand-in for WhatsApp on this machine.")
]
SandboxUrl: TypeAlias = Annotated[
    str | None, typer.Option(help="Use the stand-in that runs here, see `blazz sandbox`.")
]
PhoneNumberId: TypeAlias = Annotated[
    str | None, typer.Option(help="The number's id.", envvar="BLAZZ_PHONE_NUMBER_ID")
]
Token: TypeAlias = Annotated[
    str | None,
    typer.Option(help="The access token; better in BLAZZ_TOKEN than here.", envvar="BLAZZ_TOKEN"),
]
AppSecret: TypeAlias = Annotated[
    str | None, typer.Option(help="Checks webhooks' signatures.", envvar="BLAZZ_APP_SECRET")
]
LedgerUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        help="The campaigns: postgresql://…; by default the file in --folder.",
        envvar="BLAZZ_LEDGER",
    ),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Write JSON, for machines.")]

DEFAULT_FOLDER = Path(".blazz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The number that a command uses, as it was named on the command line."""

    folder: Path
    workspace: str
    session: str
    sandbox: bool
    sandbox_url: str | None
    phone_number_id: str | None
    token: str | None
    app_secret: str | None
    ledger: str | None = None

    def client(self) -> Client:
        """Make the client."""
        return Client(workspace=self.workspace, folder=self.folder, ledger=self.ledger)

    def provider(self, *, throughput: int | None = 80) -> Provider:
        """Make the provider.

        Args:
            throughput: Messages per second that a sandbox of our own takes.

        Raises:
            ConfigurationError: No number is named, or two are.
        """
        named = self.phone_number_id is not None
        if self.sandbox or self.sandbox_url is not None:
            if named and self.token is not None:
                raise ConfigurationError("either --sandbox or a number with its token, not both")
            return self._sandbox(throughput)
        if not named or self.token is None:
            raise ConfigurationError(
                "which number? Give --phone-number-id and BLAZZ_TOKEN,"
                " or --sandbox to try it on this machine"
            )
        from blazz.providers.meta_cloud import MetaCloud

        assert self.phone_number_id is not None
        return MetaCloud(self.phone_number_id, self.token, app_secret=self.app_secret or ())

    def beside(self, first: Provider, phone_number_id: str) -> Provider:
        """Make the provider of another number of the same account.

        Args:
            first: The provider of the first number; it is connected.
            phone_number_id: The other number's id.
        """
        if self.sandbox or self.sandbox_url is not None:
            from blazz.sandbox import Sandbox

            assert isinstance(first, Sandbox)
            return Sandbox(first.url, phone_number_id=phone_number_id)
        from blazz.providers.meta_cloud import MetaCloud

        assert self.token is not None
        return MetaCloud(phone_number_id, self.token, app_secret=self.app_secret or ())

    def _sandbox(self, throughput: int | None) -> Provider:
        from blazz.sandbox import Sandbox

        if self.sandbox_url is not None:
            return Sandbox(self.sandbox_url)
        return Sandbox(throughput=throughput, any_template=True)
