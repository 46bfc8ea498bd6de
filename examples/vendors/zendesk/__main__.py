"""``python -m examples.vendors.zendesk --port 8102``: the account, on this machine alone. Its admin is integration@example.com/token:test-token."""

from __future__ import annotations

import argparse

from aiohttp import web

from examples.vendors.zendesk.exports import DOCUMENTED_LAG_SECONDS
from examples.vendors.zendesk.routes import application
from examples.vendors.zendesk.state import Desk


def main() -> None:
    parser = argparse.ArgumentParser(description="A Zendesk account in memory, over HTTP")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--speed", type=float, default=1.0, help="divides the pauses between webhook retries")
    parser.add_argument(
        "--export-lag", type=float, default=DOCUMENTED_LAG_SECONDS, help="seconds of the most recent changes that incremental exports leave out"
    )
    given = parser.parse_args()
    app = application(Desk(), given.speed, given.export_lag)
    web.run_app(app, host="127.0.0.1", port=given.port, print=lambda *_: print(f"zendesk listens on http://127.0.0.1:{given.port}", flush=True))


if __name__ == "__main__":
    main()
