"""Bad input by the thousand, or by the million with `--rows 1000000`: in constant memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

READER = Path(__file__).with_name("reading_process.py")
MOST_MORE_MEGABYTES = 16


def read(rows: int, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, READER, str(rows), folder],
        capture_output=True, text=True, check=False, timeout=3000,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(3000)
def test_a_large_file_takes_no_more_memory_than_a_small_one(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    rows = request.config.getoption("--rows")
    small, large = read(5_000, tmp_path / "small"), read(rows, tmp_path / "large")

    assert large["rows"] == rows
    assert large["same"], "a dry run counts like the import"
    assert large["recipients"] == rows - large["rejected"] - large["duplicates"]
    # Nine of ten rows are good; of the bad ones, two kinds of ten are duplicates or good.
    assert large["rejected"] > rows * 0.05
    assert large["duplicates"] > rows * 0.005
    assert large["rejects_file"] == large["rejected"] + large["duplicates"] + 1
    assert large["megabytes"] - small["megabytes"] < MOST_MORE_MEGABYTES, (small, large)
