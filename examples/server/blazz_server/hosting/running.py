"""Runs sessions on this instance, and looks after each while it runs."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from anyio.abc import TaskGroup

from blazz import Session
from blazz.errors import BlazzError, ConfigurationError, LeaseTaken
from blazz.pairing import PairingStep
from blazz.realtime.broadcasts import of_pairing
from blazz_server.errors import ApiError
from blazz_server.hosting.clients import Clients
from blazz_server.hosting.kinds import provider_of
from blazz_server.hosting.pairing import Pairing
from blazz_server.hosting.records import SessionRecords
from blazz_server.hosting.sandbox import SandboxHost
from blazz_server.hosting.telling import SessionStates, StateTeller
from blazz_server.live.service import Live
from blazz_server.settings import Settings

_MARGIN: Final = 2.0
_log = logging.getLogger(__name__)


class RunningSession:
    """A session that runs here.

    Attributes:
        session: The session.
        pairing: How it is linked, for providers that are.
        states: Tells where it stands.
        scope: Ends what looks after it.
    """

    def __init__(self, session: Session, pairing: Pairing, states: SessionStates) -> None:
        self.session = session
        self.pairing = pairing
        self.states = states
        self.scope = anyio.CancelScope()


class Sessions:
    """The `Runner` of this instance: opens sessions under their lease, and closes them.

    Args:
        settings: What the environment says.
        clients: The clients of the workspaces.
        records: What is known of sessions.
        teller: Tells where they stand.
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
        teller: StateTeller,
        sandbox: SandboxHost,
        live: Live,
        ended: Callable[[str, str], Awaitable[object]],
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._records = records
        self.teller = teller
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
            running = await self._open(workspace, name)
        except LeaseTaken:
            raise  # somebody else runs it, and tells where it stands
        except ApiError as error:
            await self._tell_failure(workspace, name, error.detail)
            raise ConfigurationError(error.detail) from error
        except BlazzError as error:
            await self._tell_failure(workspace, name, str(error))
            raise
        except Exception:
            await self._tell_failure(workspace, name, "unforeseen; the server's log says why")
            raise
        assert running.session.epoch is not None
        assert self.tasks is not None
        self._running[session] = running
        self.tasks.start_soon(self._attend, running, name=f"attend {session}")
        return running.session.epoch

    async def stop(self, session: str) -> None:
        """See `Runner.stop`."""
        running = self._running.pop(session, None)
        if running is not None:
            running.scope.cancel()
            try:
                await running.session.close()
            finally:
                await running.states.tell_the_last()

    async def _open(self, workspace: str, name: str) -> RunningSession:
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
        states: SessionStates | None = None

        async def follow() -> None:
            nonlocal states
            opening = client.sessions.get(name)
            if opening is not None:
                states = SessionStates(opening, self.teller)
                await states.follow()

        # Its last owner may have died just now: whoever waits has it the moment the lease ends.
        wait = self._settings.lease + _MARGIN
        problem: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(follow)  # a browser takes its time, in which people want to see it
            try:
                opened = await client.open(name, provider, exclusive=True, wait=wait)
            except Exception as error:  # noqa: BLE001  # raised below, as itself and in no group
                problem = error
            tasks.cancel_scope.cancel()
        if problem is not None:
            raise problem
        pairing = Pairing(opened, self._shower(workspace, name))
        return RunningSession(opened, pairing, states or SessionStates(opened, self.teller))

    async def _attend(self, running: RunningSession) -> None:
        """Look after a session until it is stopped, or ends by itself."""
        session = running.session
        try:
            with running.scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(running.pairing.run)
                    await running.states.follow()
                    tasks.cancel_scope.cancel()
        except Exception:  # noqa: BLE001  # this one is started again, and the others go on
            _log.exception("what looks after %s has failed", session.key)
        if not running.scope.cancelled_caught:
            self._running.pop(session.key, None)
            reason = str(session.state_reason)
            try:
                await session.close()
            except Exception as error:  # noqa: BLE001  # likewise
                unforeseen = not isinstance(error, BlazzError)
                _log.warning("%s was not closed well: %s", session.key, error, exc_info=unforeseen)
            await running.states.tell_the_last()
            await self._ended(session.key, reason)

    async def _tell_failure(self, workspace: str, name: str, problem: str) -> None:
        try:
            await self.teller.failed(workspace, name, problem)
        except ApiError:
            _log.info("%s/%s was deleted meanwhile", workspace, name)
        except Exception:  # noqa: BLE001  # it is tried again, and told then
            _log.exception("%s/%s: that it failed was not written down", workspace, name)

    def _shower(self, workspace: str, name: str) -> Callable[[PairingStep], Awaitable[object]]:
        async def show(step: PairingStep) -> None:
            broadcast = of_pairing(workspace, name, step)
            if broadcast is not None:
                await self._live.publish(broadcast)

        return show
