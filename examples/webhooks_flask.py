"""Webhooks with Flask; run it with `flask --app webhooks_flask run`, or any WSGI server.

Flask blocks, blazz does not: its event loop runs in a thread beside the requests.
"""

import contextlib
import os
from collections.abc import AsyncGenerator

from flask import Flask, Response, request

import blazz
from blazz.webhooks import Receiver
from blazz.webhooks.threaded import ThreadedReceiver

client = blazz.Client()


@client.on(blazz.TextReceived)
async def show(session: blazz.Session, message: blazz.TextReceived) -> None:
    print(session.name, "got", message.body, flush=True)


@contextlib.asynccontextmanager
async def receiving() -> AsyncGenerator[Receiver]:
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
        yield client.webhooks


app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = client.webhooks.body_limit
webhooks = ThreadedReceiver(receiving)


@app.route("/webhooks", methods=["GET", "POST"])
def webhook() -> Response:
    body = request.get_data()
    answer = webhooks.handle(request.method, request.query_string, request.headers.items(), body)
    return Response(answer.body, answer.status, list(answer.headers))
