"""Checks what a `MetaCloud` is made with, before anything is sent with it."""

from __future__ import annotations

import re
from typing import Final

import httpx

from blazz.errors import InvalidValue
from blazz.security.secret import Secret

_LOOPBACK: Final = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|::1")


def check_id(field: str, value: object) -> None:
    """Check the id of a phone number or account.

    Raises:
        InvalidValue: It is not made of digits; a phone number is not an id.
    """
    _check(field, value, "[0-9]{1,32}", "digits: the id that the app's dashboard shows")


def check_version(value: object) -> None:
    """Check a version of the Graph API; how new it may be is not limited.

    Raises:
        InvalidValue: It is not of the form v26.0.
    """
    _check("version", value, r"v[0-9]{1,3}\.[0-9]{1,2}", "of the form v26.0")


def phases_of(timeout: float | httpx.Timeout) -> httpx.Timeout:
    """Give each phase of a request its limit; connecting takes at most 10 seconds.

    Raises:
        InvalidValue: It is not more than 0 seconds.
    """
    if isinstance(timeout, httpx.Timeout):
        return timeout
    if not timeout > 0:
        raise InvalidValue("timeout", "must be more than 0 seconds", timeout)
    return httpx.Timeout(timeout, connect=min(timeout, 10.0))


def checked_token(token: str | Secret) -> Secret:
    """Check an access token; errors do not show it.

    Raises:
        InvalidValue: It is empty, or has characters that no header may have.
    """
    secret = Secret(token)
    if not re.fullmatch(r"[\x21-\x7e]+", secret.reveal()):
        raise InvalidValue("token", "must be printable ASCII characters without spaces", "***")
    return secret


def checked_address(base_url: str) -> str:
    """Check where the Graph API is; gives it without a slash at its end.

    Raises:
        InvalidValue: It is not `https://`, or `http://` on this machine.
    """
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise InvalidValue("base_url", f"must be an address: {error}", base_url) from error
    if not url.host or url.query or url.fragment or url.userinfo:
        rule = "must be an address without user, query and fragment"
        raise InvalidValue("base_url", rule, base_url)
    on_this_machine = bool(_LOOPBACK.fullmatch(url.host))
    if url.scheme != "https" and not (url.scheme == "http" and on_this_machine):
        rule = "must start with https:// (http:// only on this machine)"
        raise InvalidValue("base_url", rule, base_url)
    return base_url.rstrip("/")


def _check(field: str, value: object, pattern: str, rule: str) -> None:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise InvalidValue(field, f"must be {rule}", value)
