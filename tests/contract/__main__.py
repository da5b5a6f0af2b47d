"""`python -m tests.contract SCHEMATHESIS`: tests the API against its own OpenAPI description."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import ROOT, migrate
from tests.support.api_process import serving

SETTINGS = {
    # schemathesis.toml sends the same tokens.
    "API_TOKEN": "contract-api-token",
    "TILDA_TOKEN": "contract-tilda-token",
    "RATE_LIMIT_PER_MINUTE": "0",
    "TRUSTED_PROXIES": "127.0.0.1",
}


def main() -> int:
    """Return the exit code of Schemathesis: 0 if every answer matched the description."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract", description=__doc__)
    parser.add_argument("schemathesis", help="the schemathesis command")
    parser.add_argument(
        "--cases", type=int, default=100, help="maximum number of cases for each operation (%(default)s)"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="contract-") as name:
        url = f"sqlite:///{Path(name) / 'leads.db'}"
        migrate(url)
        with serving(Path(name), DATABASE_URL=url, **SETTINGS) as (_, address, _):
            command = [options.schemathesis, "--config-file", "tests/contract/schemathesis.toml", "run"]
            command += [f"{address}/openapi.json", "--checks", "all", "--continue-on-failure"]
            command += ["--max-examples", str(options.cases), "--no-color"]
            return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
