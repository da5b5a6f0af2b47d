"""An OpenAI-compatible server with a rule-based stand-in for the model and faults on demand."""

from sandbox.fake_openai.app import build_router, create_openai_app
from sandbox.fake_openai.state import OpenAIState

__all__ = ["OpenAIState", "build_router", "create_openai_app"]
