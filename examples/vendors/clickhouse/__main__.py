"""``python -m examples.vendors.clickhouse --port 8123 --path DIR``: the server, on this machine alone. Its user is ``default``; the password is in HEADRACE_CLICKHOUSE_PASSWORD."""

from __future__ import annotations

import argparse
import os

from aiohttp import web

from examples.vendors.clickhouse.engine import Engine
from examples.vendors.clickhouse.routes import Account, application


def main() -> None:
    parser = argparse.ArgumentParser(description="ClickHouse's engine behind its HTTP interface")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default=":memory:", help="folder of the data; in memory without one")
    parser.add_argument("--user", default="default")
    given = parser.parse_args()
    account = Account(given.user, os.environ.get("HEADRACE_CLICKHOUSE_PASSWORD", ""))
    engine = Engine(given.path)
    try:
        app = application(engine, account)
        web.run_app(app, host="127.0.0.1", port=given.port, print=lambda *_: print(f"clickhouse listens on http://127.0.0.1:{given.port}", flush=True))
    finally:
        engine.close()


if __name__ == "__main__":
    main()
