"""The seam between a provider and what keeps its session: ownership, restore, backups."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from blazz.auth_stores.base import Lease
from blazz.auth_stores.snapshot.contents import Browser, Snapshot

if TYPE_CHECKING:
    from blazz.auth_stores.restoring import Restored


class Ownership(Protocol):
    """Proves that this process owns a session."""

    @property
    def lease(self) -> Lease:
        """The lease as it was renewed last."""
        ...

    @property
    def held(self) -> bool:
        """Whether the session is ours, with time enough to stop."""
        ...

    def check(self) -> None:
        """Check that the session is ours.

        Raises:
            OwnershipLost: It is not.
        """
        ...


class SessionStandby(Protocol):
    """Waits for a session that another process owns, and gets its state meanwhile.

    What it has restored counts only when the owner's `SessionKeeper.adopt` has taken it.
    """

    async def until(self, *, overdue: bool) -> None:
        """Wait until the owner has not renewed its lease when it should have, or until it has."""
        ...

    async def restore(self, folder: Path, *, browser: Browser | None) -> Restored | None:
        """Restore the newest good snapshot into a folder that nobody else uses.

        Args:
            folder: The folder that the provider will use.
            browser: The browser that will open it.

        Returns:
            None: there is nothing to restore; the folder is as it was.

        Raises:
            IncompatibleBrowser: This browser may not open what is stored.
            AuthStoreError: The store or the disk failed, or the folder holds something else.
        """
        ...


class SessionKeeper(Protocol):
    """Keeps one session outside the machine that runs it, for as long as it is owned.

    A provider is given one when its session is opened with an auth store; the lease of the session
    is held by then. It goes through these steps:

    1. `on_lost`: say how to stop at once;
    2. `restore`: get the newest state into the folder that it is about to use;
    3. `start`, once it runs; `changed` for every change, `check` before every send;
    4. `save` right after pairing, and with the state after a clean close at the end.

    Example:
        ::

            keeper.on_lost(browser.kill)
            documents = await keeper.restore(folder, browser=chromium)
            ...
            keeper.start(capture)
            keeper.check()
            await send()
            keeper.changed()
            ...
            await browser.close()
            await keeper.save(await capture_closed(folder))
    """

    def check(self) -> None:
        """Check that the session is ours, with time enough to stop; call it before every send.

        Raises:
            OwnershipLost: It is not, or not for long enough.
        """
        ...

    def on_lost(self, stop: Callable[[], Awaitable[None]]) -> None:
        """Say what stops the session at once; it is called when ownership is lost.

        It must be quick: somebody else becomes the owner seconds later.
        """
        ...

    async def adopt(self, folder: Path, restored: Restored) -> bool:
        """Use a folder that was restored by a `SessionStandby` before the session was ours.

        Call it in place of `restore`.

        Args:
            folder: The folder; nothing but a browser that has loaded no page has used it since.
            restored: What was restored.

        Returns:
            False: another revision is the newest one now. The folder must be removed.

        Raises:
            OwnershipLost: The session is not ours.
            AuthStoreError: The store or the disk failed.
        """
        ...

    async def restore(
        self, folder: Path, *, browser: Browser | None = None
    ) -> Mapping[str, bytes] | None:
        """Restore the newest good snapshot into a folder, unless the folder's own state is newer.

        Call it before each start of a browser, also when the one before has crashed: then the
        folder is kept, and what the crash may have kept from the disk is given again.

        Args:
            folder: The folder that the provider is about to use. Later saves note in it how far
                its state is stored.
            browser: The browser that will open it.

        Returns:
            The documents, such as localStorage, to be given to the browser before the application
            loads. None: nothing is stored yet, or all of it is in the folder.

        Raises:
            OwnershipLost: The session is not ours.
            IncompatibleBrowser: This browser may not open what is stored.
            SnapshotDamaged: No revision is whole.
            StaleSnapshot: The folder holds something else than this session.
            AuthStoreError: The store or the disk failed.
        """
        ...

    def start(self, capture: Callable[[], Awaitable[Snapshot]]) -> None:
        """Back the session up whenever it has changed, from now on.

        Args:
            capture: Takes a snapshot of the running session. A later call replaces it; an
                exception of it counts as a failed backup, which is tried again.
        """
        ...

    def stop(self) -> None:
        """Capture nothing any more until `start`: the browser is about to be closed."""
        ...

    def changed(self) -> None:
        """Note that the session has changed since the last backup; costs next to nothing."""
        ...

    def paused(self, seconds: float) -> None:
        """Measure how long a browser stood still for a capture."""
        ...

    async def forget(self) -> None:
        """Note that the login has ended for good: nobody shall restore it.

        An empty state is stored as the newest one; those before stay in the history until they are
        retired.

        Raises:
            OwnershipLost: The session is not ours; nothing was stored.
            AuthStoreError: It could not be stored.
        """
        ...

    async def save(self, snapshot: Snapshot | None = None) -> None:
        """Back up now: right after pairing, and after a clean close.

        Args:
            snapshot: What to store; by default what `capture` takes. With one, the session has
                ended: nothing is captured any more until `start` is called again.

        Raises:
            OwnershipLost: The session is not ours; nothing was stored.
            AuthStoreError: It could not be stored. While the session runs it is tried again.
        """
        ...
