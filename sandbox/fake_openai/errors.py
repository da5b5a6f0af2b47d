"""Errors in the JSON form of OpenAI's API."""

from typing import Any


class ApiError(Exception):
    """An error that is sent as `{"error": {message, type, param, code}}` with its HTTP status."""

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
        """Return the JSON body of the answer."""
        return {
            "error": {"message": str(self), "type": self.kind, "param": self.param, "code": self.code},
        }


def missing_key() -> ApiError:
    """Return the 401 for a request without a Bearer key."""
    return ApiError(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header "
        "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    )


def invalid_key(key: str) -> ApiError:
    """Return the 401 for an unknown key; the message shows only the two ends of the key."""
    shown = f"{key[:3]}***{key[-4:]}" if len(key) > 10 else "***"
    return ApiError(401, f"Incorrect API key provided: {shown}.", code="invalid_api_key")


def unknown_model() -> ApiError:
    """Return the 404 for a model that does not exist or is not available to this key."""
    return ApiError(404, "The model does not exist or you do not have access to it.", code="model_not_found")


def unsupported_country() -> ApiError:
    """Return the 403 for a caller in a country that OpenAI does not serve."""
    return ApiError(
        403,
        "Country, region, or territory not supported",
        kind="request_forbidden",
        code="unsupported_country_region_territory",
    )
