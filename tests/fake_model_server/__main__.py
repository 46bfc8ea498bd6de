"""A model server for tests: a process of its own that speaks the chat completion wire format of vLLM and text-generation-inference over HTTP.

``python -m tests.fake_model_server PORT``. It is no model: its reply is told by the last word of the question's first line, so that a test chooses it:

=============  ==========================================================================
SAY:text       streams the text, word by word
QUOTE          streams the first sentence of source 1, cited
DUNNO          streams NOT_IN_SOURCES
SLOW           one token a second, for ever
STALL          headers, then nothing
BUSY:n         429 in TGI's form for the first n requests with this question, then as QUOTE
REFUSE:status  an error body in vLLM's form with that status
BREAK          two tokens, then the connection is cut
ERROR          a token, then an error event in TGI's form
GARBAGE        an event that is no JSON
=============  ==========================================================================

``GET /seen`` gives what was asked (bodies) and how many streams were broken off by the client.
Formats: https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html, https://huggingface.co/docs/text-generation-inference/messages_api.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter
from typing import Any

from aiohttp import web

_DIRECTIVE = re.compile(r"\b(SAY|QUOTE|DUNNO|SLOW|STALL|BUSY|REFUSE|BREAK|ERROR|GARBAGE)(?::(.*))?$", re.MULTILINE)
_FIRST_SENTENCE = re.compile(r'number="1" title="[^"]*">\n(.+?[.!?])(?:\s|$)', re.DOTALL)


class FakeModelServer:
    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.busy: Counter[str] = Counter()
        self.broken_off = 0

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.post("/v1/chat/completions", self.complete), web.get("/seen", self.seen), web.get("/health", self.health)])
        return app

    async def health(self, _request: web.Request) -> web.Response:
        return web.Response()

    async def seen(self, _request: web.Request) -> web.Response:
        return web.json_response({"bodies": self.bodies, "broken_off": self.broken_off})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        user = body["messages"][-1]["content"]
        question = user.rpartition("Question: ")[2]
        match = _DIRECTIVE.search(question)
        command, rest = (match[1], match[2] or "") if match else ("QUOTE", "")
        if command == "REFUSE":
            error = {"error": {"message": "refused as asked", "type": "BadRequestError", "param": None, "code": int(rest)}}
            return web.json_response(error, status=int(rest))
        if command == "BUSY":
            self.busy[question] += 1
            if self.busy[question] <= int(rest):
                return web.json_response({"error": "Model is overloaded", "error_type": "overloaded"}, status=429)
            command = "QUOTE"
        return await self._stream(request, body, command, rest, user)

    async def _stream(self, request: web.Request, body: dict[str, Any], command: str, rest: str, user: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            await self._events(response, body, command, rest, user)
        except (ConnectionError, asyncio.CancelledError):
            self.broken_off += 1
            raise
        if command == "BREAK":
            assert request.transport is not None
            request.transport.abort()
        return response

    async def _events(self, response: web.StreamResponse, body: dict[str, Any], command: str, rest: str, user: str) -> None:
        async def token(text: str | None, finish: str | None = None) -> None:
            delta = {"role": "assistant"} if text is None and finish is None else {"content": text} if text is not None else {}
            choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
            chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": choices, "usage": None}
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())

        await token(None)
        if command in {"SLOW", "STALL"}:
            while True:
                await asyncio.sleep(1)
                if command == "SLOW":
                    await token("slow ")
        if command == "ERROR":
            await token("Well ")
            await response.write(b'data: {"error":"Request failed during generation: Server error: CUDA out of memory","error_type":"generation"}\n\n')
            return
        if command == "GARBAGE":
            await response.write(b"data: <html>502 Bad Gateway</html>\n\n")
            return
        for piece in re.findall(r"\S+\s*", _reply(command, rest, user)):
            await token(piece)
        if command == "BREAK":
            return
        await token(None, "stop")
        usage = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": []}
        await response.write(f"data: {json.dumps(usage | {'usage': {'prompt_tokens': 10, 'completion_tokens': 5, 'total_tokens': 15}})}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")


def _reply(command: str, rest: str, user: str) -> str:
    if command == "SAY":
        return rest
    if command == "DUNNO":
        return "NOT_IN_SOURCES"
    if command == "BREAK":
        return "Broken off"
    found = _FIRST_SENTENCE.search(user)
    return f"{found[1].strip()} [1]" if found else "NOT_IN_SOURCES"


async def main(port: int) -> None:
    runner = web.AppRunner(FakeModelServer().application(), handler_cancellation=True, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
