"""How much memory there is for another browser, in a container and outside."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from blazz.providers.web import free_memory as module
from blazz.providers.web.free_memory import free_memory, left_in_groups

GIGABYTE = 1024**3


def group(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(f"{content}\n")


def left(tmp_path: Path, ours: str) -> list[int]:
    (tmp_path / "ours").write_text(ours)
    return list(left_in_groups(tmp_path / "groups", tmp_path / "ours"))


def test_the_limit_of_a_container_counts_without_files_that_can_go(tmp_path: Path) -> None:
    stat = f"anon {GIGABYTE}\nfile {GIGABYTE}\ninactive_file {GIGABYTE // 2}"
    group(
        tmp_path / "groups", memory_max=4 * GIGABYTE, memory_current=2 * GIGABYTE, memory_stat=stat
    )
    for ours in ("0::/\n", "12:pids:/x\n0::/\n", "0::/../../elsewhere\n"):
        assert left(tmp_path, ours) == [2.5 * GIGABYTE]


def test_every_group_around_ours_has_its_limit(tmp_path: Path) -> None:
    unit = tmp_path / "groups" / "system.slice" / "blazz.service"
    group(unit, memory_max="max", memory_high=3 * GIGABYTE, memory_current=GIGABYTE)
    group(unit.parent, memory_max=GIGABYTE, memory_current=2 * GIGABYTE)
    assert left(tmp_path, "0::/system.slice/blazz.service\n") == [2 * GIGABYTE, 0]


@pytest.mark.parametrize("ours", ["", "4:memory:/docker/1\n", "0::/gone\n", "0::/\n"])
def test_without_a_limit_the_machine_alone_counts(tmp_path: Path, ours: str) -> None:
    group(tmp_path / "groups", memory_max="max", memory_current=GIGABYTE)
    assert left(tmp_path, ours) == []
    assert list(left_in_groups(tmp_path / "groups", tmp_path / "nowhere")) == []


def test_the_least_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "left_in_groups", lambda: iter([5000, 4000]))
    assert free_memory() == 4000
    monkeypatch.setattr(module, "left_in_groups", lambda: iter(()))
    assert 0 < free_memory() <= psutil.virtual_memory().total
