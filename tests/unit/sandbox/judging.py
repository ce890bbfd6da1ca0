"""Meta's OpenAPI description, where it lies beside the repository; tests are meaningful without."""

from __future__ import annotations

import copy
import functools
import itertools
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[3].parent / "shared" / "meta-openapi"


@functools.cache
def description() -> dict[str, Any] | None:
    """The description, or None."""
    if not (FOLDER / "judge.py").exists():
        return None
    text = next(FOLDER.glob("*.yaml")).read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Any] = yaml.load(text, Loader=loader)
    return found


@functools.cache
def _judge() -> Any:
    """The judge with Meta's known mistakes mended; neither it nor Python writes anything."""
    path = FOLDER / "judge.py"
    module = ModuleType("meta_openapi_judge")
    module.__file__ = str(path)
    code = compile(path.read_text(encoding="utf-8"), path, "exec", dont_inherit=True)
    exec(code, module.__dict__)
    module.load = lambda: copy.deepcopy(description())  # type: ignore[attr-defined]
    return module.Judge("repaired")


def webhook_reasons(body: dict[str, Any]) -> list[str]:
    """What Meta's description finds wrong with a webhook."""
    if description() is None:
        return []
    verdict = _judge().check_webhook(body)
    return [] if verdict.valid else list(verdict.reasons)


@functools.cache
def webhook_examples() -> dict[str, dict[str, Any]]:
    """The 16 webhooks that Meta gives as examples; none where the description is not at hand.

    Only their part of it is read: the whole takes seconds.
    """
    if not (FOLDER / "judge.py").exists():
        return {}
    lines = next(FOLDER.glob("*.yaml")).read_text(encoding="utf-8").splitlines(keepends=True)
    (first, *rest) = itertools.dropwhile(lambda line: line != "  /whatsapp/webhooks:\n", lines)
    part = itertools.takewhile(lambda line: line.startswith("    "), rest)
    operation = yaml.safe_load(first + "".join(part))["/whatsapp/webhooks"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    return {name: example["value"] for name, example in examples.items()}


def send_examples() -> dict[str, dict[str, Any]]:
    """The request bodies that Meta gives as examples for `/messages`."""
    found = description()
    if found is None:
        return {}
    operation = found["paths"]["/{Version}/{Phone-Number-ID}/messages"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    return {name: example["value"] for name, example in examples.items()}


def send_is_valid(body: dict[str, Any]) -> bool | None:
    """Whether Meta's description takes a send request; None where it is not at hand."""
    if description() is None:
        return None
    return bool(_judge().check("POST", "/106540352242922/messages", body).valid)
