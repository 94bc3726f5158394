"""What every request passes before anything reads it: Host, token, size and time of its body, headers of its answer.

Flows in: requests of any kind (ASGI). Flows out: requests that may be answered, whose bodies are in memory, and
answers with the headers that keep browsers safe. Knows nothing of pictures.
"""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tsifra.server.metrics import ERRORS, LATENCY, REQUESTS
from tsifra.server.problems import BUSY, ProblemError
from tsifra.server.settings import Settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_GUARDED = ("/v1/", "/metrics", "/openapi.json", "/docs")
_NAMES = ("localhost", "127.0.0.1", "[::1]")
_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(), microphone=(), camera=()"),
]


class Gate:
    """An ASGI application around another one."""

    def __init__(self, app: App, settings: Settings, is_full: Callable[[], bool]) -> None:
        """is_full: whether a further picture would be refused, so that its body need not be read."""
        self._app = app
        self._settings = settings
        self._is_full = is_full
        self._held = 0  # bytes of bodies in memory, of those that are still arriving as well

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # as GET; the server below leaves its body out
            scope = {**scope, "method": "GET"}
        began = time.perf_counter()
        status = 500

        async def sent(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        held = 0
        try:
            self._admit(scope)
            body = await self._body(scope, receive)
            held = len(body)
            await self._app(scope, _given(body, receive), sent)
        except ProblemError as problem:
            ERRORS.labels(problem.kind).inc()
            await problem.response()(scope, receive, sent)
        finally:
            self._held -= held
            route = getattr(scope.get("route"), "path", "other")
            REQUESTS.labels(route, str(status)).inc()
            LATENCY.labels(route).observe(time.perf_counter() - began)

    def _admit(self, scope: Scope) -> None:
        """Check Host, against pages elsewhere that pretend to be here (DNS rebinding), the token, and room for more."""
        settings = self._settings
        headers = dict(scope["headers"])  # the last of several
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if settings.is_loopback and not settings.token and host.rsplit(":", 1)[0] not in _NAMES and host not in _NAMES:
            raise ProblemError("host", "this server answers to localhost and 127.0.0.1 only")
        path = scope["path"]
        if settings.token is not None and path.startswith(_GUARDED) and scope["method"] != "OPTIONS":
            scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
            if scheme.lower() != b"bearer" or not hmac.compare_digest(given.strip(), settings.token.encode()):
                raise ProblemError("token", "this server wants a token: Authorization: Bearer TOKEN")
        if scope["method"] == "POST" and self._is_full():
            raise ProblemError("busy", BUSY)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body, refused by its stated size before it is read, and by its true size and time while it is."""
        most = self._settings.max_bytes
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if stated.isdigit() and int(stated) > most:
            raise ProblemError("too_large", f"the body has {int(stated):,} bytes; at most {most:,} are taken")
        parts: list[bytes] = []
        size = 0
        deadline = time.monotonic() + self._settings.body_s
        try:
            while True:
                message = await asyncio.wait_for(receive(), deadline - time.monotonic())
                if message["type"] != "http.request":  # the client went away
                    raise ProblemError("timeout", "the request ended before its body did")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                self._held += len(parts[-1])
                if size > most:
                    raise ProblemError("too_large", f"the body is larger than {most:,} bytes")
                if self._held > self._settings.held_bytes:
                    raise ProblemError("busy", "too many large requests at once; try again in a moment")
                if not message.get("more_body", False):
                    return b"".join(parts)
        except BaseException as error:
            self._held -= size
            if isinstance(error, TimeoutError):
                raise ProblemError("timeout", f"the body did not arrive within {self._settings.body_s:g} s") from None
            raise


def _given(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, and then what the connection has to say."""
    given = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
