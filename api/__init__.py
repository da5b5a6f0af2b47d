"""The only HTTP surface: takes leads in and shows them; stateless, any number of copies."""

import sys
from typing import Any, cast

# FastAPI asks of every model whether it is one of pydantic 1, and takes "there is none" for an answer.
# To load all of it, only to hear no, would cost 1.5 MiB and 20 ms of the start.
sys.modules.setdefault("pydantic.v1", cast("Any", None))
