"""A server from start to end: Granian's processes, each with its own reader.

Flows in: Settings. Flows out: nothing until a signal ends it. Granian has time-outs for headers and bounds on
connections, which uvicorn has not.
"""

import gc
import importlib
import logging
import os
import signal
import sys
import tempfile

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from tsifra.reader import Reader
from tsifra.server.settings import Settings

_HEADER_MS = 5000
_END_S = 8  # for requests that run when the server is told to end
_CONNECTIONS = 4096  # a worker; more wait unanswered
_FILES = 2 * _CONNECTIONS  # that a process may have open
_BUFFER = 1 << 16  # bytes of a connection's headers, and of what is read of its body at once


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, which let what runs finish."""
    _allow_files()
    with tempfile.TemporaryDirectory(prefix="tsifra-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        settings.to_environment()
        # Before the workers are forked: they start sooner, and share the memory. Not before the folder is known.
        importlib.import_module("tsifra.server.app")
        Granian(
            "tsifra.server.run:application",
            settings.host,
            settings.port,
            interface=Interfaces.ASGI,
            factory=True,
            workers=settings.workers,
            loop=Loops.asyncio,
            http=HTTPModes.http1,  # else a connection that never says which may stand open for good
            websockets=False,
            backlog=4096,
            backpressure=_CONNECTIONS,
            http1_settings=HTTP1Settings(header_read_timeout=_HEADER_MS, max_buffer_size=_BUFFER),
            workers_kill_timeout=_END_S,
            respawn_failed_workers=True,
            log_level=LogLevels.warning,
        ).serve()


def _allow_files() -> None:
    """Let this process, and workers after it, hold as many connections as they may take."""
    if sys.platform == "win32":  # which has no such bound
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, _FILES)), hard))


def application() -> object:
    """The application of a worker process, from the settings that its parent left."""
    from tsifra.server import metrics
    from tsifra.server.app import create_app

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)  # Granian's own, until it minds this worker's, would do nothing
    metrics.bury()  # this worker may stand in for one
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # else any client may fill the log
    settings = Settings.from_environment()
    reader = Reader(
        settings.model, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels, max_pages=settings.max_pages
    )
    app = create_app(reader, settings)
    # What is loaded stays: looked through again and again by the collector, it would hold up one request in a hundred
    # (p99 over 32 connections 77 ms, without it 27 ms).
    gc.collect()
    gc.freeze()
    return app
