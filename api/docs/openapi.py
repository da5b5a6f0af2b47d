"""The FastAPI application whose OpenAPI schema contains every schema that it refers to."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import validation_error_definition, validation_error_response_definition

from api.schemas.models import Problem


class DescribedAPI(FastAPI):
    """A FastAPI that adds the schemas that only the error responses refer to."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI schema; FastAPI caches it."""
        schema = super().openapi()
        schemas = schema["components"]["schemas"]
        schemas.setdefault("Problem", Problem.model_json_schema())
        schemas.setdefault("ValidationError", validation_error_definition)
        schemas.setdefault("HTTPValidationError", validation_error_response_definition)
        return schema
