"""Every request body, judged by a schema of our own and by Meta's OpenAPI where it is at hand.

Meta's description and the judge that mends its known mistakes may lie beside the repository, in
`../shared/meta-openapi`; they are not part of it. Our schema judges everywhere, and sees into
template parameters, where Meta's is silent.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from hypothesis import given
from jsonschema import Draft202012Validator

from blazz.addresses import Address, Group, Phone, UserId
from blazz.messages import MediaId, Message
from blazz.providers.meta_cloud.payloads import (
    message_body,
    unresolved_media,
    with_media,
)
from tests.unit.messages.examples import SENDABLE
from tests.unit.messages.strategies import messages

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "meta-openapi"
OURS = Draft202012Validator(
    json.loads(Path(__file__).with_name("messages.schema.json").read_text(encoding="utf-8"))
)
BUDI = Phone("+6281234567890")
ADDRESSES: dict[str, Address] = {
    "phone": BUDI,
    "user id": UserId("ID.13491208655302741918"),
    "group": Group("Y2FwaV9ncm91cDox"),
}

Body = dict[str, Any]
Judge = Callable[[Body], list[str]]


def ours(body: Body) -> list[str]:
    """What our schema finds wrong."""
    return [f"{error.json_path}: {error.message}" for error in OURS.iter_errors(body)]


def _judge_module(description: Any) -> ModuleType:
    """Load Meta's judge so that neither it nor Python writes anything beside it."""
    path = FOLDER / "judge.py"
    module = ModuleType("meta_openapi_judge")
    module.__file__ = str(path)
    code = compile(path.read_text(encoding="utf-8"), path, "exec", dont_inherit=True)
    exec(code, module.__dict__)
    module.load = lambda: copy.deepcopy(description)  # type: ignore[attr-defined]
    return module


@pytest.fixture(scope="session")
def judges() -> list[Judge]:
    """Our schema, and Meta's in its mended and its closed form if it is at hand."""
    found: list[Judge] = [ours]
    if (FOLDER / "judge.py").exists():
        text = next(FOLDER.glob("*.yaml")).read_text(encoding="utf-8")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        module = _judge_module(yaml.load(text, Loader=loader))
        for mode in ("repaired", "strict"):
            judge = module.Judge(mode)
            found.append(lambda body, judge=judge: _reasons(judge, body))
    return found


def _reasons(judge: Any, body: Body) -> list[str]:
    verdict = judge.check("POST", "/106540352242922/messages", body)
    return [] if verdict.valid else [str(verdict.operation), *verdict.reasons]


@pytest.mark.parametrize("name", SENDABLE)
def test_a_body_is_what_the_cloud_api_asks_for(name: str, judges: list[Judge]) -> None:
    body = message_body(BUDI, SENDABLE[name], token="v1.-.t", reply_to="wamid.1")

    assert [reason for judge in judges for reason in judge(body)] == []


@pytest.mark.parametrize("kind", ADDRESSES)
def test_an_address_is_given_as_the_cloud_api_asks_for(kind: str, judges: list[Judge]) -> None:
    body = message_body(ADDRESSES[kind], SENDABLE["text"], token="v1.-.t")

    assert [reason for judge in judges for reason in judge(body)] == []


@given(messages())
def test_any_message_becomes_a_whole_body(message: Message) -> None:
    if unresolved_media(message) is not None:
        message = with_media(message, MediaId("1"))

    assert ours(message_body(BUDI, message, token="t")) == []


def _with(name: str, *path: str | int, value: Any) -> Body:
    body: Body = json.loads(json.dumps(message_body(BUDI, SENDABLE[name], token="t")))
    inner: Any = body
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return body


BROKEN = {
    "a field that does not exist": _with("text", "colour", value="red"),
    "one within the text": _with("text", "text", "colour", value="red"),
    "another product": _with("text", "messaging_product", value="telegram"),
    "an address that is no text": _with("text", "to", value=6281234567890),
    "a text of another type": _with("text", "text", "body", value=7),
    "a kind that does not exist": _with("text", "type", value="poll"),
    "no source": _with("image by id", "image", value={"caption": "A cat"}),
    "a latitude of another type": _with("location", "location", "latitude", value=[]),
    "four buttons": _with("buttons", "interactive", "action", "buttons", value=[{}] * 4),
    "no action": _with("list", "interactive", "action", value={}),
    "a header without a kind": _with("buttons", "interactive", "header", value={"text": "x"}),
    "no language": _with("template with names", "template", "language", value={}),
    "a button without a place": _with(
        "template with a flow", "template", "components", 0, value={"type": "button"}
    ),
    "a parameter without a value": _with(
        "template with names", "template", "components", 1, "parameters", 0, value={"type": "text"}
    ),
    "a name that is not shown": _with("contacts", "contacts", 0, "name", value={}),
}
UNSEEN_BY_META = {
    "another product",
    "a button without a place",
    "a parameter without a value",
    "a name that is not shown",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_body_is_found_out(fault: str, judges: list[Judge]) -> None:
    """The judges are no rubber stamps."""
    assert ours(BROKEN[fault]) != []
    if fault not in UNSEEN_BY_META:
        assert all(judge(BROKEN[fault]) for judge in judges[-1:])
