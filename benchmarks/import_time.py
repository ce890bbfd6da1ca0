"""How long `import blazz` takes, next to `import httpx, pydantic`, in fresh processes.

CPU time, interleaved rounds, the median of each: other work on the machine then tells least.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

from benchmarks.claims import Claim, arguments, conclude

SUBJECTS = {
    "import blazz": "import blazz",
    "import httpx, pydantic": "import httpx, pydantic",
    "every public name of blazz": "import blazz; [getattr(blazz, name) for name in blazz.__all__]",
}
TIMED = "import time; start = time.process_time(); {code}; print(time.process_time() - start)"


def main() -> int:
    """Measure and print."""
    options = arguments(__doc__).parse_args()
    rounds = 10 if options.quick else 40
    seconds: dict[str, list[float]] = {name: [] for name in SUBJECTS}
    for _ in range(rounds):
        for name, code in SUBJECTS.items():
            seconds[name].append(measure(code))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    output = sys.stderr if options.json else sys.stdout
    for name, median in medians.items():
        print(f"{name:<28} {median * 1000:7.1f} ms", file=output)
    ratio = medians["import blazz"] / medians["import httpx, pydantic"]
    claim = Claim(claim="import blazz / import httpx, pydantic", value=ratio, unit="x", limit=1.5)
    return conclude("import_time", [claim], as_json=options.json)


def measure(code: str) -> float:
    """The CPU seconds of one import, in a process of its own."""
    command = [sys.executable, "-c", TIMED.format(code=code)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


if __name__ == "__main__":
    sys.exit(main())
