"""Calls between services: authentic, unaltered, lately, once."""

from __future__ import annotations

import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import ConfigurationError, InvalidValue, RequestNotAuthentic, WrongReceiver
from blazz.security.request_signing import (
    CALLER,
    CALLER_SIGNATURE,
    NONCE,
    RECEIVER,
    SIGNATURE,
    TIMESTAMP,
    WINDOW,
    RequestSigner,
    RequestVerifier,
)
from blazz.security.secret import Secret

SECRET, OTHER = Secret("the first shared secret"), Secret("the second shared secret")
NOW = 1_800_000_000.0
HERE = "east-2"


def signed(method: str = "POST", target: str = "/send", body: bytes = b"{}") -> dict[str, str]:
    return RequestSigner(SECRET).sign(method, target, body, receiver=HERE, now=NOW)


@given(st.sampled_from(["GET", "POST"]), st.text(max_size=20), st.binary(max_size=50))
def test_what_is_signed_is_accepted_once(method: str, target: str, body: bytes) -> None:
    target = target.encode(errors="replace").decode().replace("\n", "")
    verifier, headers = RequestVerifier([SECRET], receiver=HERE), signed(method, target, body)
    verifier.check(method.lower(), target, headers, body, now=NOW)
    with pytest.raises(RequestNotAuthentic, match="used before"):
        verifier.check(method, target, headers, body, now=NOW)


def test_a_body_may_be_in_a_file(tmp_path: Path) -> None:
    body = bytes(range(256)) * 3000
    path = tmp_path / "body"
    path.write_bytes(body)
    for sent, came in ((body, path), (path, body), (path, path)):
        headers = RequestSigner(SECRET).sign("PUT", "/file", sent, receiver=HERE, now=NOW)
        RequestVerifier([SECRET], receiver=HERE).check("PUT", "/file", headers, came, now=NOW)
        path.write_bytes(body + b"x")
        with pytest.raises(RequestNotAuthentic, match="does not fit"):
            RequestVerifier([SECRET], receiver=HERE).check("PUT", "/file", headers, path, now=NOW)
        path.write_bytes(body)


def test_it_tells_on_whose_account_it_is_made() -> None:
    def sign(caller: str) -> dict[str, str]:
        return RequestSigner(SECRET).sign(
            "POST", "/send", b"{}", receiver=HERE, now=NOW, caller=caller
        )

    verifier = RequestVerifier([SECRET], receiver=HERE)
    for caller in ("", "a1b2c3", "Büro, 2. Stock\n"):
        assert verifier.check("POST", "/send", sign(caller), b"{}", now=NOW) == caller
    headers, others = sign("a1b2c3"), sign("d4e5f6")
    for wrong in (
        {CALLER: "d4e5f6"},
        {CALLER: others[CALLER], CALLER_SIGNATURE: others[CALLER_SIGNATURE]},
        {CALLER_SIGNATURE: ""},
        {CALLER_SIGNATURE: headers[SIGNATURE]},
    ):
        with pytest.raises(RequestNotAuthentic, match="does not fit"):
            verifier.check("POST", "/send", headers | wrong, b"{}", now=NOW)
    with pytest.raises(RequestNotAuthentic, match="does not fit"):
        verifier.check(
            "POST", "/send", headers | {SIGNATURE: headers[CALLER_SIGNATURE]}, b"", now=NOW
        )
    with pytest.raises(InvalidValue, match="caller"):
        sign("x" * 101)


def test_secrets_are_rotated() -> None:
    RequestVerifier([OTHER, SECRET], receiver=HERE).check("POST", "/send", signed(), b"{}", now=NOW)
    with pytest.raises(RequestNotAuthentic, match="does not fit"):
        RequestVerifier([OTHER], receiver=HERE).check("POST", "/send", signed(), b"{}", now=NOW)


@given(st.text(min_size=1, max_size=100), st.text(min_size=1, max_size=100))
def test_a_request_is_for_one_receiver(receiver: str, other: str) -> None:
    """Whoever overhears it cannot send it to another one, which has not seen its number."""
    receiver, other = (it.encode(errors="replace").decode() for it in (receiver, other))
    headers = RequestSigner(SECRET).sign("POST", "/send", b"{}", receiver=receiver, now=NOW)
    if other != receiver:
        with pytest.raises(WrongReceiver):
            RequestVerifier([SECRET], receiver=other).check(
                "POST", "/send", headers, b"{}", now=NOW
            )
    RequestVerifier([SECRET], receiver=receiver).check("POST", "/send", headers, b"{}", now=NOW)


@pytest.mark.parametrize("name", ["", "x" * 101])
def test_a_receiver_has_a_name(name: str) -> None:
    with pytest.raises(InvalidValue, match="1 to 100 characters"):
        RequestSigner(SECRET).sign("GET", "/", b"", receiver=name, now=NOW)
    with pytest.raises(InvalidValue, match="1 to 100 characters"):
        RequestVerifier([SECRET], receiver=name)


