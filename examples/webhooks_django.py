"""Webhooks with Django; run it with `python webhooks_django.py runserver`, or any WSGI server.

In a project of yours only `webhook` and its URL are new, and `DATA_UPLOAD_MAX_MEMORY_SIZE`: Django
refuses bodies above 2.5 MB, Meta sends up to 3 MB.
"""

import contextlib
import os
import sys
from collections.abc import AsyncGenerator

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

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


webhooks = ThreadedReceiver(receiving)


@csrf_exempt  # Meta signs the body instead
def webhook(request: HttpRequest) -> HttpResponse:
    query = request.META["QUERY_STRING"]
    answer = webhooks.handle(request.method or "", query, request.headers, request.body)
    return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))


urlpatterns = [path("webhooks", webhook)]

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATA_UPLOAD_MAX_MEMORY_SIZE=client.webhooks.body_limit,
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ.get("DJANGO_SECRET_KEY", "only for this example"),
)
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
