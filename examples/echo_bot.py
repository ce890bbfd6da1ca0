"""A bot that repeats what people write: the same on the sandbox, on WhatsApp Web and the Cloud API.

`python echo_bot.py` runs it offline, with a person that the sandbox plays; `python echo_bot.py web`
shows a code to scan; `python echo_bot.py cloud` takes the number, its token, its app secret and the
verify token from the environment, and Meta's webhooks on port 8080.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import blazz

client = blazz.Client()


@client.on(blazz.TextReceived)
async def echo(session: blazz.Session, message: blazz.TextReceived) -> None:
    await session.mark_read(message, typing=True)
    await session.reply(message, blazz.Text(message.body), quote=True)


@asynccontextmanager
async def bot(provider: blazz.Provider) -> AsyncGenerator[blazz.Session]:
    async with client:
        session = await client.open("echo", provider)
        if session.can(blazz.Capability.PAIRING):
            async for step in session.pair():
                print(step.as_text(), flush=True)
        yield session


async def main(where: str) -> None:
    match where:
        case "sandbox":
            sandbox = blazz.Sandbox()
            async with bot(sandbox):
                budi = sandbox.user("+62 812-3456-7890")
                for text in ("Halo", "Apa kabar?"):
                    await budi.types(text)
                    print("Budi:", text, "| bot:", (await budi.receives()).text)
        case "web":
            async with bot(blazz.Web()):
                await asyncio.Event().wait()
        case "cloud":
            number, token = os.environ["BLAZZ_PHONE_NUMBER_ID"], os.environ["BLAZZ_TOKEN"]
            secret, verify = os.environ["BLAZZ_APP_SECRET"], os.environ["BLAZZ_VERIFY_TOKEN"]
            async with bot(blazz.MetaCloud(number, token, app_secret=secret, verify_token=verify)):
                import uvicorn

                await uvicorn.Server(uvicorn.Config(client.webhooks.asgi, port=8080)).serve()
        case _:
            print("echo_bot.py [sandbox | web | cloud]")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "sandbox"))
