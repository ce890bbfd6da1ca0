"""Keeps one session in an auth store: its lease, its restore and its backups, as one thing."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import anyio
import anyio.to_thread

from blazz.auth_stores.backups import DEFAULT_INTERVAL, Backups, check_interval
from blazz.auth_stores.base import DEFAULT_TTL, AuthStore, Lease, check_ttl
from blazz.auth_stores.clock import unstopped
from blazz.auth_stores.disk import scarce_space
from blazz.auth_stores.keeping_news import News, Report, nobody
from blazz.auth_stores.leases import LeaseKeeper, owner_name
from blazz.auth_stores.local_state import Keep, adopt, lacks_documents, look, note
from blazz.auth_stores.restoring import Phase, Restored, read_state, restore
from blazz.auth_stores.revisions import Revision, Saved, SessionKey
from blazz.auth_stores.snapshot.contents import Browser, Kind, Snapshot
from blazz.auth_stores.standby import Standby
from blazz.auth_stores.tasks import BoundedTasks
from blazz.errors import (
    AuthStoreError,
    InvalidValue,
    SnapshotDamaged,
    SnapshotNotFound,
    StaleSnapshot,
    StoreUnavailable,
)
from blazz.telemetry import Telemetry

_LAST_PAUSES: Final = (1.0, 3.0)
_LAST_WORDS: Final = 5.0
_log = logging.getLogger("blazz.auth_stores")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How sessions are kept.

    Attributes:
        ttl: Seconds that a lease is good for after each renewal: how long another process waits for
            a session whose owner has died.
        interval: The least seconds between two backups of a session.
        last_pauses: Seconds before each further attempt to store what a session has ended with.
    """

    ttl: float = DEFAULT_TTL
    interval: float = DEFAULT_INTERVAL
    last_pauses: tuple[float, ...] = _LAST_PAUSES

    def __post_init__(self) -> None:
        check_ttl(self.ttl)
        check_interval(self.interval)
        for pause in self.last_pauses:
            if not 0 <= pause <= 60:
                raise InvalidValue("Keeping.last_pauses", "0 to 60 seconds each", pause)


@dataclass(frozen=True, slots=True)
class Latest:
    """Of the newest state, what its folder may lack, and how far the folder had come with it."""

    documents: Mapping[str, bytes] = field(repr=False)
    captured_at: datetime
    phase: Phase = Phase.RUNNING


