"""The same without async: for scripts, notebooks and frameworks that block."""

import blazz
from blazz.sync import Client

with Client() as client:
    session = client.open("sales", blazz.Sandbox())
    receipt = session.send("+62 812-3456-7890", blazz.Text("Halo!"))
    print("it is", receipt.wait(blazz.Delivered, timeout=30).status.value)
