"""A text-embeddings-inference server for tests: a process of its own that speaks ``GET /info`` and ``POST /embed``, in front of the packaged model.

``python -m tests.fake_embedding_server PORT``. Its vectors are the real model's and it names the same model, so that a worker that uses it writes into the
same embedding space as one that embeds in process. What a test chooses is its mood:

``PUT /mood {"reject": "text"}``   422 for a call with a text that holds this one, as for one that is too long; the others of the call are lost with it
``PUT /mood {"status": 503}``      this status for every call, in the form of an overloaded server
``PUT /mood {}``                   as usual

``GET /seen`` gives how many calls and texts were embedded or refused. Format: https://huggingface.co/docs/text-embeddings-inference.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import Any

from aiohttp import web

from contracts.settings import EmbeddingSettings
from index.embedding import Embedder, load


class FakeEmbeddingServer:
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._mood: dict[str, Any] = {}
        self._seen: Counter[str] = Counter()

    def application(self) -> web.Application:
        app = web.Application(client_max_size=16 * 2**20)
        app.add_routes([web.get("/info", self.info), web.post("/embed", self.embed), web.put("/mood", self.mood), web.get("/seen", self.seen)])
        return app

    async def info(self, _request: web.Request) -> web.Response:
        space = self._embedder.space
        about = {
            "model_id": space.model,
            "model_sha": space.revision or None,
            "model_dtype": "float32",
            "model_type": {"embedding": {"pooling": space.pooling}},
            "max_input_length": self._embedder.window,
            "max_client_batch_size": 32,
            "auto_truncate": False,
            "version": "1.8.0",
        }
        return web.json_response(about)

    async def mood(self, request: web.Request) -> web.Response:
        self._mood = await request.json()
        return web.json_response(self._mood)

    async def seen(self, _request: web.Request) -> web.Response:
        return web.json_response(self._seen)

    async def embed(self, request: web.Request) -> web.Response:
        inputs = (await request.json())["inputs"]
        texts = [inputs] if isinstance(inputs, str) else inputs
        self._seen["calls"] += 1
        if status := self._mood.get("status"):
            return web.json_response({"error": "Model is overloaded", "error_type": "Overloaded"}, status=status)
        if (unwanted := self._mood.get("reject")) and any(unwanted in text for text in texts):
            self._seen["refused"] += 1
            return web.json_response({"error": "Input validation error: `inputs` is refused as asked", "error_type": "Validation"}, status=422)
        self._seen["texts"] += len(texts)
        return web.json_response([list(vector) for vector in await self._embedder.embed(texts)])


async def main(port: int) -> None:
    runner = web.AppRunner(FakeEmbeddingServer(load(EmbeddingSettings())).application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
