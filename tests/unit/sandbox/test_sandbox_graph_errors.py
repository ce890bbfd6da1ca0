"""Error bodies look like Meta's; every code that blazz knows can be provoked."""

from __future__ import annotations

import json
import pkgutil
from importlib import import_module

import pytest

from blazz.providers.meta_cloud import faults
from blazz.providers.meta_cloud.faults import GraphError
from blazz.sandbox.graph_errors import FAULTS, Refusal, status_error, unknown_object


def known_codes() -> set[int]:
    """The codes of all error classes of the Cloud API provider."""
    for module in pkgutil.iter_modules(faults.__path__):
        import_module(f"{faults.__name__}.{module.name}")
    found, left = set(), [GraphError]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        found |= {code for code in getattr(kind, "codes", ()) if isinstance(code, int)}
    return found


def test_every_code_that_blazz_knows_can_be_provoked() -> None:
    known = known_codes()

    assert len(known) > 100
    assert {code for code in known if not 200 <= code < 300} - set(FAULTS) == set()


@pytest.mark.parametrize("code", FAULTS)
def test_an_error_body(code: int) -> None:
    error = Refusal(code).body("Atrace")["error"]

    assert error["message"].startswith(f"(#{code}) ")
    assert error["type"] == "OAuthException"
    assert error["code"] == code
    assert error["error_data"]["messaging_product"] == "whatsapp"
    assert error["error_data"]["details"]
    assert error["fbtrace_id"] == "Atrace"
    json.dumps(error)


def test_a_status_error() -> None:
    assert status_error(131026)["code"] == 131026
    assert status_error(131026, "because")["error_data"] == {"details": "because"}


def test_an_unknown_object() -> None:
    refusal = unknown_object("POST", "12345")

    assert (refusal.code, refusal.subcode, refusal.status) == (100, 33, 400)
    assert "Object with ID '12345' does not exist" in refusal.message
    assert refusal.body("A")["error"]["type"] == "GraphMethodException"


def test_a_code_that_is_not_in_the_table() -> None:
    assert Refusal(424242).body("A")["error"]["code"] == 424242
