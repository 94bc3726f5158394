"""The HTTP service and the page: requests -> records, annotated pictures, explanations.

Flows in: a Reader and Settings. Flows out: an ASGI application. Decoding and reading are done in threads; nothing of
a request outlives its answer. Knows nothing of digits, which are the reader's business.
"""

import json
import os
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from tsifra import __version__
from tsifra.document import named
from tsifra.errors import InputError
from tsifra.reader import Reader
from tsifra.reading import Failure
from tsifra.server import manual, metrics
from tsifra.server.gate import Gate
from tsifra.server.order import Order, explained, ordered
from tsifra.server.problems import STATUSES, ProblemError
from tsifra.server.settings import Settings
from tsifra.server.workroom import Workroom

PAGE = Path(__file__).parent / "page"
_THREADS = 2  # a process: a small picture passes a page
_SMALL = 1 << 16  # bytes of a picture, up to which it is read together with others
_Page = Annotated[int, Query(ge=1, le=100_000, description="Of a document, from 1.")]
_Box = Annotated[
    str | None,
    Query(
        pattern=r"^\d{1,6},\d{1,6},\d{1,6},\d{1,6}$",
        description="The part of the turned page that is the digit, as `bbox`: x0,y0,x1,y1; all of it by default.",
    ),
]
_BODY = {
    "required": True,
    "content": {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
            }
        },
    },
}
_PROBLEM = {
    "description": "A problem (RFC 9457); `kind` says which.",
    "content": {"application/problem+json": {"schema": {"type": "object"}}},
}
_PROBLEMS: dict[int | str, dict[str, Any]] = dict.fromkeys(sorted({*STATUSES.values()} - {404, 405, 500}), _PROBLEM)


def create_app(reader: Reader, settings: Settings) -> ASGIApp:
    """The application of one worker process."""
    room = Workroom(_THREADS, settings.queue, settings.answer_s)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        room.close()

    app = FastAPI(
        title="tsifra", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None, summary="Reads digits."
    )
    _add_service(app, reader, room, settings)
    _add_health(app, room)
    _add_page(app)
    _add_problems(app)
    app.openapi()  # made once, before anybody waits for it
    gate = Gate(app, settings, lambda: room.is_full)
    if not settings.origins:
        return gate
    # Around the gate, so that pages of these sites can read its refusals as well.
    return CORSMiddleware(
        gate, settings.origins, allow_methods=("*",), allow_headers=("*",), expose_headers=("Retry-After",)
    )


def _add_service(app: FastAPI, reader: Reader, room: Workroom, settings: Settings) -> None:
    ask, ask_alone = partial(_ask, room), partial(_ask_alone, room)
    known_only = [Depends(_known)]

    @app.post("/v1/read", responses=_PROBLEMS, openapi_extra={"requestBody": _BODY}, dependencies=known_only)
    async def read(
        request: Request,
        order: Annotated[Order, Depends(ordered)],
        pages: Annotated[str | None, Query(description="Of documents, such as 1-3 or 1,4-6; all by default.")] = None,
        probabilities: Annotated[bool, Query(description="Add all eleven probabilities.")] = False,
    ) -> Response:
        """Read digits: an array of records, one a page, as `tsifra read --format json` writes it."""
        order = order.of_pages(pages)
        sources = await _sources(request)
        results = await ask(request, partial(order.read, reader), sources, _kind(order, sources))
        metrics.count(results)
        if len(results) == 1 and isinstance(failure := results[0], Failure):
            raise ProblemError(failure.kind, failure.message)
        return _json([result.to_dict(probabilities) for result in results])

    @app.post(
        "/v1/annotate",
        responses=_PROBLEMS | {200: {"content": {"image/png": {}}}},
        openapi_extra={"requestBody": _BODY},
        dependencies=known_only,
    )
    async def annotate(request: Request, order: Annotated[Order, Depends(ordered)], page: _Page = 1) -> Response:
        """Read digits and draw them on the picture: a PNG."""
        return Response(await ask_alone(request, partial(order.annotated, reader, page)), media_type="image/png")

    @app.post("/v1/explain", responses=_PROBLEMS, openapi_extra={"requestBody": _BODY}, dependencies=known_only)
    async def explain(
        request: Request,
        page: _Page = 1,
        rotate: Annotated[
            Literal["0", "90", "180", "270"], Query(description="Degrees clockwise to turn it by.")
        ] = "0",
        box: _Box = None,
    ) -> Response:
        """How one digit is read: the steps in words, what the network saw, its record."""
        corners = None if box is None else tuple(int(value) for value in box.split(","))
        return _json(await ask_alone(request, partial(explained, reader, page, int(rotate), corners)))

    @app.get("/v1/info")
    async def info() -> dict[str, Any]:
        """The model, the version, and what is taken at most."""
        return {
            "model": reader.card.name,
            "version": __version__,
            "max_bytes": settings.max_bytes,
            "max_pixels": settings.max_pixels,
            "max_pages": settings.max_pages,
        }


