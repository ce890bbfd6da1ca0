"""The page about the sandbox says what the code does: magic numbers, settings, paths."""

from __future__ import annotations

import json
import re
from pathlib import Path

from starlette.routing import BaseRoute, Mount, Route

from blazz.sandbox.accounts import DEFAULT_NUMBER_ID, DEFAULT_WABA_ID
from blazz.sandbox.api import control_users
from blazz.sandbox.api.app import control_routes
from blazz.sandbox.api.graph import Api
from blazz.sandbox.graph_errors import FAULTS
from blazz.sandbox.magic import Story, failing_number, refusing_number
from blazz.sandbox.settings import Settings
from blazz.sandbox.templates import default_templates
from blazz.sandbox.user import SandboxUser
from tests.unit.sandbox.worlds import Town

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The rows of the table that starts with a heading row."""
    _, _, after = PAGE.partition(f"{heading}\n")
    assert after, f"there is no table {heading}"
    lines = after.splitlines()[1:]
    table = lines[: next(place for place, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def test_every_story_is_in_the_table() -> None:
    shown = rows("| number | story | what happens |")

    assert shown == [
        [f"`{story.phone}`", f"`{story.value}`", story.description]
        for story in Story
        if story is not Story.READ
    ]


def test_the_error_table_is_right() -> None:
    shown = rows("| code | refused | accepted, then failed | meaning |")

    assert len(shown) > 40
    for code, refused, failed, meaning in shown:
        assert refused == f"`{refusing_number(int(code))}`"
        assert failed == f"`{failing_number(int(code))}`"
        assert meaning == FAULTS[int(code)].title


def test_every_setting_is_in_the_table_with_its_default() -> None:
    shown = {name: default for name, default, _ in rows("| setting | default | meaning |")}
    defaults = Settings().as_json()

    assert shown == {f"`{name}`": f"`{json.dumps(value)}`" for name, value in defaults.items()}


def test_every_path_of_the_control_api_is_in_the_table(town: Town) -> None:
    async def verify(_: object) -> None:
        """Nothing is verified here."""

    served: set[tuple[str, str]] = set()
    for route in control_routes(Api(town, verify)):
        served |= paths(route)
    shown = {
        (method, path.strip("`"))
        for methods, path, _ in rows("| method | path | meaning |")
        for method in methods.split(", ")
    }

    assert shown == served


def paths(route: BaseRoute, prefix: str = "") -> set[tuple[str, str]]:
    """The methods and paths of a route and all below it, but not the page at the root."""
    if isinstance(route, Mount):
        below = (paths(inner, route.path) for inner in route.routes or [])
        return {found for each in below for found in each}
    assert isinstance(route, Route)
    path = (prefix + route.path).removesuffix("/")
    methods = (route.methods or set()) - {"HEAD"}
    return {(method, path) for method in methods} if path else set()


def test_every_action_of_a_user_is_in_the_table() -> None:
    (row,) = [it for it in rows("| method | path | meaning |") if "{action}" in it[1]]

    assert set(re.findall(r"`(\w+)`", row[2])) == set(control_users.ACTIONS)


def test_every_method_of_a_user_is_in_the_table() -> None:
    methods = {name for name in vars(SandboxUser) if not name.startswith("_")} - {"user_id"}
    first = " ".join(cells[0] for cells in rows("| method | what the user does |"))

    assert set(re.findall(r"`(\w+)\(", first)) == methods


def test_names_and_ids_are_right() -> None:
    names = {template.name for template in default_templates(DEFAULT_WABA_ID)}

    assert all(f"`{name}`" in PAGE for name in (*names, DEFAULT_NUMBER_ID, DEFAULT_WABA_ID))
