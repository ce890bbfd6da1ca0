"""Webhooks with FastAPI; run it with `uvicorn webhooks_fastapi:app`."""

import contextlib
import os
from collections.abc import AsyncGenerator

from fastapi import FastAPI
from starlette.routing import Route

import blazz

client = blazz.Client()


@client.on(blazz.TextReceived)
async def show(session: blazz.Session, message: blazz.TextReceived) -> None:
    print(session.name, "got", message.body, flush=True)


@contextlib.asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    async with client:
        await client.open(
            "sales",
            blazz.MetaCloud(
                os.environ["WHATSAPP_PHONE_NUMBER_ID"],
                os.environ["WHATSAPP_TOKEN"],
                app_secret=os.environ["WHATSAPP_APP_SECRET"],
                verify_token=os.environ["WHATSAPP_VERIFY_TOKEN"],
            ),
        )
        yield


app = FastAPI(lifespan=lifespan)
# A route, not `app.mount`: that would answer /webhooks with a redirect to /webhooks/.
app.routes.append(Route("/webhooks", client.webhooks.asgi))
