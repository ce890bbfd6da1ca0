"""Runs sessions on this instance, and looks after each while it runs."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from anyio.abc import TaskGroup

from blazz import Session
from blazz.cluster.registry.base import Change, Registry
from blazz.errors import BlazzError, ConfigurationError
from blazz.events.sessions import SessionState
from blazz.pairing import PairingStep
from blazz.realtime.broadcasts import of_pairing
from blazz_server.errors import ApiError
from blazz_server.hosting.clients import Clients
from blazz_server.hosting.kinds import provider_of
from blazz_server.hosting.pairing import Pairing
from blazz_server.hosting.records import SessionRecords
from blazz_server.hosting.sandbox import SandboxHost
from blazz_server.live.service import Live
from blazz_server.settings import Settings

_OUT_OF_ORDER: Final = frozenset(SessionState) - {
    SessionState.STARTING,
    SessionState.CONNECTING,
    SessionState.READY,
}
_MARGIN: Final = 2.0
_log = logging.getLogger(__name__)


class RunningSession:
    """A session that runs here.

    Attributes:
        session: The session.
        pairing: How it is linked, for providers that are.
        scope: Ends what looks after it.
    """

    def __init__(self, session: Session, pairing: Pairing) -> None:
        self.session = session
        self.pairing = pairing
        self.scope = anyio.CancelScope()


class Sessions:
    """The `Runner` of this instance: opens sessions under their lease, and closes them.

    Args:
        settings: What the environment says.
        clients: The clients of the workspaces.
        records: What is known of sessions.
        registry: Is told why sessions were disconnected.
        sandbox: What sessions may use in place of WhatsApp.
        live: Tells browsers of codes to scan.
        ended: Called when a session ends here by itself.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clients: Clients,
        records: SessionRecords,
        registry: Registry,
        sandbox: SandboxHost,
        live: Live,
        ended: Callable[[str, str], Awaitable[object]],
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._records = records
        self._registry = registry
        self._sandbox = sandbox
        self._live = live
        self._ended = ended
        self._running: dict[str, RunningSession] = {}
        self.tasks: TaskGroup | None = None

    def find(self, key: str) -> RunningSession | None:
        """A session that runs here and is ours at this moment."""
        found = self._running.get(key)
        return found if found is not None and found.session.owned else None

    @property
    def keys(self) -> list[str]:
        """The sessions that run here."""
        return [key for key in self._running if self.find(key) is not None]

    async def start(self, session: str) -> int:
        """See `Runner.start`."""
        workspace, _, name = session.partition("/")
        try:
            opened = await self._open(workspace, name)
        except (BlazzError, ApiError) as error:
            await self._note_failure(workspace, name, error)
            if isinstance(error, ApiError):
                raise ConfigurationError(error.detail) from error
            raise
        assert opened.epoch is not None
        assert self.tasks is not None
        running = RunningSession(opened, Pairing(opened, self._shower(workspace, name)))
        self._running[session] = running
        self.tasks.start_soon(self._attend, running, name=f"attend {session}")
        return opened.epoch

    async def stop(self, session: str) -> None:
        """See `Runner.stop`."""
        running = self._running.pop(session, None)
        if running is not None:
            running.scope.cancel()
            try:
                await running.session.close()
            finally:
                await self._note(running.session)

    async def _open(self, workspace: str, name: str) -> Session:
        row = await self._records.get(workspace, name)
        client = await self._clients.get(workspace)
        provider = await provider_of(
            client,
            name,
            kind=row.kind,
            config=row.config,
            sandbox=self._sandbox,
            executable=self._settings.web_executable,
        )
        # Its last owner may have died just now: whoever waits has it the moment the lease ends.
        wait = self._settings.lease + _MARGIN
        return await client.open(name, provider, exclusive=True, wait=wait)

    async def _attend(self, running: RunningSession) -> None:
        """Look after a session until it is stopped, or ends by itself."""
        session = running.session
        with running.scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(running.pairing.run)
                await self._watch(session)
                tasks.cancel_scope.cancel()
        if not running.scope.cancelled_caught:
            self._running.pop(session.key, None)
            reason = str(session.state_reason)
            try:
                await session.close()
            except BlazzError as error:
                _log.warning("%s was not closed in good order: %s", session.key, error)
            await self._ended(session.key, reason)

    async def _watch(self, session: Session) -> None:
        """Write down where it stands, until it is not ours any more, or has ended by itself.

        What ended while it is ours was opened elsewhere by an earlier owner, or has failed: it is
        started again. A logout or a ban is for people to mend, so such a session stays.
        """
        seen = -1
        while session.owned:
            seen = await session.states.changed(seen)
            await self._note(session)
            if session.state is SessionState.STOPPED:
                return

    async def _note(self, session: Session) -> None:
        workspace, name, epoch = session.workspace, session.name, session.epoch or 0
        states = session.states
        account = getattr(session.provider, "number", None)
        try:
            await self._records.note(
                workspace,
                name,
                epoch=epoch,
                state=states.state,
                reason=states.reason,
                detail=states.detail,
                account=None if account is None else str(account),
            )
            if states.state in _OUT_OF_ORDER:
                await self._registry.note(
                    session.key, epoch=epoch, change=Change.DISCONNECTED, reason=states.reason
                )
        except Exception:  # noqa: BLE001  # the session itself goes on
            _log.exception("%s: its state was not written down", session.key)

    async def _note_failure(self, workspace: str, name: str, error: Exception) -> None:
        try:
            row = await self._records.get(workspace, name)
            await self._records.note(
                workspace,
                name,
                epoch=row.epoch,
                state=SessionState.STOPPED,
                reason="failed",
                detail=str(error),
            )
        except ApiError:
            _log.info("%s/%s was deleted meanwhile", workspace, name)

    def _shower(self, workspace: str, name: str) -> Callable[[PairingStep], Awaitable[object]]:
        async def show(step: PairingStep) -> None:
            broadcast = of_pairing(workspace, name, step)
            if broadcast is not None:
                await self._live.publish(broadcast)

        return show
