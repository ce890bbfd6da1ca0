"""The message that a command sends: a text, or a template with parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from blazz.errors import ConfigurationError
from blazz.messages import Message, Template, Text

TemplateName: TypeAlias = Annotated[
    str | None, typer.Option(help="The name of an approved template.")
]
Language: TypeAlias = Annotated[str, typer.Option(help="The template's language, such as id.")]
Params: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--param", help="A parameter of the template's body; give one for each, in order"),
]


def message_from(
    text: str | None, template: str | None, language: str, params: Sequence[str] | None
) -> Message:
    """Make the message.

    Raises:
        ConfigurationError: Neither a text nor a template is named, or both are.
        InvalidValue: A limit is broken.
    """
    if (text is None) == (template is None):
        raise ConfigurationError("what to send? Give either a text or --template")
    if text is not None:
        if params:
            raise ConfigurationError("--param belongs to --template; a text has its own {columns}")
        return Text(text)
    assert template is not None
    return Template(template, language=language, body=list(params or ()))
