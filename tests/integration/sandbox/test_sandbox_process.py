"""`python -m blazz.sandbox`: tells where it is, ends when it should, keeps its log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

COMMAND = [sys.executable, "-m", "blazz.sandbox"]
MESSAGE = {"messaging_product": "whatsapp", "to": "+6281234567890", "text": {"body": "hi"}}
posix = pytest.mark.skipif(os.name == "nt", reason="signals")


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def send(told: dict[str, Any]) -> httpx.Response:
    return httpx.post(
        f"{told['url']}/v26.0/{told['phone_number_id']}/messages",
        json=MESSAGE,
        headers={"Authorization": "Bearer EAAG"},
        timeout=60,
    )


def test_it_tells_where_it_is_in_one_line() -> None:
    with started("--phone-number-id", "4711", "--waba-id", "4712") as (process, told):
        assert told["url"].startswith("http://127.0.0.1:")
        assert (told["pid"], told["phone_number_id"], told["waba_id"]) == (
            process.pid,
            "4711",
            "4712",
        )
        assert send(told).status_code == 200


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    with started() as (process, told):
        send(told)
        process.send_signal(number)

        assert process.wait(60) == 0


def test_it_ends_with_its_standard_input() -> None:
    with started("--exit-with-stdin") as (process, _):
        assert process.stdin is not None
        process.stdin.close()

        assert process.wait(60) == 0


@posix
def test_a_dead_parent_leaves_no_sandbox_behind() -> None:
    parent_code = textwrap.dedent("""
        import subprocess, sys, time
        child = subprocess.Popen(
            [sys.executable, "-m", "blazz.sandbox", "--exit-with-stdin"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        sys.stdout.buffer.write(child.stdout.readline())
        sys.stdout.flush()
        time.sleep(600)
    """)
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = psutil.Process(json.loads(parent.stdout.readline())["pid"])
    parent.kill()
    parent.communicate()

    _, alive = psutil.wait_procs([child], timeout=60)
    assert alive == []


@posix
def test_the_log_survives_a_kill(tmp_path: Path) -> None:
    log_file = tmp_path / "log.ndjson"
    with started("--log-file", str(log_file)) as (process, told):
        first = [send(told).json()["messages"][0]["id"] for _ in range(20)]
        process.kill()
        process.wait()

    with started("--log-file", str(log_file)) as (_, told):
        send(told)
        lines = httpx.get(f"{told['url']}/sandbox/log", timeout=60).text.splitlines()
        counts = httpx.get(f"{told['url']}/sandbox/counts", timeout=60).json()

    assert [json.loads(line)["id"] for line in lines[:20]] == first
    assert counts["counts"] == {"+6281234567890": 21}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "other machines"),
        (["--set", "speed=0"], "speed"),
        (["--set", "nonsense=1"], "nonsense"),
        (["--port", "99999999"], "port"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], said: str) -> None:
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert done.stdout == ""


def test_settings_are_given_by_name() -> None:
    arguments = ["--set", "throughput=null", "--set", "story=delivered", "--set", "latency=[0,0]"]
    with started(*arguments) as (_, told):
        found = httpx.get(f"{told['url']}/sandbox/settings", timeout=60).json()

    assert (found["throughput"], found["story"]) == (None, "delivered")


def test_it_listens_for_others_only_when_it_is_told_to() -> None:
    with started("--host", "0.0.0.0", "--allow-remote") as (_, told):
        assert told["url"].startswith("http://127.0.0.1:")
        assert httpx.get(told["url"], timeout=60).status_code == 200
