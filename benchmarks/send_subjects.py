"""The subjects of `benchmarks.send`: each sends text messages in its own way, when told.

A process is given a subject's name and the server's address. For each line that it reads, a number
of messages, it sends them and writes one line of JSON: CPU and wall-clock seconds. A peer's
environment has its own packages only, so imports are inside the subjects.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count

PHONE_NUMBER_ID = "106540352242922"
TOKEN = "EAAG" + "x" * 180
RECIPIENT = "6281234567890"
TEXT = "Halo Budi, pesanan nomor 12345 sudah dikirim. Terima kasih!"
AT_ONCE = 100

Send = Callable[[], Awaitable[object]]
Subject = Callable[[str], "AsyncIterator[Send]"]


def body() -> bytes:
    """The request that the raw clients send: encoded anew each time, as everyone must."""
    message = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": RECIPIENT,
        "type": "text",
        "text": {"body": TEXT, "preview_url": True},
        "biz_opaque_callback_data": "v1.-.c2VjcmV0LXRva2Vu",
    }
    return json.dumps(message).encode()


def message_id(answer: bytes) -> str:
    """What the raw clients read from an answer."""
    found: str = json.loads(answer)["messages"][0]["id"]
    return found


def url(server: str) -> str:
    return f"{server}/v26.0/{PHONE_NUMBER_ID}/messages"


def headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


async def blazz(server: str, transport: str) -> AsyncIterator[Send]:
    """The provider, without a session."""
    from blazz.addresses import Phone
    from blazz.messages import Text
    from blazz.providers.base import new_token
    from blazz.providers.meta_cloud import MetaCloud

    to = Phone(f"+{RECIPIENT}")
    async with MetaCloud(
        PHONE_NUMBER_ID,
        TOKEN,
        base_url=server,
        transport=transport,  # type: ignore[arg-type]
    ) as cloud:
        yield lambda: cloud.send(to, Text(TEXT), token=new_token())


async def blazz_session(server: str) -> AsyncIterator[Send]:
    """What an application calls: it reads the number, and looks the contact up in the database."""
    import tempfile

    from blazz.client import Client
    from blazz.messages import Text
    from blazz.providers.meta_cloud import MetaCloud

    cloud = MetaCloud(PHONE_NUMBER_ID, TOKEN, base_url=server)
    with tempfile.TemporaryDirectory() as folder:
        async with Client(folder=folder) as client:
            session = await client.open("sales", cloud)
            yield lambda: session.send(f"+{RECIPIENT}", Text(TEXT))


async def raw_aiohttp(server: str) -> AsyncIterator[Send]:
    import aiohttp

    async with aiohttp.ClientSession(headers=headers()) as client:

        async def send() -> str:
            async with client.post(url(server), data=body()) as answer:
                return message_id(await answer.read())

        yield send


async def raw_pyreqwest(server: str) -> AsyncIterator[Send]:
    from pyreqwest.client import ClientBuilder

    async with ClientBuilder().default_headers(headers()).build() as client:

        async def send() -> str:
            answer = await client.post(url(server)).body_bytes(body()).build().send()
            return message_id(bytes(await answer.bytes()))

        yield send


async def raw_httpx(server: str) -> AsyncIterator[Send]:
    import httpx

    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx.AsyncClient(headers=headers(), limits=limits, timeout=30) as client:

        async def send() -> str:
            answer = await client.post(url(server), content=body())
            return message_id(answer.content)

        yield send


async def pywa(server: str, *, tuned: bool) -> AsyncIterator[Send]:
    """As its documentation shows it, or `tuned` with a client on aiohttp, which it also takes."""
    from pywa_async import WhatsApp  # type: ignore[import-not-found]

    session = None
    if tuned:
        from httpx_aiohttp import HttpxAiohttpClient

        session = HttpxAiohttpClient(timeout=30)
    client = WhatsApp(phone_id=PHONE_NUMBER_ID, token=TOKEN, session=session)
    # Its address is fixed; its HTTP client can be told another one.
    client.api._session.base_url = f"{server}/v26.0"  # noqa: SLF001
    client.api._session.timeout = 30  # noqa: SLF001
    numbers = count()
    yield lambda: client.send_message(RECIPIENT, TEXT, tracker=f"v1.-.{next(numbers)}")
    await client.api._session.aclose()  # noqa: SLF001


SUBJECTS: dict[str, Callable[[str], AsyncIterator[Send]]] = {
    "blazz": lambda server: blazz(server, "default"),
    "blazz-fast": lambda server: blazz(server, "fast"),
    "blazz-session": blazz_session,
    "aiohttp": raw_aiohttp,
    "pyreqwest": raw_pyreqwest,
    "httpx": raw_httpx,
    "pywa": lambda server: pywa(server, tuned=False),
    "pywa-tuned": lambda server: pywa(server, tuned=True),
}


async def send_all(send: Send, messages: int) -> None:
    """Send so many messages, always `AT_ONCE` of them at the same time."""
    left = iter(range(messages))

    async def worker() -> None:
        for _ in left:
            await send()

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


def cpu_seconds() -> float:
    """CPU time of this process, all its threads, in user and system mode."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def main() -> None:
    """Send when told, until the input ends."""
    name, server = sys.argv[1:]
    async with asynccontextmanager(SUBJECTS[name])(server) as send:
        await send_all(send, AT_ONCE)
        for line in sys.stdin:  # nothing else runs: waiting for a line blocks nobody
            cpu, wall = cpu_seconds(), time.perf_counter()
            await send_all(send, int(line))
            figures = {"cpu": cpu_seconds() - cpu, "wall": time.perf_counter() - wall}
            print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main())
