"""What becomes of a folder that a session has left on this machine: kept, or restored over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from blazz.auth_stores.disk import make_private
from blazz.auth_stores.restoring import LocalState, read_state, write_state
from blazz.auth_stores.revisions import Revision, SessionKey
from blazz.errors import StaleSnapshot


@dataclass(frozen=True, slots=True)
class Keep:
    """The folder is used as it is: it holds this revision or what came after it."""

    revision: int


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
        return Keep(local.revision) if local.revision >= newest else Replace()
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


def adopt(folder: Path, session: SessionKey) -> None:
    """Make a folder ours that says nothing yet: a state that another machine stores is newer."""
    if read_state(folder) is None:
        make_private(folder)
        write_state(folder, session, 0)


def note(folder: Path, session: SessionKey, revision: int) -> None:
    """Note how far a folder's state is stored; a folder that is gone needs no note."""
    if folder.is_dir():
        write_state(folder, session, revision)
