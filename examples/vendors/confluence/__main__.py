"""``python -m examples.vendors.confluence --port N [--speed F] [--edition cloud|datacenter] [--events connect|forge|automation]``"""

from __future__ import annotations

import argparse

from aiohttp import web

from examples.vendors.confluence.app import create_app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples.vendors.confluence")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--speed", type=float, default=1.0, help="divides the pauses between webhook retries")
    parser.add_argument("--edition", choices=("cloud", "datacenter"), default="cloud")
    parser.add_argument("--events", choices=("connect", "forge", "automation"), default="connect", help="how Cloud tells what happened")
    told = parser.parse_args()
    app = create_app(told.edition, told.events, told.speed)
    where = f"confluence ({told.edition}) listens on http://127.0.0.1:{told.port}"
    web.run_app(app, host="127.0.0.1", port=told.port, print=lambda *_lines: print(where, flush=True))


if __name__ == "__main__":
    main()
