"""Link an account to WhatsApp Web by a QR code in the terminal: offline, against the sandbox."""

import asyncio

import blazz


async def main() -> None:
    async with blazz.Sandbox() as sandbox, blazz.Client() as client:
        # On the real WhatsApp it is blazz.Web(), and it is you who holds the phone.
        phone = sandbox.phone("+62 811-0000-0001")
        session = await client.open("shop", blazz.Web(url=sandbox.web_url))

        async for step in session.pair():
            print(step.as_text())
            if isinstance(step, blazz.QrCode):
                await phone.scan(step.data)

        receipt = await session.send("+62 812-3456-7890", blazz.Text("Halo!"))
        await receipt.wait(blazz.Delivered, timeout=30)
        print("delivered:", receipt.message_id)


asyncio.run(main())
