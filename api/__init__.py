"""The HTTP API: stores leads and shows them. It keeps no state, so any number of processes may run.
It may import `shared`. The floors inside it, top to bottom, are in the contract `api` of pyproject.toml.
It must not import `worker` or `sandbox`."""

import importlib
import sys
from typing import Any, cast

from pydantic import BaseModel

# FastAPI checks every model against the classes of pydantic 1 and accepts that pydantic.v1 is missing.
# Importing pydantic.v1 only for that check would cost 1.5 MiB and 20 ms at startup.
sys.modules.setdefault("pydantic.v1", cast("Any", None))

# Only a reader of the documentation needs the validators of FastAPI's models of it. Built at the import, they
# would cost 1.1 MiB.
BaseModel.model_config["defer_build"] = True
importlib.import_module("fastapi.openapi.models")
del BaseModel.model_config["defer_build"]
