"""The sessions that a worker sends from: where their credentials come from, and when they open."""

from __future__ import annotations

import importlib
import inspect
import logging
import os
import sys
import time
import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import anyio

from blazz.addresses import Address
from blazz.campaigns.ledger.records import CampaignRow
from blazz.campaigns.options import CampaignOptions
from blazz.client.suppressions import SuppressionCheck
from blazz.conversations.base import ConversationStore
from blazz.errors import ConfigurationError, SnapshotNotFound, Suppressed
from blazz.messages.base import Message
from blazz.providers.base import Provider, ProviderContext, Receipt
from blazz.session.pacer import Pacer, pacer_for

if TYPE_CHECKING:
    from blazz.auth_stores.base import AuthStore

_log = logging.getLogger(__name__)

_AGAIN_AFTER: Final = 10.0

Source: TypeAlias = Callable[[str, str], Awaitable[Provider | None]]
"""Makes the provider of a session, given its workspace and name; None: it does not know it."""


class WorkerSessions:
    """Opens sessions when a campaign of theirs comes by, and keeps them open.

    They send and receive nothing: webhooks go to the application.

    Args:
        sources: Where providers come from; the first that knows a session has it.
        conversations: Where opt-outs are kept.
        only: Serve only these sessions, by name; none: all.
        sent: Called for each message that a provider took over.
        folder: Where providers may keep files.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        conversations: ConversationStore,
        only: Sequence[str] = (),
        sent: Callable[[str], None] | None = None,
        folder: Path = Path(".blazz"),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources = sources
        self._conversations = conversations
        self._only = frozenset(only)
        self._sent = sent
        self._folder = folder
        self._clock = clock
        self._open: dict[tuple[str, str], Provider] = {}
        self._pacers: dict[str, Pacer] = {}
        self._senders: dict[tuple[int, str], _Sender] = {}
        self._not_before: dict[tuple[str, str], float] = {}
        self._opening = anyio.Lock()

    async def ready(self, row: CampaignRow, sessions: Sequence[str]) -> None:
        """Open those of a campaign's sessions that can be; see `Worker`."""
        for name in sessions:
            key = row.workspace, name
            if key in self._open or (self._only and name not in self._only):
                continue
            async with self._opening:
                if key not in self._open and self._clock() >= self._not_before.get(key, 0.0):
                    await self._try(key)

    def sender(self, row: CampaignRow, session: str) -> _Sender | None:
        """What one of a campaign's sessions sends through; see `Worker`."""
        found = self._senders.get((row.number, session))
        if found is None and (provider := self._open.get((row.workspace, session))) is not None:
            opt_outs = CampaignOptions.from_json(row.options).opt_outs
            key = f"{row.workspace}/{session}"
            check = SuppressionCheck(self._conversations, row.workspace, key, opt_outs)
            found = _Sender(provider, check, key, self._sent, self._pacers.get(key))
            self._senders[row.number, session] = found
        return found

    def pacer_of(self, key: str) -> Pacer | None:
        """The pacer of an open session, by `<workspace>/<session>`; see `PacedLimiter`."""
        return self._pacers.get(key)

    async def close(self) -> None:
        """Disconnect all."""
        self._senders.clear()
        while self._open:
            key, provider = self._open.popitem()
            try:
                await provider.disconnect()
            except Exception:  # noqa: BLE001  # the others must be closed, too
                _log.exception("session %s/%s could not be closed", *key)

    async def _try(self, key: tuple[str, str]) -> None:
        workspace, session = key
        try:
            provider = await self._find(workspace, session)
            if provider is None:
                if key not in self._not_before:
                    _log.warning("session %s/%s is not known here; others may know it", *key)
            else:
                await provider.connect(self._context(workspace, session))
                name = f"{workspace}/{session}"
                if (
                    pacer := pacer_for(provider, session=name, store=self._conversations)
                ) is not None:
                    self._pacers[name] = pacer
                self._open[key] = provider
                _log.info("session %s/%s is open: %r", *key, provider)
                return
        except Exception as error:  # noqa: BLE001  # it may be mended; the others go on
            _log.warning("session %s/%s cannot be opened: %s", *key, error)
        self._not_before[key] = self._clock() + _AGAIN_AFTER

    async def _find(self, workspace: str, session: str) -> Provider | None:
        for source in self._sources:
            provider = await source(workspace, session)
            if provider is not None:
                return provider
        return None

    def _context(self, workspace: str, session: str) -> ProviderContext:
        return ProviderContext(
            workspace=workspace,
            session=session,
            deliver_webhook=_busy,
            folder=self._folder / workspace / session,
        )


