"""Signatures of the Pusher protocol; the first three are the examples of Pusher's documentation."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import InvalidValue
from blazz.realtime.pusher.signing import CLOCK_TOLERANCE, App, BadSignature, request_text
from blazz.security.secret import Secret

DOCUMENTED = App("3", "278d425bdf160c739803", Secret("7ad3773142a6692b25b8"))
BODY = b'{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}'
NOW = 1353088179


def query(**changed: str) -> dict[str, str]:
    given = {
        "auth_key": "278d425bdf160c739803",
        "auth_timestamp": str(NOW),
        "auth_version": "1.0",
        "body_md5": "ec365a775a4cd0599faeb73354201b6f",
        "auth_signature": "da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c",
    }
    return given | changed


def test_a_private_channel() -> None:
    assert DOCUMENTED.authorize("1234.1234", "private-foobar") == (
        "278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"
    )


def test_a_presence_channel() -> None:
    about = '{"user_id":10,"user_info":{"name":"Mr. Channels"}}'
    assert DOCUMENTED.authorize("1234.1234", "presence-foobar", about) == (
        "278d425bdf160c739803:31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80"
    )


def test_secrets_are_rotated() -> None:
    """An instance signs with its first secret, and others may still, or already, have another."""
    old, new, stranger = (Secret(it) for it in ("old secret", "new secret", "another secret"))
    before, during = App("1", "key", old, former=(new,)), App("1", "key", new, former=(old,))
    for signer, checker in ((before, during), (during, before)):
        auth = signer.authorize("1.2", "private-a")
        checker.check_subscription(auth, "1.2", "private-a", None)
        checker.check_sign_in(signer.authenticate("1.2", '{"id":"1"}'), "1.2", '{"id":"1"}')
    auth = before.authorize("1.2", "private-a")
    for other in (App("1", "key", new), App("1", "key", stranger, former=(new,))):
        with pytest.raises(BadSignature):
            other.check_subscription(auth, "1.2", "private-a", None)
    with pytest.raises(BadSignature):
        during.check_subscription(auth.replace("key:", "yek:"), "1.2", "private-a", None)
    replaced = App("3", DOCUMENTED.key, new, former=(DOCUMENTED.secret,))
    replaced.check_request("POST", "/apps/3/events", query(), BODY, now=NOW)


def test_a_request() -> None:
    DOCUMENTED.check_request("POST", "/apps/3/events", query(), BODY, now=NOW)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"auth_key": "other"}, "auth_key"),
        ({"auth_timestamp": "soon"}, "whole seconds"),
        ({"body_md5": "0" * 32}, "body_md5"),
        ({"body_md5": ""}, "body_md5"),
        ({"auth_signature": "0" * 64}, "auth_signature"),
        ({"auth_signature": ""}, "auth_signature"),
        ({"auth_signature": "\u0661"}, "auth_signature"),
        ({"info": "added"}, "auth_signature"),
    ],
)
def test_an_altered_request(changed: dict[str, str], message: str) -> None:
    with pytest.raises(BadSignature, match=message):
        DOCUMENTED.check_request("POST", "/apps/3/events", query(**changed), BODY, now=NOW)


@pytest.mark.parametrize("off", [-CLOCK_TOLERANCE - 1, CLOCK_TOLERANCE + 1])
def test_an_old_request(off: float) -> None:
    with pytest.raises(BadSignature, match="600 s off"):
        DOCUMENTED.check_request("POST", "/apps/3/events", query(), BODY, now=NOW + off)


@given(
    st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.text(max_size=20)),
    st.binary(max_size=200),
)
def test_what_is_signed_is_accepted(parameters: dict[str, str], body: bytes) -> None:
    signed = parameters | {
        "auth_key": DOCUMENTED.key,
        "auth_timestamp": str(NOW),
        "body_md5": hashlib.md5(body).hexdigest(),
    }
    signed.pop("auth_signature", None)
    text = request_text("POST", "/apps/3/events", signed)
    secret = DOCUMENTED.secret.reveal().encode()
    mac = hmac.digest(secret, text.encode("utf-8", "surrogatepass"), "sha256").hex()
    DOCUMENTED.check_request(
        "POST", "/apps/3/events", signed | {"auth_signature": mac}, body, now=NOW
    )


@pytest.mark.parametrize("socket_id", ["1234", "1.2:private-other", "a.b", "1.2\n", "1.2.3", ""])
def test_what_is_no_socket_id_is_not_signed(socket_id: str) -> None:
    with pytest.raises(InvalidValue, match="socket_id"):
        DOCUMENTED.authorize(socket_id, "private-foobar")
    with pytest.raises(InvalidValue, match="socket_id"):
        DOCUMENTED.authenticate(socket_id, "{}")


def test_the_secret_does_not_show() -> None:
    assert "7ad3773142a6692b25b8" not in repr(DOCUMENTED)
