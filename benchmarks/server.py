"""The reference server: what its parts' benchmarks claim, together.

`server_requests` measures calls and webhooks, `server_live` live events, `server_failover` how long
the sessions of a killed instance are away.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.claims import Claim, arguments, conclude

PARTS: Final = ("server_requests", "server_live", "server_failover")


def main() -> int:
    """Run all parts, one after another, and print what they claim."""
    options = arguments(__doc__).parse_args()
    claims: list[Claim] = []
    for part in PARTS:
        claims += _claims_of(part, quick=options.quick)
    return conclude("server", claims, as_json=options.json)


def _claims_of(part: str, *, quick: bool) -> list[Claim]:
    command = [
        sys.executable,
        "-m",
        f"benchmarks.{part}",
        "--json",
        *(["--quick"] if quick else []),
    ]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True, check=False
    )
    *told, last = done.stdout.splitlines() or [""]
    print("\n".join(told), file=sys.stderr)
    try:
        found = json.loads(last)["claims"]
    except ValueError:
        raise SystemExit(f"{part} ended with {done.returncode} and claims nothing") from None
    known = Claim.__dataclass_fields__
    return [Claim(**{key: it[key] for key in it if key in known}) for it in found]


if __name__ == "__main__":
    raise SystemExit(main())
