"""What becomes of a folder that a session has left on this machine: kept, or restored over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from blazz.auth_stores.disk import make_private
from blazz.auth_stores.restoring import LocalState, Phase, read_state, write_state
from blazz.auth_stores.revisions import Revision, SessionKey
from blazz.errors import StaleSnapshot

_LOCAL_STORAGE: Final = "Default/Local Storage/leveldb"


@dataclass(frozen=True, slots=True)
class Keep:
    """The folder is used as it is: it holds this revision or what came after it."""

    revision: int
    phase: Phase = Phase.RUNNING


@dataclass(frozen=True, slots=True)
class Replace:
    """The newest stored state takes the place of whatever the folder holds."""


def decide(
    session: SessionKey,
    history: Sequence[Revision],
    *,
    local: LocalState | None,
    empty: bool,
) -> Keep | Replace:
    """Decide what becomes of a folder; pure.

    Args:
        session: The session.
        history: What is stored of it, newest first.
        local: What the folder says that it holds.
        empty: Whether the folder is missing or empty.

    Raises:
        StaleSnapshot: It holds something that is neither this session's nor known to be older.
    """
    if local is not None and local.session != session:
        raise StaleSnapshot(f"the folder holds the session {local.session}, not {session}")
    newest = history[0].number if history else 0
    if local is not None:
        return Keep(local.revision, local.phase) if local.revision >= newest else Replace()
    if newest == 0:
        return Keep(0)
    if empty:
        return Replace()
    raise StaleSnapshot(
        f"the folder does not say which state of {session} it holds, and revision {newest} is"
        " stored; it may be newer than that. Move the folder away to go on from what is stored, or"
        " store it with `blazz sessions import --profile`"
    )


def look(folder: Path, session: SessionKey, history: Sequence[Revision]) -> Keep | Replace:
    """Look at a folder and decide.

    Raises:
        StaleSnapshot: See `decide`.
    """
    empty = not folder.exists() or next(folder.iterdir(), None) is None
    return decide(session, history, local=read_state(folder), empty=empty)


def adopt(folder: Path, session: SessionKey, kept: Keep) -> None:
    """Note that a folder is used from now on.

    One that said nothing before is at revision 0: whatever another machine stores is newer.
    """
    make_private(folder)
    phase = Phase.RUNNING if kept.phase is Phase.CLOSED else kept.phase
    write_state(folder, session, kept.revision, phase)


def note(folder: Path, session: SessionKey, revision: int, phase: Phase) -> None:
    """Note how far a folder's state is stored; a folder that is gone needs no note."""
    if folder.is_dir():
        write_state(folder, session, revision, phase)


def lacks_documents(folder: Path, phase: Phase, captured_at: datetime) -> bool:
    """Whether the documents of a folder's revision are newer than what is in its files.

    Chromium writes localStorage up to a minute late, and not at all when it is killed.

    Args:
        folder: A folder that is kept.
        phase: How far it has come.
        captured_at: When the documents were read from the browser.
    """
    if phase is Phase.RUNNING:
        written = [path.stat().st_mtime for path in (folder / _LOCAL_STORAGE).glob("*.l[od][gb]")]
        return captured_at > datetime.fromtimestamp(max(written, default=0.0), UTC)
    return phase is Phase.RESTORED
