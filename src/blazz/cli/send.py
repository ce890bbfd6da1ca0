"""`blazz send`: send one message."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from blazz.cli.connecting import (
    DEFAULT_FOLDER,
    AppSecret,
    Connection,
    Folder,
    Json,
    PhoneNumberId,
    SandboxUrl,
    SessionName,
    Token,
    UseSandbox,
    Workspace,
)
from blazz.cli.exit_codes import ExitCode
from blazz.cli.message_options import Language, Params, TemplateName, message_from
from blazz.cli.output import emit, show_pairs
from blazz.cli.running import run
from blazz.events import Delivered
from blazz.messages import Message


def send(
    to: Annotated[str, typer.Argument(help="Whom to send it to, in any spelling.")],
    text: Annotated[str | None, typer.Argument(help="The text.")] = None,
    template: TemplateName = None,
    language: Language = "en",
    param: Params = None,
    wait: Annotated[
        float | None, typer.Option(help="Wait so many seconds until it is delivered.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="The country of numbers without a code, such as ID.")
    ] = None,
    sandbox: UseSandbox = False,
    sandbox_url: SandboxUrl = None,
    phone_number_id: PhoneNumberId = None,
    token: Token = None,
    app_secret: AppSecret = None,
    session: SessionName = "default",
    workspace: Workspace = "default",
    folder: Folder = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """Send one message: blazz send "+62 812-3456-7890" "Halo" --sandbox."""
    connection = Connection(
        folder=folder,
        workspace=workspace,
        session=session,
        sandbox=sandbox,
        sandbox_url=sandbox_url,
        phone_number_id=phone_number_id,
        token=token,
        app_secret=app_secret,
    )

    async def work() -> ExitCode:
        message = message_from(text, template, language, param)
        result = await _send(connection, to, message, wait=wait, region=region)
        if as_json:
            emit(result)
        else:
            show_pairs(
                "Accepted", [(name.replace("_", " "), str(it)) for name, it in result.items()]
            )
        return ExitCode.DONE

    run(work())


async def _send(
    connection: Connection, to: str, message: Message, *, wait: float | None, region: str | None
) -> dict[str, Any]:
    async with connection.client() as client:
        session = await client.open(connection.session, connection.provider(), region=region)
        receipt = await session.send(to, message)
        result: dict[str, Any] = {
            "to": str(receipt.to),
            "message_id": receipt.message_id,
            "token": receipt.token,
            "accepted_at": receipt.accepted_at.isoformat(),
        }
        if wait is not None:
            state = await receipt.wait(Delivered, timeout=wait)
            result["status"] = state.status.value
        return result
