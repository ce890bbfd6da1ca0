"""The log finds, counts and survives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import ConfigurationError
from blazz.sandbox.identifiers import message_id
from blazz.sandbox.log import MessageLog, concerns


@pytest.fixture
def log() -> Iterator[MessageLog]:
    found = MessageLog()
    yield found
    found.close()


def entry(sequence: int, to: str = "+6281", number: str = "1") -> dict[str, Any]:
    identity = message_id(to.lstrip("+"), 7, sequence)
    return {"seq": sequence, "to": to, "id": identity, "phone_number_id": number, "body": "é"}


def fill(log: MessageLog, *recipients: str) -> None:
    for to in recipients:
        log.append(entry(log.count + 1, to))


@given(
    st.integers(0, 900),
    st.lists(st.tuples(st.integers(0, 950), st.none() | st.integers(0, 950)), max_size=5),
)
def test_any_page_can_be_read(length: int, pages: list[tuple[int, int | None]]) -> None:
    log = MessageLog()
    fill(log, *["+6281"] * length)

    for after, limit in pages:
        last = length if limit is None else min(length, after + limit)
        found = [json.loads(line)["seq"] for line in log.read(after=after, limit=limit)]
        assert found == list(range(after + 1, last + 1))
    log.close()


@given(st.lists(st.sampled_from(["+6281", "+6282", "ID.123", "group="]), max_size=600))
def test_recipients_are_counted(recipients: list[str]) -> None:
    log = MessageLog()
    fill(log, *recipients)

    assert log.counts() == {to: recipients.count(to) for to in set(recipients)}
    log.close()


def test_messages_are_found_by_id(log: MessageLog) -> None:
    fill(log, *["+6281"] * 700)

    found = log.find(entry(300)["id"])

    assert found is not None
    assert found["seq"] == 300
    assert found["body"] == "é"
    assert log.find(message_id("6281", 8, 300)) is None  # of another run
    assert log.find(entry(701)["id"]) is None
    assert log.find("wamid.nonsense") is None


def test_the_newest_message_of_a_recipient(log: MessageLog) -> None:
    fill(log, "+6281", *["+6282"] * 600, "+6281", *["+6282"] * 600)

    found = log.newest("+6281")

    assert found is not None
    assert found["seq"] == 602
    assert log.newest("+6283") is None
    assert log.newest("+6281", "2") is None


def test_a_line_is_looked_through_without_being_parsed(log: MessageLog) -> None:
    head = {**entry(1, "+6282", "2"), "token": '","to":"+6281","phone_number_id":"1","body":'}
    del head["body"]
    log.append({**head, "body": '"to":"+6281",'})
    (line,) = log.read()

    assert concerns(line)
    assert concerns(line, to="+6282", number_id="2")
    assert not concerns(line, to="+6281")
    assert not concerns(line, to="+6282", number_id="1")


def test_a_file_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "log.ndjson"
    log = MessageLog(path)
    fill(log, *["+6281"] * 300)
    log.close()

    again = MessageLog(path)
    fill(again, "+6282")

    assert again.count == 301
    assert [json.loads(line)["to"] for line in again.read(after=299)] == ["+6281", "+6282"]
    assert again.find(entry(300)["id"]) is not None
    again.close()


def test_a_line_that_a_crash_cut_off_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "log.ndjson"
    log = MessageLog(path)
    fill(log, "+6281", "+6282")
    log.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])

    again = MessageLog(path)
    fill(again, "+6283")

    assert [json.loads(line)["to"] for line in again.read()] == ["+6281", "+6283"]
    assert path.read_bytes().count(b"\n") == 2
    again.close()


def test_another_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary\n")

    with pytest.raises(ConfigurationError, match="line 1"):
        MessageLog(path)

    assert path.read_text() == "dear diary\n"


def test_a_log_can_be_emptied(log: MessageLog) -> None:
    fill(log, *["+6281"] * 300)
    log.clear()
    fill(log, "+6282")

    assert log.count == 1
    assert log.counts() == {"+6282": 1}
    assert len(list(log.read())) == 1
