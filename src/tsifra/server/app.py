"""The HTTP service and the page: requests -> records, annotated pictures, explanations.

Flows in: a Reader and Settings. Flows out: an ASGI application. Decoding and reading are done in threads; nothing of
a request outlives its answer. Knows nothing of digits, which are the reader's business.
"""

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from tsifra import __version__
from tsifra.document import Source, named, parse_pages
from tsifra.errors import InputError, MissingError, ModelError
from tsifra.layout import Layout
from tsifra.reader import Reader
from tsifra.reading import Failure, Reading
from tsifra.server import manual, metrics
from tsifra.server.gate import Gate
from tsifra.server.problems import STATUSES, ProblemError
from tsifra.server.settings import Settings
from tsifra.server.workroom import Workroom

PAGE = Path(__file__).parent / "page"
_THREADS = 2  # a process: a small picture passes a page; with one, throughput is a tenth higher
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


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of the pictures, as the options of the command line and of `Reader.read_many` name it."""

    one: bool
    layout: Layout
    rotate: int | None
    pages: frozenset[int] | None
    probabilities: bool
    max_error: float | None

    def promised(self, reader: Reader) -> Reader:
        """The reader that promises what is wanted."""
        try:
            return reader if self.max_error is None else reader.promising(self.max_error)
        except ModelError as error:
            raise ProblemError("parameter", str(error)) from None

    def read(self, reader: Reader, sources: list[Source]) -> list[Reading | Failure]:
        """Read sources in this thread."""
        reader = self.promised(reader)
        return [
            result
            for source in sources
            for result in reader.read_pages(
                source, one=self.one, layout=self.layout, rotate=self.rotate, pages=self.pages
            )
        ]


async def _order(  # async, or FastAPI would take it to another thread
    one: Annotated[bool, Query(description="Each picture is one digit.")] = False,
    layout: Annotated[Layout, Query(description="How digits stand.")] = "auto",
    rotate: Annotated[
        Literal["auto", "0", "90", "180", "270"], Query(description="Degrees clockwise to turn pages by.")
    ] = "auto",
    pages: Annotated[str | None, Query(description="Of documents, such as 1-3 or 1,4-6; all by default.")] = None,
    probabilities: Annotated[bool, Query(description="Add all eleven probabilities.")] = False,
    max_error: Annotated[float | None, Query(gt=0, le=1, description="Share of `ok` that may be wrong.")] = None,
) -> Order:
    """The order that a request's parameters make. Raises ProblemError for values that contradict each other."""
    if one and (layout != "auto" or rotate != "auto"):
        raise ProblemError("parameter", "layout and rotate are for pages; a picture that is one digit has neither")
    try:
        wanted = None if pages is None else parse_pages(pages)
    except ValueError as error:
        raise ProblemError("parameter", f"pages: {error}") from None
    return Order(one, layout, None if rotate == "auto" else int(rotate), wanted, probabilities, max_error)


def create_app(reader: Reader, settings: Settings) -> Gate:
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
    if settings.origins:
        app.add_middleware(CORSMiddleware, allow_origins=[*settings.origins], allow_methods=["*"], allow_headers=["*"])
    return Gate(app, settings)