def test_header_names_have_any_case() -> None:
    headers = {name.upper(): value for name, value in signed().items()}
    RequestVerifier([SECRET], receiver=HERE).check("POST", "/send", headers, b"{}", now=NOW)


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [("PUT", "/send", b"{}"), ("POST", "/other", b"{}"), ("POST", "/send?x", b"{}"),
     ("POST", "/send", b"{} "), ("POST", "/sen", b"d{}")],
)  # fmt: skip
def test_no_part_can_be_altered(method: str, target: str, body: bytes) -> None:
    verifier = RequestVerifier([SECRET], receiver=HERE, accept_unbound=True)
    with pytest.raises(RequestNotAuthentic, match="does not fit"):
        verifier.check(method, target, signed(), body, now=NOW)


@pytest.mark.parametrize(
    ("header", "value", "message"),
    [
        (SIGNATURE, None, "no X-HMAC-Signature"),
        (SIGNATURE, "", "does not fit"),
        (SIGNATURE, "0" * 64, "does not fit"),
        (SIGNATURE, "\u0660", "does not fit"),
        (TIMESTAMP, None, "whole seconds"),
        (TIMESTAMP, "1.5", "whole seconds"),
        (TIMESTAMP, "\u0661", "whole seconds"),
        (TIMESTAMP, str(int(NOW) + 1), "does not fit"),
        (RECEIVER, None, "no X-HMAC-Receiver"),
        (RECEIVER, "east-3", "does not fit"),
        (NONCE, None, "no X-HMAC-Nonce"),
        (NONCE, "short", "16 to 128"),
        (NONCE, "x" * 20, "does not fit"),
    ],
)
def test_headers_that_are_wrong(header: str, value: str | None, message: str) -> None:
    headers = signed()
    del headers[header]
    if value is not None:
        headers[header] = value
    with pytest.raises(RequestNotAuthentic, match=message):
        RequestVerifier([SECRET], receiver=HERE).check("POST", "/send", headers, b"{}", now=NOW)


@pytest.mark.parametrize("off", [-WINDOW - 1, WINDOW + 1])
def test_a_signature_is_good_for_a_while(off: float) -> None:
    with pytest.raises(RequestNotAuthentic, match="300 s off"):
        RequestVerifier([SECRET], receiver=HERE).check(
            "POST", "/send", signed(), b"{}", now=NOW + off
        )


@given(st.lists(st.floats(0, 2 * WINDOW), min_size=1, max_size=20))
def test_it_is_used_once_whenever_it_is_tried(pauses: list[float]) -> None:
    verifier, headers, now, accepted = (
        RequestVerifier([SECRET], receiver=HERE),
        signed(),
        NOW - WINDOW,
        0,
    )
    for pause in pauses:
        now += pause
        try:
            verifier.check("POST", "/send", headers, b"{}", now=now)
        except RequestNotAuthentic:
            continue
        accepted += 1
    assert accepted <= 1


def unbound(body: bytes) -> dict[str, str]:
    timestamp = str(int(NOW))
    text = timestamp.encode() + body
    mac = hmac.digest(SECRET.reveal().encode(), text, "sha256").hex()
    return {SIGNATURE: mac, TIMESTAMP: timestamp}


def test_the_older_form_is_accepted_where_it_is_asked_for() -> None:
    accepting = RequestVerifier([SECRET], receiver=HERE, accept_unbound=True)
    accepting.check("POST", "/anything", unbound(b"{}"), b"{}", now=NOW)
    with pytest.raises(RequestNotAuthentic, match="does not fit"):
        accepting.check("POST", "/anything", unbound(b"{}"), b"[]", now=NOW)
    with pytest.raises(RequestNotAuthentic, match="no X-HMAC-Nonce"):
        RequestVerifier([SECRET], receiver=HERE).check(
            "POST", "/send", unbound(b"{}"), b"{}", now=NOW
        )


def test_a_signature_cannot_be_turned_into_the_older_form() -> None:
    headers = signed()
    nonce = headers.pop(NONCE)
    verifier = RequestVerifier([SECRET], receiver=HERE, accept_unbound=True)
    for before in ("", "bound\n", f"bound\n{headers[TIMESTAMP]}"):
        body = f"{before}\n{nonce}\nPOST\n/send\n{{}}".encode()
        with pytest.raises(RequestNotAuthentic):
            verifier.check("POST", "/send", headers, body, now=NOW)


def test_secrets_have_a_length() -> None:
    with pytest.raises(ConfigurationError, match="at least 16 bytes, not 5"):
        RequestSigner(Secret("short"))
    with pytest.raises(ConfigurationError, match="no secret"):
        RequestVerifier([], receiver=HERE)
