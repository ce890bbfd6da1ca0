"""Webhooks of the Cloud API: from the raw body to typed events.

`parse` splits a batch; each update's `event()` builds its event.
"""

from blazz.providers.meta_cloud.inbound.change import CloudUpdate
from blazz.providers.meta_cloud.inbound.outline import parse

__all__ = ["CloudUpdate", "parse"]
