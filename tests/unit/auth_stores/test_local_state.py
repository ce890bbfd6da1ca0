"""What becomes of a folder that a session has left: kept, replaced, refused; what it may lack."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores import Kind, Revision
from blazz.auth_stores.local_state import Keep, Replace, decide, lacks_documents
from blazz.auth_stores.restoring import LocalState, Phase
from blazz.errors import StaleSnapshot
from blazz.events.base import UNDATED
from tests.sessions import OTHER, SESSION

REVISIONS = st.integers(1, 9)


def _history(numbers: list[int]) -> list[Revision]:
    return [
        Revision(number=each, kind=Kind.WEB, epoch=1, at=UNDATED, size=0, uploaded=0)
        for each in sorted(numbers, reverse=True)
    ]


@given(
    stored=st.lists(REVISIONS, unique=True),
    local=st.none() | st.builds(LocalState, st.sampled_from([SESSION, OTHER]), REVISIONS),
)
def test_a_newer_state_is_never_replaced_and_an_older_one_never_kept(
    stored: list[int], local: LocalState | None
) -> None:
    newest = max(stored, default=0)
    try:
        found = decide(SESSION, _history(stored), local=local, empty=False)
    except StaleSnapshot:
        # Only where it cannot be told which one is newer.
        assert local is None or local.session != SESSION
        assert local is not None or stored
        return
    if isinstance(found, Keep):
        assert found.revision >= newest
    else:
        assert isinstance(found, Replace)
        assert local is not None
        assert local.revision < newest


@given(stored=st.lists(REVISIONS, unique=True))
def test_an_empty_folder_gets_what_is_stored(stored: list[int]) -> None:
    found = decide(SESSION, _history(stored), local=None, empty=True)

    assert found == (Replace() if stored else Keep(0))


@pytest.mark.parametrize(("seconds", "lacks"), [(-1, True), (1, False)])
def test_documents_are_given_where_they_are_newer_than_the_files(
    tmp_path: Path, seconds: int, lacks: bool
) -> None:
    """Chromium writes localStorage late: what it has written then is newer than what was read."""
    captured_at = datetime(2026, 1, 2, tzinfo=UTC)
    log = tmp_path / "Default/Local Storage/leveldb/000003.log"
    log.parent.mkdir(parents=True)
    log.touch()
    os.utime(log, (captured_at.timestamp() + seconds,) * 2)

    assert lacks_documents(tmp_path, Phase.RUNNING, captured_at) is lacks
    assert lacks_documents(tmp_path, Phase.RESTORED, captured_at)
    assert not lacks_documents(tmp_path, Phase.CLOSED, captured_at)