def _add_health(app: FastAPI, room: Workroom) -> None:
    @app.get("/health/live")
    async def live() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "live"}

    @app.get("/health/ready", responses={503: _PROBLEM})
    async def ready() -> dict[str, str]:
        """Whether it takes requests."""
        if room.is_full:
            raise ProblemError("busy", "the queue is full")
        return {"status": "ready"}

    @app.get("/metrics", include_in_schema=False)
    async def figures() -> Response:
        return Response(metrics.exposed(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _add_page(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        address = str(request.base_url).rstrip("/")
        return Response(manual.page(app.openapi(), address), media_type="text/html; charset=utf-8")

    app.mount("/static", StaticFiles(directory=PAGE), name="static")


def _add_problems(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return ProblemError("parameter", f"{first['loc'][-1]}: {first['msg']}").response()

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        kind = {404: "not_found", 405: "method"}.get(error.status_code, "parameter")
        response = ProblemError(kind, str(error.detail)).response()
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(ProblemError)
    async def problem(request: Request, error: ProblemError) -> Response:
        metrics.ERRORS.labels(error.kind).inc()
        return error.response()

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        metrics.ERRORS.labels("internal").inc()
        return ProblemError("internal", "the server failed; its log says why").response()


async def _ask(
    room: Workroom, request: Request, work: Callable[[list[Any]], list[Any]], given: Any, kind: Hashable = None
) -> Any:
    with metrics.QUEUE.track_inprogress():
        try:
            return await room.do(work, given, kind, request.receive)
        except InputError as error:
            raise ProblemError(error.kind, str(error)) from None


async def _ask_alone(room: Workroom, request: Request, work: Callable[[BinaryIO], Any]) -> Any:
    (source,) = await _sources(request, most=1)
    return await _ask(room, request, lambda sources: [work(*sources)], source)


async def _known(request: Request) -> None:
    """Only parameters that there are: a misspelt one would be left out in silence."""
    described = request.app.openapi()["paths"][request.url.path]["post"].get("parameters", ())
    names = [each["name"] for each in described]
    for name in request.query_params:
        if name not in names:
            raise ProblemError("parameter", f"there is no parameter {name}; there are {', '.join(names)}")


async def _sources(request: Request, most: int | None = None) -> list[BinaryIO]:
    """The pictures of a request: the parts `file` of a form, with their names, or the body itself."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        body = await request.body()
        if not body:
            raise ProblemError("parameter", "the body is empty; send a picture")
        return [named(body, "body")]
    try:
        async with request.form(max_files=1000, max_fields=100) as form:
            files = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
            sources = [named(await part.read(), part.filename or "file") for part in files]
    except HTTPException as error:
        raise ProblemError("parameter", f"no form of files: {error.detail}") from None
    if not sources or (most is not None and len(sources) > most):
        wanted = "one is" if most == 1 else "at least one is"
        raise ProblemError("parameter", f"the form has {len(sources)} files in parts named file; {wanted} wanted")
    return sources


def _kind(order: Order, sources: list[BinaryIO]) -> Hashable:
    """What others that are read together with these have as well, None if they are read alone.

    The network takes several small pictures in hardly more time than one; pages gain nothing.
    """
    if not order.one or len(sources) > 1:
        return None
    size = sources[0].seek(0, os.SEEK_END)
    sources[0].seek(0)
    return order if size <= _SMALL else None


def _json(value: Any) -> Response:
    return Response(json.dumps(value, ensure_ascii=False, separators=(",", ":")), media_type="application/json")
