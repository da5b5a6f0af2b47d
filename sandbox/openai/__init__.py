"""An OpenAI-compatible server with a rule-based stand-in for the model and faults on demand."""

from sandbox.openai.app import build_router, create_openai_app
from sandbox.openai.state import OpenAIState

__all__ = ["OpenAIState", "build_router", "create_openai_app"]
