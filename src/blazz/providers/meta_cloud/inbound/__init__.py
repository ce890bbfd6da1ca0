"""Webhooks of the Cloud API: from the raw body to typed events.

`parse` splits a batch; each update's `event()` builds its event. `divide` takes a batch apart that
is for several owners.
"""

from blazz.providers.meta_cloud.inbound.change import CloudUpdate
from blazz.providers.meta_cloud.inbound.dividing import divide
from blazz.providers.meta_cloud.inbound.outline import parse

__all__ = ["CloudUpdate", "divide", "parse"]
