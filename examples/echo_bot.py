"""A bot that repeats what people write: offline, with a person that the sandbox plays."""

import asyncio

import blazz

client = blazz.Client()


@client.on(blazz.TextReceived)
async def echo(session: blazz.Session, message: blazz.TextReceived) -> None:
    await session.mark_read(message, typing=True)
    await session.reply(message, blazz.Text(message.body), quote=True)


async def main() -> None:
    sandbox = blazz.Sandbox()
    async with client:
        await client.open("echo", sandbox)
        budi = sandbox.user("+62 812-3456-7890")
        for text in ("Halo", "Apa kabar?"):
            await budi.types(text)
            print("Budi:", text, "| bot:", (await budi.receives()).text)


asyncio.run(main())
