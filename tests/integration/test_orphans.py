"""What tests start ends with them, however they end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

PATIENCE = 60
ROOT = Path(__file__).parents[2]
STAYS = "import signal, time; print('here', flush=True); signal.pause()"
SERVER = """
from tests.servers.process import ServerProcess

server = ServerProcess("stays", as_us=True)
server.start([sys.executable, "-c", STAYS], ready=lambda: "here" in server.log.read_text())
print(server.pid, server.folder, flush=True)
"""
FORKED = """
from tests.servers.forking import ForkServer

Path("stays.py").write_text(f"if __name__ == '__main__':\\n    {STAYS}")
with open("log", "wb") as log:
    started = ForkServer(["stays"], path=[Path.cwd()]).start(
        "stays", environment=dict(os.environ), folder=Path.cwd(), output=log
    )
print(started.pid, flush=True)
"""
QUICK = """
from tests.servers import quick_python

quick_python._MODULES = ()
folder = Path.cwd()
client = (Path(quick_python.__file__).parent / "quick_python_client.py").read_text()
python = folder / "python"
quick_python._write_program(python, f"#!{sys.executable} -IS\\n{client}")
serving = quick_python._serving(folder / "socket", python)
serving.__enter__()
code = "import os; print(os.getpid(), flush=True)\\n" + STAYS
started = subprocess.Popen([python, "-c", code], stdout=subprocess.PIPE, text=True)
print(started.stdout.readline(), flush=True)
"""


@pytest.mark.parametrize("program", [SERVER, FORKED, QUICK], ids=["server", "forked", "quick"])
def test_it_ends_with_tests_that_are_killed(program: str, tmp_path: Path) -> None:
    code = f"import os, signal, subprocess, sys\nfrom pathlib import Path\n{STAYS=}\n{program}"
    with subprocess.Popen(
        [sys.executable, "-c", f"{code}\nsignal.pause()"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as tests:
        assert tests.stdout is not None
        try:
            told = tests.stdout.readline().split()
            started = psutil.Process(int(told[0]))
        finally:
            tests.kill()
    started.wait(PATIENCE)

    for folder in map(Path, told[1:]):
        assert not folder.exists()