class _Sender:
    """Sends a campaign's messages through a provider, past the suppression lists."""

    def __init__(
        self,
        provider: Provider,
        suppressions: SuppressionCheck,
        session: str,
        sent: Callable[[str], None] | None,
        pacer: Pacer | None,
    ) -> None:
        self._provider = provider
        self._pacer = pacer
        self._suppressions = suppressions
        self._session = session
        self._sent = sent

    async def send(self, to: Address, message: Message, *, token: str) -> Receipt:
        """Send one message, once.

        Raises:
            Suppressed: The recipient opted out.
            ConnectionFailed: Whether that is so cannot be told.
        """
        if await self._suppressions.has(str(to)):
            raise Suppressed(f"{to} opted out and is on the suppression list")
        if self._pacer is not None:  # its turn was taken with the row
            await self._pacer.type(to, message)
        receipt = await self._provider.send(to, message, token=token, retry=False)
        if self._sent is not None:
            self._sent(self._session)
        return receipt


async def _busy(_headers: Mapping[str, str], _body: bytes) -> int:
    """Updates that come here by mistake are to be repeated, until the application gets them."""
    return 503


# Sources


def from_app(name: str) -> Source:
    """Providers out of a program: `module:factory`.

    The factory is called with a workspace and a session, may be asynchronous, and gives a provider,
    or None for sessions that it does not know. A mapping of session names to providers will do,
    too.

    Raises:
        ConfigurationError: There is no such module or factory.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise ConfigurationError(f"--app takes module:factory, not {name!r}")
    sys.path.insert(0, str(Path.cwd()))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"--app: {error}") from error
    factory = getattr(module, attribute, None)
    if isinstance(factory, Mapping):
        providers = cast("Mapping[str, Provider]", factory)

        async def look_up(workspace: str, session: str) -> Provider | None:
            return providers.get(f"{workspace}/{session}") or providers.get(session)

        return look_up
    if not callable(factory):
        raise ConfigurationError(f"--app: {module_name} has no function {attribute!r}")

    async def call(workspace: str, session: str) -> Provider | None:
        made = factory(workspace, session)
        return cast("Provider | None", await made if inspect.isawaitable(made) else made)

    return call


def from_file(path: Path) -> Source:
    """Providers out of a TOML file with a table for each session.

    ```toml
    [sales]                          # or ["workspace/sales"]
    phone_number_id = "106540352242922"
    token = "env:SALES_TOKEN"        # or "file:/run/secrets/sales", or the token itself
    ```

    With `sandbox = "http://…"` a session is that of a sandbox that runs there.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"--sessions: {path} cannot be read: {error}") from error

    async def look_up(workspace: str, session: str) -> Provider | None:
        table = tables.get(f"{workspace}/{session}", tables.get(session))
        return None if table is None else _from_table(f"{path}: [{session}]", table)

    return look_up


def from_store(store: AuthStore) -> Source:
    """Providers out of an auth store, where `Client.save_credentials` put them."""
    from blazz.auth_stores.revisions import SessionKey
    from blazz.auth_stores.snapshot.contents import Kind
    from blazz.providers.meta_cloud import MetaCloud

    async def load(workspace: str, session: str) -> Provider | None:
        try:
            stored = await store.load(SessionKey(workspace, session), kind=Kind.CREDENTIALS)
        except SnapshotNotFound:
            return None
        return MetaCloud.from_credentials(await stored.credentials())

    return load


def from_number(phone_number_id: str, token: str) -> Source:
    """One number for every session."""

    async def make(_workspace: str, _session: str) -> Provider | None:
        from blazz.providers.meta_cloud import MetaCloud

        return MetaCloud(phone_number_id, token)

    return make


def from_sandbox(url: str) -> Source:
    """A sandbox that runs already, for every session."""

    async def make(_workspace: str, _session: str) -> Provider | None:
        return _sandbox(url, None)

    return make


def _from_table(where: str, table: object) -> Provider:
    if not isinstance(table, dict):
        raise ConfigurationError(f"{where} is no table")
    given: dict[str, Any] = dict(table)
    sandbox = given.pop("sandbox", None)
    number = given.pop("phone_number_id", None)
    if sandbox is not None:
        return _sandbox(str(sandbox), number)
    from blazz.providers.meta_cloud import MetaCloud

    token = given.pop("token", None)
    known = {"waba_id", "version", "base_url", "connections", "timeout"}
    if number is None or token is None or set(given) - known:
        raise ConfigurationError(
            f"{where} needs phone_number_id and token, or sandbox, and may have"
            f" {', '.join(sorted(known))}"
        )
    return MetaCloud(str(number), _secret(where, str(token)), **given)


def _secret(where: str, text: str) -> str:
    kind, _, name = text.partition(":")
    try:
        if kind == "env":
            return os.environ[name]
        if kind == "file":
            return Path(name).read_text(encoding="utf-8").strip()
    except (KeyError, OSError) as error:
        raise ConfigurationError(f"{where}: the token cannot be read: {error!r}") from error
    return text


def _sandbox(url: str, number: str | None) -> Provider:
    # Not the provider of that name: it would have the sandbox's webhooks come here.
    from blazz.providers.meta_cloud import MetaCloud
    from blazz.sandbox.accounts import DEFAULT_NUMBER_ID

    return MetaCloud(number or DEFAULT_NUMBER_ID, "sandbox", base_url=url)
