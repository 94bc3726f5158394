"""What went wrong, as HTTP says it: the one table from errors to statuses, and problem+json (RFC 9457).

Flows in: exceptions and Failures. Flows out: responses. A problem's text never names a path or shows a traceback.
"""

import json
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from tsifra.errors import (
    AccessError,
    DamagedError,
    FormatError,
    InputError,
    MissingError,
    PasswordError,
    TooLargeError,
)

STATUSES = {
    FormatError.kind: 415,
    TooLargeError.kind: 413,
    DamagedError.kind: 422,
    PasswordError.kind: 422,
    MissingError.kind: 422,
    AccessError.kind: 422,
    InputError.kind: 422,
    "parameter": 400,
    "host": 400,
    "token": 401,
    "not_found": 404,
    "method": 405,
    "timeout": 408,
    "busy": 503,
    "internal": 500,
}
RETRY_S = 1
BUSY = "too many requests at once; try again in a moment"


class ProblemError(Exception):
    """Something that a request is answered with instead of a reading. kind: a key of STATUSES."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail

    def response(self) -> Response:
        """The problem as problem+json, with what its status asks for besides."""
        status = STATUSES[self.kind]
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": self.detail,
            "kind": self.kind,
        }
        headers = {}
        if status == 503:
            headers["Retry-After"] = str(RETRY_S)
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return Response(json.dumps(body, ensure_ascii=False), status, headers, "application/problem+json")
