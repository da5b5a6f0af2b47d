"""Estimates token counts and simulates OpenAI's prompt caching."""

from collections import deque
from math import ceil

from pydantic import BaseModel

# Rough averages of OpenAI's tokenizers: Cyrillic words break into more pieces than English ones.
ASCII_PER_TOKEN = 4.0
OTHER_PER_TOKEN = 2.4
# https://platform.openai.com/docs/guides/prompt-caching: from 1,024 tokens of common prefix, in steps of 128.
CACHE_FROM = 1024
CACHE_STEP = 128
REMEMBERED_PROMPTS = 20


class Usage(BaseModel):
    """Tokens of one call."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )


def count_tokens(text: str) -> int:
    """Return the approximate number of tokens of a text."""
    ascii_chars = len(text.encode("ascii", "ignore"))
    return ceil(ascii_chars / ASCII_PER_TOKEN + (len(text) - ascii_chars) / OTHER_PER_TOKEN)


def shared_length(one: str, other: str) -> int:
    """Return the length of the common prefix of two texts, in characters."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if other.startswith(one[:middle]) else (low, middle - 1)
    return low


class PromptCache:
    """Keeps the last prompts to find how much of a new prompt is cached."""

    def __init__(self) -> None:
        self._prompts: deque[str] = deque(maxlen=REMEMBERED_PROMPTS)

    def cached_tokens(self, prompt: str) -> int:
        """Return the tokens of the longest prefix shared with an earlier prompt; then keep this prompt."""
        shared = max((shared_length(prompt, seen) for seen in self._prompts), default=0)
        self._prompts.append(prompt)
        tokens = count_tokens(prompt[:shared])
        return tokens // CACHE_STEP * CACHE_STEP if tokens >= CACHE_FROM else 0


def truncate(text: str, tokens: int) -> str:
    """Return the longest beginning of a text that has at most this many tokens."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count_tokens(text[:middle]) <= tokens else (low, middle - 1)
    return text[:low]
