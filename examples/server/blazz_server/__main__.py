"""The command `blazz-server`."""

from __future__ import annotations

import uvicorn

from blazz_server.app import create_app
from blazz_server.settings import Settings


def main() -> None:
    """Serve until told to stop."""
    settings = Settings()
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port)


if __name__ == "__main__":
    main()
