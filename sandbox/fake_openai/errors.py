"""Errors in the form OpenAI's API gives them."""

from typing import Any


class ApiError(Exception):
    """A refusal that becomes `{"error": {message, type, param, code}}` with its HTTP status."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        return {
            "error": {"message": str(self), "type": self.kind, "param": self.param, "code": self.code},
        }


def missing_key() -> ApiError:
    """401 for a request without a Bearer key."""
    return ApiError(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header "
        "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    )


def invalid_key(key: str) -> ApiError:
    """401 for a key that OpenAI does not know; only the key's ends are repeated."""
    shown = f"{key[:3]}***{key[-4:]}" if len(key) > 10 else "***"
    return ApiError(401, f"Incorrect API key provided: {shown}.", code="invalid_api_key")


def unknown_model() -> ApiError:
    """404 for a model that is not there, or not for this key."""
    return ApiError(404, "The model does not exist or you do not have access to it.", code="model_not_found")


def unsupported_country() -> ApiError:
    """403 for a caller whose country OpenAI does not serve."""
    return ApiError(
        403,
        "Country, region, or territory not supported",
        kind="request_forbidden",
        code="unsupported_country_region_territory",
    )
