"""The application whose description of itself is complete."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import validation_error_definition, validation_error_response_definition

from api.schemas.models import Problem


class DescribedAPI(FastAPI):
    """A FastAPI that also describes what only its error answers refer to."""

    def openapi(self) -> dict[str, Any]:
        """The schema, made once."""
        schema = super().openapi()
        known = schema["components"]["schemas"]
        known.setdefault("Problem", Problem.model_json_schema())
        known.setdefault("ValidationError", validation_error_definition)
        known.setdefault("HTTPValidationError", validation_error_response_definition)
        return schema
