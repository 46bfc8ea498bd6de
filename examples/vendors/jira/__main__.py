"""``python -m examples.vendors.jira --port N [--edition cloud|datacenter] [--speed F]``: a Jira on 127.0.0.1, empty until it is seeded."""

from __future__ import annotations

import argparse

from aiohttp import web

from examples.vendors.jira.model import Edition
from examples.vendors.jira.routes import application


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples.vendors.jira", description="A Jira that speaks the documented REST and webhook formats.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--edition", type=Edition, choices=list(Edition), default=Edition.CLOUD)
    parser.add_argument("--speed", type=float, default=1.0, help="divides the pauses between a webhook's tries")
    told = parser.parse_args()
    web.run_app(
        application(told.edition, told.speed),
        host="127.0.0.1",
        port=told.port,
        print=lambda _text: print(f"Jira ({told.edition}) listens on http://127.0.0.1:{told.port}", flush=True),
    )


if __name__ == "__main__":
    main()