class StoreKeeper:
    """A `SessionKeeper` on an auth store.

    `acquire` makes one; `run` renews its lease, makes backups and tells of them, until `release` or
    until the session is lost.

    Args:
        store: Where the session is kept.
        lease: The lease of the session.
        keeping: How it is kept.
        report: Keeps an event for the application; one that fails is reported again.
        telemetry: What is measured.

    Example:
        ::

            keeper = await StoreKeeper.acquire(store, SessionKey("acme", "support"))
            tasks.start_soon(keeper.run)
            try:
                documents = await keeper.restore(folder)
                ...
            finally:
                await keeper.release()
    """

    def __init__(
        self,
        store: AuthStore,
        lease: Lease,
        *,
        keeping: Keeping | None = None,
        report: Report = nobody,
        telemetry: Telemetry | None = None,
    ) -> None:
        self.session: SessionKey = lease.session
        self._store = store
        self._keeping = keeping or Keeping()
        self._telemetry = telemetry or Telemetry(enabled=False)
        self._news = News(lease, report=report, telemetry=self._telemetry)
        self._leases = LeaseKeeper(store, lease, on_lost=self._stop)
        self._backups = Backups(
            store,
            self._leases,
            self._take,
            interval=self._keeping.interval,
            on_saved=self._saved,
            on_failed=self._failed,
        )
        self._stops: list[Callable[[], Awaitable[None]]] = []
        self._capture: Callable[[], Awaitable[Snapshot]] | None = None
        self._taking: Callable[[], Awaitable[Snapshot]] | None = None
        self._began_at = 0.0
        self._folder: Path | None = None
        self._phase = Phase.RUNNING
        self._taken: Latest | None = None
        self._latest: Latest | None = None
        self._scope = anyio.CancelScope()
        self._ended: anyio.Event | None = None

    @classmethod
    async def acquire(
        cls,
        store: AuthStore,
        session: SessionKey,
        *,
        owner: str | None = None,
        wait: float = 0.0,
        standby: Standby | None = None,
        keeping: Keeping | None = None,
        report: Report = nobody,
        telemetry: Telemetry | None = None,
    ) -> Self:
        """Become the owner of a session.

        Args:
            store: Where it is kept; open.
            session: The session.
            owner: Our name; `owner_name()` by default.
            wait: Seconds to wait for another owner.
            standby: Is told meanwhile how the other owner's lease stands.
            keeping: How it is kept.
            report: Keeps an event for the application.
            telemetry: What is measured.

        Raises:
            LeaseTaken: Another owner holds it.
            StoreUnavailable: The store does not answer.
        """
        standby = standby or Standby(store, session, ttl=(keeping or Keeping()).ttl)
        lease = await standby.acquire(owner or owner_name(), wait=wait)
        return cls(store, lease, keeping=keeping, report=report, telemetry=telemetry)

    def __repr__(self) -> str:
        return f"<StoreKeeper {self.session} epoch {self.lease.epoch}>"

    @property
    def lease(self) -> Lease:
        """The lease as it was renewed last."""
        return self._leases.lease

    @property
    def held(self) -> bool:
        """Whether the session is ours, with time enough to stop."""
        return self._leases.held

    def is_held(self) -> bool:
        """See `held`, which this is as a function."""
        return self.held

    async def run(self) -> None:
        """Keep the session until `release`, or until it is lost."""
        self._ended = anyio.Event()
        self._telemetry.kept.session_owned(str(self.session))
        try:
            with self._scope:
                async with BoundedTasks(2) as tasks:
                    await tasks.start(self._news.run)
                    await tasks.start(self._backups.run)
                    await self._leases.run()
                    tasks.cancel()
            with anyio.move_on_after(_LAST_WORDS):
                await self._news.tell()
        finally:
            self._telemetry.kept.session_released(str(self.session))
            self._ended.set()

    async def release(self) -> None:
        """Give the session up, so that another process need not wait; may be repeated."""
        self._scope.cancel()
        with anyio.CancelScope(shield=True):
            if self._ended is not None:
                await self._ended.wait()
            with anyio.move_on_after(self.lease.ttl):
                try:
                    await self._store.release(self.lease)
                except AuthStoreError as error:
                    _log.warning("%s: not released, so it runs out: %s", self.session, error)

    # What a provider asks for

    def check(self) -> None:
        """See `SessionKeeper.check`."""
        self._leases.check()

    def on_lost(self, stop: Callable[[], Awaitable[None]]) -> None:
        """See `SessionKeeper.on_lost`; of several, the last one is called first."""
        self._stops.append(stop)

    async def adopt(self, folder: Path, restored: Restored) -> bool:
        """See `SessionKeeper.adopt`."""
        self.check()
        # Nobody else can store anything any more: every write carries an epoch, and ours is newer.
        history = await self._store.history(self.session, kind=Kind.WEB)
        if not history or history[0].number != restored.revision.number:
            return False
        self._backups.grew_from(restored.revision.number)
        self._took_over(restored)
        await self._use(folder)
        return True

    async def restore(
        self, folder: Path, *, browser: Browser | None = None
    ) -> Mapping[str, bytes] | None:
        """See `SessionKeeper.restore`."""
        self.check()
        if self._folder == folder and await anyio.to_thread.run_sync(folder.is_dir):
            # Nobody else has stored anything since, and the store may be away just now.
            return await self._missing(folder, self._latest)
        history = await self._store.history(self.session, kind=Kind.WEB)
        found = await anyio.to_thread.run_sync(look, folder, self.session, history)
        kept = found if isinstance(found, Keep) else await self._replace(folder, browser, history)
        # The newest one, also where it is damaged and the one before was restored: it is known and
        # passed over, and only one that is newer still must not be covered up.
        local = 0 if kept is None else kept.revision
        self._backups.grew_from(max([local, *(each.number for each in history)]))
        if kept is not None:
            await anyio.to_thread.run_sync(adopt, folder, self.session, kept)
            self._latest = await self._documents_of(kept)
        await self._use(folder)
        return await self._missing(folder, self._latest)

    async def _use(self, folder: Path) -> None:
        self._folder = folder
        if warning := await anyio.to_thread.run_sync(scarce_space, folder):
            _log.warning("%s runs in %s: %s", self.session, folder, warning)
        self._telemetry.kept.session_folder(str(self.session), folder)
        self.check()

    def _took_over(self, restored: Restored) -> None:
        self._news.restored(restored)
        self._latest = Latest(restored.documents, restored.revision.at)

    async def _replace(
        self, folder: Path, browser: Browser | None, history: list[Revision]
    ) -> Keep | None:
        """Restore what is stored; or keep the folder, because only what is damaged is newer."""
        try:
            restored = await restore(self._store, self.session, folder, browser=browser)
        except StaleSnapshot as stale:
            # It began with one that is newer than the folder, and came to one that is not.
            self._news.skipped(history[0].number, f"it is damaged, and {stale}")
            local = await anyio.to_thread.run_sync(read_state, folder)
            if local is None:
                raise
            return Keep(local.revision, local.phase)
        self._took_over(restored)
        return None

    async def _documents_of(self, kept: Keep) -> Latest | None:
        """The documents of the revision that a folder has come from, if they can be had."""
        if kept.revision == 0 or kept.phase is Phase.CLOSED:
            return None
        try:
            stored = await self._store.load(self.session, revision=kept.revision)
            documents = {it.name: await stored.document(it.name) for it in stored.documents}
        except (SnapshotNotFound, SnapshotDamaged) as error:
            _log.warning("%s: the documents of %s are lost: %s", self.session, kept, error)
            return None
        return Latest(documents, stored.captured_at)

    async def _missing(self, folder: Path, latest: Latest | None) -> Mapping[str, bytes] | None:
        """The documents that a browser on the folder must be given, if any."""
        state = await anyio.to_thread.run_sync(read_state, folder)
        if latest is None or state is None:
            return None
        lacking = await anyio.to_thread.run_sync(
            lacks_documents, folder, state.phase, latest.captured_at
        )
        return latest.documents if lacking and latest.documents else None

    def start(self, capture: Callable[[], Awaitable[Snapshot]]) -> None:
        """See `SessionKeeper.start`."""
        self._capture, self._phase = capture, Phase.RUNNING
        # A folder that was kept may have gone on after its last backup.
        self.changed()

    def stop(self) -> None:
        """See `SessionKeeper.stop`."""
        self._capture = None

    def changed(self) -> None:
        """See `SessionKeeper.changed`."""
        if self._capture is not None:
            self._backups.changed()
            self._telemetry.kept.session_changed(str(self.session))

    async def save(self, snapshot: Snapshot | None = None) -> None:
        """See `SessionKeeper.save`."""
        if snapshot is None:
            await self._backups.save()
        else:
            await self._save_last(snapshot)

    async def forget(self) -> None:
        """See `SessionKeeper.forget`."""
        await self.save(Snapshot(kind=Kind.WEB))

    def paused(self, seconds: float) -> None:
        """See `SessionKeeper.paused`."""
        self._telemetry.kept.browser_paused(str(self.session), seconds)

    async def _save_last(self, snapshot: Snapshot) -> None:
        """Store what a session has ended with: nobody will capture that again."""

        async def last() -> Snapshot:
            return snapshot

        self._capture, self._phase = last, Phase.CLOSED
        for pause in (*self._keeping.last_pauses, None):
            try:
                await self._backups.save()
            except StoreUnavailable as error:
                self._news.failed(error, pause)
                if pause is None:
                    raise
                await anyio.sleep(pause)
            else:
                self._capture = None
                return

    # What the parts call

    async def _take(self) -> Snapshot:
        if self._capture is None:
            raise AuthStoreError(f"{self.session} does not run: there is nothing to capture")
        self._began_at = unstopped()
        self._taking, phase = self._capture, self._phase
        taken = await self._capture()
        self._taken = Latest(taken.documents, taken.captured_at, phase)
        return taken

    def _saved(self, saved: Saved) -> None:
        self._latest = self._taken
        if self._folder is not None and self._latest is not None:
            try:
                note(self._folder, self.session, saved.revision.number, self._latest.phase)
            except OSError as error:
                # The folder then counts as older than it is: a restart restores this very state.
                _log.warning("%s: %s is not noted: %s", self.session, saved.revision, error)
        self._news.saved(saved, seconds=unstopped() - self._began_at)

    def _failed(self, error: Exception, retry_in: float) -> None:
        # What was being captured while its browser was closed is no loss: the last state comes yet.
        if self._capture is self._taking:
            self._news.failed(error, retry_in)

    async def _stop(self) -> None:
        """Stop whatever uses the session: it is ours no longer."""
        for stop in reversed(self._stops):
            try:
                await stop()
            except Exception:  # noqa: BLE001  # the others must be stopped all the same
                _log.exception("%s: not everything could be stopped", self.session)
        self._news.lost()
