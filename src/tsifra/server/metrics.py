"""What a server has done, for Prometheus; right for all its worker processes together.

Flows in: counts and times. Flows out: the text that /metrics gives. Workers share a folder, named by the variable
PROMETHEUS_MULTIPROC_DIR before this module is loaded; without it a process counts for itself.
"""

import os
import struct
import time
from contextlib import suppress
from pathlib import Path

from prometheus_client import REGISTRY as _OWN
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

from tsifra.reading import Failure, Reading

_TRIES, _PAUSE_S = 5, 0.02
REQUESTS = Counter("tsifra_requests", "Requests that were answered.", ["route", "status"])
ERRORS = Counter("tsifra_errors", "Pictures and requests that were not read.", ["kind"])
DIGITS = Counter("tsifra_digits", "Digits that were read.", ["status"])
PICTURES = Counter("tsifra_pictures", "Pictures that were read.", ["status"])
LATENCY = Histogram(
    "tsifra_latency_seconds",
    "From the head of a request to its answer.",
    ["route"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
PAGES = Histogram("tsifra_request_pages", "Pages of one request.", buckets=(1, 2, 5, 10, 20, 50, 100))
TOGETHER = Histogram("tsifra_batch_requests", "Requests that were read together.", buckets=(1, 2, 4, 8, 16))
QUEUE = Gauge("tsifra_queue", "Requests that wait or are worked on.", multiprocess_mode="livesum")


def count(results: list[Reading | Failure]) -> None:
    """Count what one request's pictures became."""
    PAGES.observe(len(results))
    for result in results:
        if isinstance(result, Failure):
            ERRORS.labels(result.kind).inc()
            continue
        PICTURES.labels(result.status).inc()
        for digit in result.digits:
            DIGITS.labels(digit.status).inc()


def bury() -> None:
    """Forget what workers that were killed had in hand; their counts stay."""
    for file in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("gauge_livesum_*.db"):
        pid = int(file.stem.rsplit("_", 1)[1])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def exposed() -> bytes:
    """All figures in the text format of Prometheus."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(_OWN)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types for it
    for _ in range(_TRIES):
        with suppress(struct.error):  # of a worker that begins, and has made its file but not yet filled it
            return generate_latest(registry)
        time.sleep(_PAUSE_S)
    return generate_latest(registry)
