"""Who may use a profile folder, and what is cleared up after a process that was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from blazz.errors.web import ProfileInUse
from blazz.providers.web.processes import ProcessTree, browsers_of
from blazz.providers.web.profiles import ProfileLock, hold_profile, lock_of, scratch_of

SLEEP = "import subprocess, sys, time; {} time.sleep(60)"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    (tmp_path / "profile").mkdir()
    return tmp_path / "profile"


@contextmanager
def lookalike(profile: Path, *, before: str = "pass") -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like a browser on that profile."""
    code = SLEEP.format(f"{before};print(flush=True);")
    command = [sys.executable, "-c", code, f"--user-data-dir={profile}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


async def test_a_profile_is_held_once_and_can_be_held_again(profile: Path) -> None:
    first = await hold_profile(profile)
    with pytest.raises(ProfileInUse, match="another browser uses the profile"):
        ProfileLock.take(profile)
    assert scratch_of(profile).is_dir()
    first.release()
    first.release()
    assert set(profile.parent.iterdir()) == {profile}
    ProfileLock.take(profile).release()


def test_a_browser_that_somebody_else_started_is_left_alone(profile: Path) -> None:
    with lookalike(profile) as alien:
        with pytest.raises(ProfileInUse, match=f"process {alien.pid} uses"):
            ProfileLock.take(profile)
        assert alien.poll() is None
    ProfileLock.take(profile).release()


def test_what_a_killed_process_left_is_cleared_up(profile: Path, tmp_path: Path) -> None:
    sockets = tmp_path / "org.chromium.Chromium.abc123"
    sockets.mkdir()
    (sockets / "SingletonSocket").touch()
    (profile / "SingletonSocket").symlink_to(sockets / "SingletonSocket")
    (profile / "SingletonLock").symlink_to("host-1")
    lock_of(profile).write_bytes(b"1")
    scratch_of(profile).mkdir()
    (scratch_of(profile) / "old").touch()

    with lookalike(profile) as orphan:
        lock = ProfileLock.take(profile)
        orphan.wait(60)
    assert list(lock.scratch.iterdir()) == []
    lock.release()
    assert set(tmp_path.iterdir()) == {profile}
    assert list(profile.iterdir()) == []


def test_what_a_killed_browser_left_is_removed_with_the_lock(profile: Path, tmp_path: Path) -> None:
    lock = ProfileLock.take(profile)
    sockets = tmp_path / "org.chromium.Chromium.abc123"
    sockets.mkdir()
    (profile / "SingletonSocket").symlink_to(sockets / "SingletonSocket")

    lock.release()
    assert set(tmp_path.iterdir()) == {profile}
    assert list(profile.iterdir()) == []


def test_a_link_to_a_folder_that_is_not_chromiums_is_not_followed(
    profile: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (profile / "SingletonSocket").symlink_to(precious / "SingletonSocket")
    lock_of(profile).write_bytes(b"1")

    ProfileLock.take(profile).release()
    assert precious.is_dir()


def test_a_lock_file_that_was_just_removed_is_not_taken_for_ours(
    profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another process may release it between our opening the file and our locking it.
    from blazz.providers.web import profiles

    holder = ProfileLock.take(profile)
    real, calls = profiles.try_lock, []

    def release_first(file: object) -> bool:
        if not calls:
            holder.release()
        calls.append(file)
        return real(file)  # type: ignore[arg-type]

    monkeypatch.setattr(profiles, "try_lock", release_first)
    taken = ProfileLock.take(profile)
    assert len(calls) == 2
    assert lock_of(profile).exists()
    with pytest.raises(ProfileInUse):
        ProfileLock.take(profile)
    taken.release()


def test_the_script_that_starts_a_browser_is_not_taken_for_it(profile: Path) -> None:
    inner = SLEEP.format("print(flush=True);")
    start = f"subprocess.Popen([sys.executable, '-c', {inner!r}, sys.argv[1]])"
    with lookalike(profile, before=start) as script:
        (browser,) = browsers_of(profile)
        assert psutil.Process(browser).ppid() == script.pid
        tree = ProcessTree(script.pid)
        assert tree.memory() > ProcessTree(browser).memory() > 0
        tree.kill()
        assert not psutil.pid_exists(browser)
        assert not tree.is_running()
        assert tree.memory() == 0
        assert tree.wait(1)


def test_a_process_that_has_ended_is_an_empty_tree() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    tree = ProcessTree(process.pid)
    assert not tree.is_running()
    assert tree.wait(1)
    tree.kill()
    assert tree.memory() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of ends by itself")
async def test_an_end_is_noticed_once(profile: Path) -> None:
    import anyio

    ended: list[int] = []
    noticed = anyio.Event()

    def note() -> None:
        ended.append(1)
        noticed.set()

    with lookalike(profile) as process:
        stop = ProcessTree(process.pid).watch(note)
        assert stop is not None
        os.kill(process.pid, 9)
        await noticed.wait()
    stop()
    stop()
    assert ended == [1]
    assert ProcessTree(process.pid).watch(note) is None
