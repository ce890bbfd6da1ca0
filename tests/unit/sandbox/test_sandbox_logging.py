"""A sandbox within a program leaves the program's logging alone."""

from __future__ import annotations

import logging

import blazz


async def test_the_loggers_of_the_program_stay_as_they_are() -> None:
    names = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
    access = logging.getLogger("uvicorn.access")
    kept = logging.NullHandler()
    access.addHandler(kept)
    try:
        before = {name: logging.getLogger(name).level for name in names}
        propagate = access.propagate

        async with blazz.Sandbox():
            during = {name: logging.getLogger(name).level for name in names}
            assert kept in access.handlers
            assert access.propagate == propagate
    finally:
        access.removeHandler(kept)

    assert during == before
