"""What a browser gets: the page to ask from at ``/``, the API's page at ``/docs``, its description at ``/openapi.json``. All from this machine.

The content security policy allows the service's own files alone, so nothing that a document holds can run or load anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import orjson
from aiohttp import web
from swagger_ui_bundle import swagger_ui_path

from query_service import openapi

_FOLDER: Final = Path(__file__).parent.parent / "page"
_SWAGGER_FILES: Final = ("swagger-ui.css", "swagger-ui-bundle.js")
_POLICY: Final = "default-src 'none'; connect-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
_POLICY_OF_DOCS: Final = _POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
_TYPES: Final = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes() -> list[web.RouteDef]:
    description = orjson.dumps(openapi.document())

    async def describe(_request: web.Request) -> web.Response:
        return web.Response(body=description, content_type="application/json")

    own = [web.get(f"/page/{name}", _file(_FOLDER / name)) for name in ("page.css", "page.js", "answer.js", "docs.js", "icon.svg")]
    swagger = [web.get(f"/docs/{name}", _file(Path(swagger_ui_path) / name)) for name in _SWAGGER_FILES]
    pages = [web.get("/", _file(_FOLDER / "index.html")), web.get("/docs", _file(_FOLDER / "docs.html", _POLICY_OF_DOCS))]
    return [*pages, web.get("/openapi.json", describe), *own, *swagger]


def _file(path: Path, policy: str = _POLICY) -> _Handler:
    """Read once, at the start: a missing file is found then and not by a user."""
    body = path.read_bytes()
    headers = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}

    async def give(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=_TYPES[path.suffix], charset="utf-8", headers=headers)

    return give
