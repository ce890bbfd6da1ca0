"""Every `>>>` example of the package runs and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import blazz

FINDER = doctest.DocTestFinder(exclude_empty=True)
EXAMPLES = [
    pytest.param(example, id=example.name)
    for name in [
        "blazz",
        *(
            module.name
            for module in pkgutil.walk_packages(blazz.__path__, "blazz.")
            if not module.name.endswith("__main__")
        ),
    ]
    for example in FINDER.find(importlib.import_module(name))
    if example.examples
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(example: doctest.DocTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    output: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.FAIL_FAST)

    runner.run(example, out=output.append)

    assert not output, "".join(output)
