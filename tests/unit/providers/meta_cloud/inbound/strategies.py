"""Batches that no one would send: examples with nodes removed, replaced and doubled."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from hypothesis import strategies as st

from tests.unit.providers.meta_cloud.inbound.fixtures import NAMES, body
from tests.unit.sandbox.judging import webhook_examples

FIXTURES = [json.loads(body(name)) for name in NAMES]
EXAMPLES = [*FIXTURES, *webhook_examples().values()]
"""What every mutation starts from: the fixtures, and the examples that Meta gives."""

odd_numbers = st.one_of(
    st.integers(),
    st.integers(min_value=-(10**400), max_value=10**400),
    st.floats(allow_nan=False, allow_infinity=False),
)
# Halves of surrogate pairs, control characters and colons included: JSON can spell them all.
odd_texts = st.one_of(
    st.text(max_size=8),
    st.text(st.characters(), max_size=8),
    st.text(st.sampled_from("\ud800\udfff\x00\x1b:+0129 \u0661"), max_size=8),
    st.sampled_from(
        ["", "0", "-1", "1e9", "99999999999999999999", "12:34", "text", "sent", "group"]
    ),
    st.just("x" * 5000),
)
odd_scalars = st.one_of(st.none(), st.booleans(), odd_numbers, odd_texts)
anything = st.recursive(
    odd_scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_texts, inner, max_size=3),
    max_leaves=6,
)
batches_of_anything = st.fixed_dictionaries({"entry": st.lists(anything, max_size=3)})


@st.composite
def broken_batches(draw: st.DrawFn) -> Any:
    """An example after one to five changes at random places below its list of entries."""
    batch = copy.deepcopy(draw(st.sampled_from(EXAMPLES)))
    for _ in range(draw(st.integers(1, 5))):
        places = list(_places(batch["entry"]))
        if not places:
            break
        parent, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["remove", "replace", "double", "swap"])):
            case "remove":
                del parent[key]
            case "replace":
                parent[key] = draw(anything)
            case "double" if isinstance(parent, list):
                parent.append(copy.deepcopy(parent[key]))
            case _:
                parent[key] = copy.deepcopy(draw(st.sampled_from(places))[0])
    return batch


# What JSON allows and readers differ about, and what they allow and JSON does not.
odd_tokens = st.sampled_from(
    [
        "NaN", "-Infinity", "1e999", "-1e999", "1e-999", "-0", "0.10e1", "01", "+1", "9" * 400,
        "9" * 5000, '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\x7f\u2028\ufeff"', '"\t"',
        '{"id": 1, "id": 2}', "[" * 300 + "]" * 300, "[" * 5000 + "]" * 5000, '{"a":' * 300 + "}",
        "null", "[null]", "{}", "", " ",
    ]
)  # fmt: skip
_SCALARS = re.compile(r'"[^"\\]*"(?=[,}\]])|-?\d[\d.]*(?=[,}\]])')


@st.composite
def mangled_bodies(draw: st.DrawFn) -> bytes:
    """The text of an example, with odd values in it, and perhaps a piece cut out or doubled."""
    text = json.dumps(draw(st.sampled_from(EXAMPLES)), separators=(",", ":"))
    for _ in range(draw(st.integers(1, 3))):
        start, end = draw(st.sampled_from([match.span() for match in _SCALARS.finditer(text)]))
        text = text[:start] + draw(odd_tokens) + text[end:]
    body = text.encode("utf-8")
    if draw(st.booleans()):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 20)))
        body = body[:start] + draw(st.sampled_from([0, 2])) * body[start:end] + body[end:]
    return body


def _places(node: Any) -> Any:
    """Every place below a node: what holds it, and its name or position there."""
    children = enumerate(node) if isinstance(node, list) else node.items()
    for key, child in list(children):
        yield node, key
        if isinstance(child, list | dict):
            yield from _places(child)