def _add_service(app: FastAPI, reader: Reader, room: Workroom, settings: Settings) -> None:
    async def ask(work: Callable[[], Any]) -> Any:
        with metrics.QUEUE.track_inprogress():
            try:
                return await room.do(work)
            except InputError as error:
                raise ProblemError(error.kind, str(error)) from None

    @app.post("/v1/read", responses=_PROBLEMS, openapi_extra={"requestBody": _BODY})
    async def read(request: Request, order: Annotated[Order, Depends(_order)]) -> Response:
        """Read digits: an array of records, one a page, as `tsifra read --format json` writes it."""
        sources = await _sources(request)
        results = await ask(partial(order.read, reader, sources))
        metrics.count(results)
        if len(results) == 1 and isinstance(failure := results[0], Failure):
            raise ProblemError(failure.kind, failure.message)
        return _json([result.to_dict(order.probabilities) for result in results])

    @app.post(
        "/v1/annotate",
        responses=_PROBLEMS | {200: {"content": {"image/png": {}}}},
        openapi_extra={"requestBody": _BODY},
    )
    async def annotate(
        request: Request, order: Annotated[Order, Depends(_order)], page: Annotated[int, Query(ge=1, le=100_000)] = 1
    ) -> Response:
        """Read digits and draw them on the picture: a PNG."""
        (source,) = await _sources(request, most=1)
        return Response(await ask(partial(_annotated, reader, order, source, page)), media_type="image/png")

    @app.post("/v1/explain", responses=_PROBLEMS, openapi_extra={"requestBody": _BODY})
    async def explain(
        request: Request,
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
        rotate: Annotated[Literal["0", "90", "180", "270"], Query()] = "0",
        box: Annotated[str | None, Query(pattern=r"^\d{1,6},\d{1,6},\d{1,6},\d{1,6}$")] = None,
    ) -> Response:
        """How one digit is read: the steps in words, what the network saw, its record."""
        (source,) = await _sources(request, most=1)
        corners = None if box is None else tuple(int(value) for value in box.split(","))
        return _json(await ask(partial(_explained, reader, source, page, int(rotate), corners)))

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
    async def docs() -> Response:
        return Response(manual.page(app.openapi()), media_type="text/html; charset=utf-8")

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


async def _sources(request: Request, most: int | None = None) -> list[Source]:
    """The pictures of a request: the parts `file` of a form, with their names, or the body itself."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        body = await request.body()
        if not body:
            raise ProblemError("parameter", "the body is empty; send a picture")
        return [named(body, "body")]
    try:
        async with request.form(max_files=1000, max_fields=100) as form:
            files = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
            sources: list[Source] = [named(await part.read(), part.filename or "file") for part in files]
    except HTTPException as error:
        raise ProblemError("parameter", f"no form of files: {error.detail}") from None
    if not sources or (most is not None and len(sources) > most):
        wanted = "one part" if most == 1 else "at least one part"
        raise ProblemError("parameter", f"the form has {len(sources)} parts named file; {wanted} is wanted")
    return sources


def _annotated(reader: Reader, order: Order, source: Source, page: int) -> bytes:
    reading = _page_of(order.promised(reader), source, page, order)
    drawn = reading._repr_png_()
    assert drawn is not None  # methods that read one picture keep it
    return drawn


def _page_of(reader: Reader, source: Source, page: int, order: Order) -> Reading:
    try:
        if order.one:
            return reader.read_one(source, page)
        return reader.read(source, page, order.layout, order.rotate)
    except ValueError as error:
        raise MissingError(str(error)) from None


def _explained(reader: Reader, source: Source, page: int, rotate: int, box: tuple[int, ...] | None) -> dict[str, Any]:
    try:
        explanation = reader.explain(source, page)
    except ValueError as error:
        raise MissingError(str(error)) from None
    if box is not None or rotate:
        pixels = np.rot90(explanation.pixels, -rotate // 90)
        x0, y0, x1, y1 = box or (0, 0, pixels.shape[1], pixels.shape[0])
        cut = np.ascontiguousarray(pixels[y0:y1, x0:x1])
        if not cut.size:
            raise ProblemError("parameter", "box: lies outside of the picture")
        explanation = reader.explain(cut)
    _, seen = cv2.imencode(".png", explanation.normalized.pixels)
    return {
        "steps": list(explanation.steps),
        "seen": "data:image/png;base64," + base64.b64encode(seen.tobytes()).decode(),
        "record": explanation.reading.to_dict(),
    }


def _json(value: Any) -> Response:
    return Response(json.dumps(value, ensure_ascii=False, separators=(",", ":")), media_type="application/json")
