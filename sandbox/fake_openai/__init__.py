"""An OpenAI-compatible server with a rule-based model and planned faults.
It may import FastAPI, pydantic and jsonschema.
It must not import the fake Telegram or the product (`api`, `worker`, `shared`)."""

from sandbox.fake_openai.app import build_router, create_openai_app
from sandbox.fake_openai.state import OpenAIState

__all__ = ["OpenAIState", "build_router", "create_openai_app"]
