"""The blocking face of blazz, for programs without `async`: same names, same meaning.

One thread runs the event loop for as long as a client is open; every call here is passed to it.
Handlers are plain functions, which run in threads of their own.

Example:
    ::

        from blazz import MetaCloud, Text
        from blazz.sync import Client

        with Client() as client:
            session = client.open("sales", MetaCloud("1555…", "EAAG…"))
            session.send("+62 812-3456-7890", Text("Halo"))
"""

from __future__ import annotations

from blazz.sync.campaign import Campaign
from blazz.sync.client import Client
from blazz.sync.receipt import Receipt
from blazz.sync.session import Session

__all__ = ["Campaign", "Client", "Receipt", "Session"]
