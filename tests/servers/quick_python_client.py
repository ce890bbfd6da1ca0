"""Stands in for `python`: has a program forked, hands signals on, and ends as that has ended.

It is copied beside the socket of `quick_python_server.py`, and imports nothing that takes long.
"""

# pathlib takes longer to import than all of this:
# ruff: noqa: PTH100, PTH109, PTH118, PTH120

import _signal
import _socket
import array
import marshal
import os
import sys

FORKED = {"-c", "-m"}
HANDED_ON = (_signal.SIGTERM, _signal.SIGINT, _signal.SIGHUP)


def main() -> None:
    """Run what the arguments say."""
    arguments = sys.argv[1:]
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in FORKED):
        os.execv(sys.executable, [sys.executable, *arguments])
    channel = _socket.socket(_socket.AF_UNIX)
    channel.connect(os.path.join(os.path.dirname(os.path.abspath(__file__)), "socket"))
    request = marshal.dumps((arguments, dict(os.environ), os.getcwd()))
    files = array.array("i", [0, 1, 2])
    channel.sendmsg(
        [len(request).to_bytes(8, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)]
    )
    channel.sendall(request)
    for number in HANDED_ON:
        _signal.signal(number, lambda number, _: channel.send(bytes([number])))
    answer = channel.recv(100)
    if not answer:
        sys.exit("the process that forks has ended")
    code = int(answer)
    if code < 0:
        if -code in HANDED_ON:
            _signal.signal(-code, _signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


main()
