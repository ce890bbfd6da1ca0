"""What happens in the page, as typed events: the same ones as the Cloud API's where they agree."""

from blazz.providers.web.inbound.updates import WebUpdate, parse

__all__ = ["WebUpdate", "parse"]
