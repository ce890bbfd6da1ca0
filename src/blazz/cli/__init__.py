"""The `blazz` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command; the exit code says how it went, see `blazz.cli.exit_codes`."""
    try:
        from blazz.cli.app import app
    except ImportError as error:
        sys.stderr.write(
            f"blazz: {error.name or error} is not installed;"
            " run: python -m pip install 'blazz[cli]'\n"
        )
        raise SystemExit(1) from None
    app()
