"""Starts the servers of others that the checks run against, each as a process with its own log."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2

from sandbox.demo.product_processes import environment, free_port
from tests.support.waiting import until

START_SECONDS = 180
LITELLM_MODEL = "through-litellm"
_LITELLM = {
    # No list of prices is downloaded, and nothing is reported.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
}


@contextmanager
def litellm(commands: Path, folder: Path, upstream: str, key: str) -> Iterator[str]:
    """Run LiteLLM's proxy in front of the model at `upstream`; yields its base URL. It wants `key`."""
    config = {
        "model_list": [
            {
                "model_name": LITELLM_MODEL,
                "litellm_params": {"model": "openai/gpt-4.1-mini", "api_base": upstream, "api_key": "sk-up"},
            }
        ],
        "litellm_settings": {"telemetry": False, "num_retries": 0},
    }
    file = folder / "litellm.json"
    # JSON is YAML too.
    file.write_text(json.dumps(config))
    port = free_port()
    settings = {**_LITELLM, "LITELLM_MASTER_KEY": key}
    command = [commands / "litellm", "--config", file, "--host", "127.0.0.1", "--port", str(port)]
    with _running("litellm", command, folder, f"http://127.0.0.1:{port}/health/liveliness", settings):
        yield f"http://127.0.0.1:{port}/v1"


@contextmanager
def gpt2giga(commands: Path, folder: Path, upstream: str, key: str) -> Iterator[str]:
    """Run gpt2giga in front of GigaChat's API at `upstream`; yields its base URL. It wants `key`."""
    port = free_port()
    settings = {
        "GPT2GIGA_HOST": "127.0.0.1",
        "GPT2GIGA_PORT": str(port),
        "GPT2GIGA_ENABLE_API_KEY_AUTH": "True",
        "GPT2GIGA_API_KEY": key,
        "GIGACHAT_BASE_URL": upstream,
        "GIGACHAT_ACCESS_TOKEN": "token",
    }
    with _running("gpt2giga", [commands / "gpt2giga"], folder, f"http://127.0.0.1:{port}/health", settings):
        yield f"http://127.0.0.1:{port}/v1"


@contextmanager
def _running(
    name: str, command: Sequence[object], folder: Path, probe: str, settings: Mapping[str, str]
) -> Iterator[None]:
    """Run a command until the block ends; the block begins when `probe` answers."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=environment(settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )

        def is_up() -> bool:
            assert process.poll() is None, log.read_text(errors="replace")[-3000:]
            try:
                return httpx2.get(probe, timeout=5).status_code < 500
            except httpx2.HTTPError:
                return False

        try:
            until(is_up, f"{name} starts", START_SECONDS, poll_seconds=0.5)
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
