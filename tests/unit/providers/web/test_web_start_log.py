"""What is said of a browser that did not start."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.providers.web.start_log import why_it_did_not_start

PROGRAM = Path("/usr/bin/chromium")
HEAD = "BrowserType.launch_persistent_context: Target page, context or browser has been closed\n"
ERR = "  - [pid=7][err] "


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (ERR + "[7:7:1122/013212.4:ERROR:ui/x11.cc:257] Missing X server or $DISPLAY", "xvfb-run"),
        ("Chromium sandboxing failed!\n====", "sandbox=False"),
        (ERR + "[1122/0132.7:FATAL:zygote.cc:1] No usable sandbox! See", "sandbox=False"),
        (
            ERR + "chrome: error while loading shared libraries: libnss3.so: cannot open",
            "did not start: chrome: error while loading shared libraries: libnss3.so",
        ),
        (
            ERR + "[7:9:1122/01.4:ERROR:dbus/bus.cc:405] Failed to connect to the bus\n"
            f"{ERR}[7:9:1122/01.4:WARNING:a.cc:1] careful\n"
            f"{ERR}[7:9:1122/01.5:ERROR:chrome/main.cc:40] Opening in existing session failed",
            "did not start: Opening in existing session failed",
        ),
        ("  - [pid=7] <process did exit: exitCode=1, signal=null>", "at once (exit code 1)"),
        ("  - [pid=7] <process did exit: exitCode=null, signal=SIGSEGV>", "(signal SIGSEGV)"),
        ("Timeout 30000ms exceeded.\nCall log:", "did not start: Timeout 30000ms exceeded."),
    ],
)
def test_the_reason_is_found_in_the_log(log: str, told: str) -> None:
    text = HEAD + log if "Timeout" not in log else log

    assert told in why_it_did_not_start(PROGRAM, text)


@given(st.text(max_size=2000))
def test_any_log_gives_one_short_line_that_names_the_program(log: str) -> None:
    told = why_it_did_not_start(PROGRAM, log)

    assert "\n" not in told
    assert "/usr/bin/chromium" in told
    assert len(told) < 400
