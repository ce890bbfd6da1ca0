"""Signatures: what was signed is accepted, whatever was changed is not."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import ConfigurationError, SignatureMismatch
from blazz.security.secret import Secret
from blazz.webhooks.signature import SigningSecret, sign, signer_of

# Longer than 64 bytes, too: a block of SHA-256.
secrets = st.text(min_size=1, max_size=90).filter(lambda text: text.isprintable())


@given(st.binary(max_size=2000), secrets)
def test_it_is_what_meta_documents(body: bytes, secret: str) -> None:
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()

    assert sign(body, secret) == sign(body, Secret(secret)) == expected


@given(st.binary(max_size=2000), st.lists(secrets, min_size=1, max_size=4, unique=True), st.data())
def test_any_of_several_secrets_may_have_signed(
    body: bytes, accepted: list[str], data: st.DataObject
) -> None:
    used = data.draw(st.sampled_from(accepted))
    known = [SigningSecret(secret) for secret in accepted]

    signer = signer_of(body, sign(body, used), known)

    assert signer.fingerprint == SigningSecret(used).fingerprint


@given(st.binary(min_size=1, max_size=500), st.data())
def test_a_changed_body_is_refused(body: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(body) - 1))
    changed = bytearray(body)
    changed[place] ^= data.draw(st.integers(1, 255))

    with pytest.raises(SignatureMismatch):
        signer_of(bytes(changed), sign(body, "secret"), [SigningSecret("secret")])


@given(
    st.one_of(
        st.none(),
        st.text(max_size=80),
        st.text("0123456789abcdef", min_size=64).map("sha256={}".format),
    )
)
def test_no_other_signature_is_accepted(signature: str | None) -> None:
    with pytest.raises(SignatureMismatch):
        signer_of(b"body", signature, [SigningSecret("secret")])


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "sha1=" + "0" * 40,
        "sha256=" + "0" * 63,
        "sha256=" + "0" * 65,
        "sha256=" + "zz" * 32,
        "sha256=" + "00 " * 21 + "0",
        "sha256=" + "\u0660" * 64,
        sign(b"body", "secret").removeprefix("sha256="),
    ],
)
def test_a_malformed_signature_is_refused(signature: str) -> None:
    with pytest.raises(SignatureMismatch, match="64 hex digits"):
        signer_of(b"body", signature, [SigningSecret("secret")])


def test_the_case_of_the_digits_does_not_matter() -> None:
    assert signer_of(b"body", sign(b"body", "s").upper(), [SigningSecret("s")])


def test_a_missing_header_is_named() -> None:
    with pytest.raises(SignatureMismatch, match="no X-Hub-Signature-256 header"):
        signer_of(b"body", None, [SigningSecret("secret")])


def test_an_empty_secret_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="app secret is empty"):
        SigningSecret("")


def test_a_secret_does_not_show_itself() -> None:
    secret = SigningSecret("do not show me")

    assert "do not show me" not in f"{secret!r} {secret.fingerprint}"
    assert secret.fingerprint != SigningSecret("do not show mf").fingerprint
