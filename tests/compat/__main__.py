"""`python -m tests.compat BIN BIN`: runs doctor, worker and evaluation through model servers of others.

Exit code 0: all checks passed.
"""

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from sandbox.fake_openai.app import create_openai_app
from sandbox.fake_openai.state import OpenAIState
from tests.compat.checks import run_checks
from tests.compat.gigachat import MODEL as GIGACHAT_MODEL
from tests.compat.gigachat import create_gigachat_app
from tests.compat.servers import LITELLM_MODEL, gpt2giga, litellm
from tests.support.serving import serving

KEY = f"sk-{secrets.token_hex(32)}"


def main() -> int:
    """Run everything; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.compat", description=__doc__)
    parser.add_argument("litellm", type=Path, help="the folder of LiteLLM's commands")
    parser.add_argument("gpt2giga", type=Path, help="the folder of gpt2giga's commands")
    parser.add_argument("--cases", type=int, default=40, help="cases of the evaluation (%(default)s)")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="compat-") as name,
        serving(create_openai_app(OpenAIState())) as model,
        serving(create_gigachat_app(f"{model}/v1")) as gigachat,
    ):
        failed = 0
        with litellm(options.litellm.resolve(), Path(name), f"{model}/v1", KEY) as url:
            for api in ("chat", "responses", "auto"):
                failed += _check(f"LiteLLM, OPENAI_API={api}", _settings(url, LITELLM_MODEL, api), options)
        with gpt2giga(options.gpt2giga.resolve(), Path(name), gigachat, KEY) as url:
            for api in ("auto", "responses"):
                failed += _check(f"gpt2giga, OPENAI_API={api}", _settings(url, GIGACHAT_MODEL, api), options)
    print(f"\n{'all checks passed' if not failed else f'{failed} checks failed'}")
    return 1 if failed else 0


def _settings(url: str, model: str, api: str) -> dict[str, str]:
    return {
        "OPENAI_BASE_URL": url,
        "OPENAI_API_KEY": KEY,
        "OPENAI_MODEL": model,
        "OPENAI_API": api,
        # The proxies of others need seconds for their first answer.
        "OPENAI_TIMEOUT_SECONDS": "60",
    }


def _check(name: str, settings: dict[str, str], options: argparse.Namespace) -> int:
    """Run the checks at one server and print the results; returns how many failed."""
    print(f"\n=== {name}", flush=True)
    results = run_checks(settings, cases=options.cases)
    for result in results:
        print(f"--- {result.check}: {'passed' if result.is_well else 'FAILED'}\n{result.output}", flush=True)
    return sum(not result.is_well for result in results)


if __name__ == "__main__":
    sys.exit(main())
