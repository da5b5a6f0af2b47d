"""GigaChat's API, played by the sandbox's model: chat with functions, by which gpt2giga asks for JSON."""

import json
from typing import Any

import httpx2
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

MODEL = "GigaChat-2"


def create_gigachat_app(upstream: str) -> FastAPI:
    """Return an application with GigaChat's routes in front of the OpenAI-compatible model at `upstream`."""
    app = FastAPI()

    @app.get("/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "sandbox"}]}

    @app.post("/chat/completions")
    async def chat(request: Request) -> Response:
        asked = await request.json()
        async with httpx2.AsyncClient(timeout=60) as http:
            answer = await http.post(
                f"{upstream}/chat/completions",
                json=_to_openai(asked),
                headers={"Authorization": "Bearer sk-up"},
            )
        if answer.is_error:
            return JSONResponse({"status": answer.status_code, "message": answer.text}, answer.status_code)
        return JSONResponse(_to_gigachat(asked, answer.json()))

    return app


def _to_openai(asked: dict[str, Any]) -> dict[str, Any]:
    messages = [{"role": one["role"], "content": one.get("content") or ""} for one in asked["messages"]]
    body: dict[str, Any] = {"model": asked["model"], "messages": messages}
    if asked.get("max_tokens"):
        body["max_tokens"] = asked["max_tokens"]
    if asked.get("functions"):
        function = asked["functions"][0]
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": False, "schema": function["parameters"]},
        }
    return body


def _to_gigachat(asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    (choice,) = answer["choices"]
    text, finish = choice["message"]["content"] or "", choice["finish_reason"]
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if asked.get("functions"):
        call = {"name": asked["functions"][0]["name"], "arguments": json.loads(text)}
        message, finish = {"role": "assistant", "content": "", "function_call": call}, "function_call"
    usage = {key: answer["usage"][key] for key in ("prompt_tokens", "completion_tokens", "total_tokens")}
    return {
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "created": answer["created"],
        "model": f"{asked['model']}:1.0",
        "object": "chat.completion",
        "usage": usage | {"precached_prompt_tokens": 0},
    }
