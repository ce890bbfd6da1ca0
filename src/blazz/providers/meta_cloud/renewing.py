"""Replaces the credentials of a number while it is connected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from blazz.errors import InvalidValue
from blazz.providers.meta_cloud.arguments import checked_token
from blazz.providers.meta_cloud.credentials import CloudCredentials
from blazz.security.secret import Secret

if TYPE_CHECKING:
    import httpx

    from blazz.providers.meta_cloud.graph import Graph


class RenewsCloudCredentials:
    """The part of a `MetaCloud` that deals with other credentials than it was made with."""

    phone_number_id: str
    waba_id: str | None
    verify_token: Secret | None
    _token: Secret
    _app_secrets: tuple[Secret, ...]
    _transport: httpx.AsyncBaseTransport | None
    _graph: Graph | None

    def renew_token(self, token: str | Secret) -> None:
        """Use another access token from the next request on."""
        self._token = checked_token(token)
        if self._transport is not None:
            self._graph = self._graph_over(self._transport)

    def renew(self, secrets: Mapping[str, Secret]) -> None:
        """Use other credentials of the same number from the next request on.

        Args:
            secrets: Those of `CloudCredentials.to_secrets`.

        Raises:
            InvalidValue: They are malformed, or of another number.
        """
        given = CloudCredentials.from_secrets(secrets)
        if (given.phone_number_id, given.waba_id) != (self.phone_number_id, self.waba_id):
            limit = f"those of {self.phone_number_id} in the account {self.waba_id}"
            found = f"{given.phone_number_id} in {given.waba_id}"
            raise InvalidValue("credentials", limit, found)
        self.renew_token(given.token)
        self._app_secrets = tuple(Secret(secret) for secret in given.app_secrets)
        self.verify_token = None if given.verify_token is None else Secret(given.verify_token)
        self.__dict__.pop("_capabilities", None)  # statuses come by webhook, or no longer

    def _graph_over(self, transport: httpx.AsyncBaseTransport) -> Graph:
        raise NotImplementedError
