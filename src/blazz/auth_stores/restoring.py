"""Restores a snapshot into a folder: proved, whole, and never over something newer."""

from __future__ import annotations

import contextlib
import enum
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio.to_thread

from blazz.auth_stores.base import AuthStore, StoredSnapshot
from blazz.auth_stores.clock import unstopped
from blazz.auth_stores.disk import make_private, sync_folder
from blazz.auth_stores.revisions import Damage, Revision, SessionKey
from blazz.auth_stores.snapshot.contents import Browser, Content, Kind
from blazz.errors import (
    DiskFailed,
    IncompatibleBrowser,
    SnapshotDamaged,
    SnapshotNotFound,
    StaleSnapshot,
)

STATE_FILE: Final = ".blazz-revision.json"
_HISTORY_ATTEMPTS: Final = 3
_SPARE_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did.

    Attributes:
        revision: The revision that is in the folder now.
        documents: Its documents, such as localStorage, for the browser to be given.
        browser: The browser that wrote it.
        skipped: Damage of newer revisions, for which this one was taken in their place.
        notes: What differs between the browser that wrote it and the one that will open it.
        seconds: How long it took.
    """

    revision: Revision
    documents: Mapping[str, bytes] = field(repr=False)
    browser: Browser | None
    skipped: tuple[Damage, ...]
    notes: tuple[str, ...]
    seconds: float


class Phase(enum.StrEnum):
    """How far a folder has come since its revision was stored or restored."""

    RESTORED = "restored"
    """It was restored; whether the documents have reached the browser is not known."""
    RUNNING = "running"
    """A browser has gone on in it."""
    CLOSED = "closed"
    """The browser was closed in good order: all that it knew is in the folder and is stored."""


@dataclass(frozen=True, slots=True)
class LocalState:
    """What a folder holds: the state of a session, at a revision or later."""

    session: SessionKey
    revision: int
    phase: Phase = Phase.RUNNING


def read_state(folder: Path) -> LocalState | None:
    """Read what a folder holds; None if no restore made it and no save noted it."""
    try:
        value = json.loads((folder / STATE_FILE).read_bytes())
        return LocalState(
            SessionKey.parse(value["session"]), int(value["revision"]), Phase(value["phase"])
        )
    except (OSError, KeyError, TypeError, ValueError):
        return None


def write_state(
    folder: Path, session: SessionKey, revision: int, phase: Phase = Phase.RUNNING
) -> None:
    """Note that what a folder holds was stored as a revision; call it after each save.

    Without it, a folder that has gone on is taken to be as old as the revision it came from.
    """
    state = {"session": str(session), "revision": revision, "phase": phase}
    content = json.dumps(state).encode()
    draft = folder / f"{STATE_FILE}.{secrets.token_hex(4)}"
    draft.write_bytes(content)
    draft.replace(folder / STATE_FILE)


def check_browser(
    written_by: Browser | None, opened_by: Browser | None, *, force: bool = False
) -> tuple[str, ...]:
    """Check that a browser may open what another one wrote.

    A newer Chromium changes its files to its own form, which an older one does not understand. The
    first number of the version decides: within it the form does not change.

    Args:
        written_by: The browser that wrote the snapshot.
        opened_by: The browser that is to open it.
        force: Tell what is wrong in place of refusing.

    Returns:
        What differs and can be lived with, in words.

    Raises:
        IncompatibleBrowser: It must not.
    """
    if written_by is None or opened_by is None:
        return ()
    notes, refusals = [], []
    if opened_by.engine is not written_by.engine:
        refusals.append(f"it keeps IndexedDB in {opened_by.engine}, not {written_by.engine}")
    versions = f"{opened_by.version} opens what {written_by.version} wrote"
    if opened_by.numbers[0] < written_by.numbers[0]:
        refusals.append(f"Chromium {versions}")
    elif opened_by.numbers < written_by.numbers:
        notes.append(f"an older Chromium {versions}")
    if set(opened_by.flags) != set(written_by.flags):
        notes.append(f"other flags: {sorted(set(opened_by.flags) ^ set(written_by.flags))}")
    if refusals and not force:
        raise IncompatibleBrowser(f"this browser may not open the snapshot: {'; '.join(refusals)}")
    return (*refusals, *notes)


async def restore(
    store: AuthStore,
    session: SessionKey,
    folder: Path,
    *,
    browser: Browser | None = None,
    revision: int | None = None,
    force: bool = False,
) -> Restored:
    """Restore the newest whole revision into a folder, in place of what is there.

    The files are written beside the folder, proved, flushed to the disk and renamed to its place:
    the folder holds the old or the new, never a mixture. Only the owner of the session may call it.

    Args:
        store: Where the session is kept.
        session: The session.
        folder: The folder to make; what was in it is removed.
        browser: The browser that will open it.
        revision: An older revision; needs `force`, because the other side of every encrypted chat
            has moved on.
        force: Restore even over a newer state, or for another browser.

    Raises:
        SnapshotNotFound: There is no such revision.
        SnapshotDamaged: No revision is whole.
        StaleSnapshot: The folder holds a state that is at least as new, or it is not known what it
            holds; or an older revision was asked for. The folder can be used as it is.
        IncompatibleBrowser: The browser may not open it.
        DiskFailed: The disk did not take it.
        WrongKey: It is sealed with a key that is not in the key ring.

    Example:
        ::

            restored = await restore(store, session, Path("profile"), browser=chromium)
            for damage in restored.skipped:
                log.warning("restored an older state: %s", damage)
    """
    started = unstopped()
    skipped: list[Damage] = []
    for _ in range(_HISTORY_ATTEMPTS):
        skipped.clear()
        history = await store.history(session, kind=Kind.WEB)
        for candidate in _candidates(session, history, revision, force=force):
            if not force:
                await anyio.to_thread.run_sync(_check_local, folder, session, candidate)
            try:
                stored = await store.load(session, kind=Kind.WEB, revision=candidate.number)
                notes = check_browser(stored.browser, browser, force=force)
                documents = {
                    each.name: await stored.document(each.name) for each in stored.documents
                }
                await _write_folder(stored, folder)
            except SnapshotDamaged as error:
                skipped += [each for each in error.damage if isinstance(each, Damage)]
                continue
            except SnapshotNotFound:
                break  # It was retired while we read it; look what there is now.
            return Restored(
                revision=candidate,
                documents=documents,
                browser=stored.browser,
                skipped=tuple(skipped),
                notes=notes,
                seconds=unstopped() - started,
            )
        else:
            raise SnapshotDamaged(f"{session}: no revision is whole: {skipped[0]}", damage=skipped)
    raise SnapshotNotFound(f"{session}: revisions are retired faster than they can be read")


def _candidates(
    session: SessionKey, history: list[Revision], revision: int | None, *, force: bool
) -> list[Revision]:
    """The revisions to try, newest first."""
    if revision is None:
        found = history
    else:
        found = [each for each in history if each.number == revision]
        if found and revision < history[0].number and not force:
            raise StaleSnapshot(
                f"{session}: revision {revision} is older than {history[0].number}; an older state"
                " breaks encrypted chats; force=True restores it all the same"
            )
    if not found:
        which = "" if revision is None else f" {revision}"
        raise SnapshotNotFound(f"{session} has no revision{which} of kind {Kind.WEB}")
    return found


def _check_local(folder: Path, session: SessionKey, stored: Revision) -> None:
    """Refuse to replace what may be newer."""
    try:
        if not folder.exists() or not any(folder.iterdir()):
            return
    except OSError as error:
        raise DiskFailed(f"{folder}: {error}") from error
    local = read_state(folder)
    if local is None:
        raise StaleSnapshot(f"{folder} holds something that no restore has made; it may be newer")
    if local.session != session:
        raise StaleSnapshot(f"{folder} holds the session {local.session}, not {session}")
    if local.revision >= stored.number:
        raise StaleSnapshot(
            f"{folder} holds revision {local.revision} or what came after it; the store has"
            f" revision {stored.number}"
        )


async def _documents(stored: StoredSnapshot) -> dict[str, bytes]:
    return {each.name: await stored.document(each.name) for each in stored.documents}


async def _write_folder(stored: StoredSnapshot, folder: Path) -> None:
    draft = folder.with_name(f".{folder.name}.restoring-{secrets.token_hex(4)}")
    writer = FolderWriter(draft, stored.files)
    try:
        await anyio.to_thread.run_sync(_make_room, folder, sum(f.size for f in stored.files))
        await anyio.to_thread.run_sync(writer.create)
        await stored.copy_to(writer.write)
        number = stored.revision.number
        await anyio.to_thread.run_sync(write_state, draft, stored.session, number, Phase.RESTORED)
        await anyio.to_thread.run_sync(writer.finish)
        await anyio.to_thread.run_sync(_put_in_place, draft, folder)
    except OSError as error:
        raise DiskFailed(f"{folder}: {error}; it is as it was") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


class FolderWriter:
    """Writes the pieces of files into a new folder, in any order and from several threads."""

    def __init__(self, folder: Path, files: Iterable[Content]) -> None:
        self._folder = folder
        self._files = list(files)

    def create(self) -> None:
        """Make the folder and all files, empty; nothing in it was there before."""
        self._folder.mkdir(mode=0o700)
        for file in self._files:
            path = self._folder / file.name
            make_private(path.parent)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Write one piece."""
        with (self._folder / name).open("r+b") as file:
            file.seek(offset)
            file.write(data)

    def finish(self) -> None:
        """Write everything to the disk itself, and prove the sizes."""
        folders = {self._folder}
        for each in self._files:
            path = self._folder / each.name
            with path.open("r+b") as file:
                os.fsync(file.fileno())
                if file.seek(0, os.SEEK_END) != each.size:
                    raise DiskFailed(f"{path} has another size than it was stored with")
            folders.update(path.parents[: len(Path(each.name).parts)])
        for folder in folders:
            sync_folder(folder)


def _make_room(folder: Path, size: int) -> None:
    """Remove what an interrupted restore has left, and see that there is room."""
    make_private(folder.parent)
    ours = (f".{folder.name}.restoring-", f".{folder.name}.replaced-")
    for leftover in [each for each in folder.parent.iterdir() if each.name.startswith(ours)]:
        shutil.rmtree(leftover, ignore_errors=True)
    free = shutil.disk_usage(folder.parent).free
    if free < size + _SPARE_BYTES:
        raise DiskFailed(
            f"{folder}: {size + _SPARE_BYTES:,} bytes are needed, {free:,} are free on the disk"
        )


def _put_in_place(draft: Path, folder: Path) -> None:
    replaced = folder.with_name(f".{folder.name}.replaced-{secrets.token_hex(4)}")
    was_there = folder.exists()
    if was_there:
        folder.rename(replaced)
    try:
        draft.rename(folder)
    except OSError:
        if was_there:
            with contextlib.suppress(OSError):
                replaced.rename(folder)
        raise
    sync_folder(folder.parent)
    shutil.rmtree(replaced, ignore_errors=True)
