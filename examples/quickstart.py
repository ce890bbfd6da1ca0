"""Send a message and see it delivered: offline, against the sandbox."""

import asyncio

import blazz


async def main() -> None:
    async with blazz.Client() as client:
        # Later it is blazz.MetaCloud with the number, its token and its app secret.
        session = await client.open("sales", blazz.Sandbox())

        receipt = await session.send("+62 812-3456-7890", blazz.Text("Halo!"))
        print("accepted:", receipt.message_id)

        state = await receipt.wait(blazz.Delivered, timeout=30)
        print("it is", state.status.value)


asyncio.run(main())
