"""Speed of the HTTP service under load, beside a bare function in the same run; see README.md beside this file.

    python bench/serve/load.py [--workers N] [--seconds N] [--overload CONNECTIONS]

Needs wrk on the path. Server and load share the machine.
"""

import argparse
import contextlib
import http.client
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

PORT = 8765
URL = f"http://127.0.0.1:{PORT}/v1/read?one=true"
WATCHES = 16
SCRIPT = """
wrk.method = "POST"
local file = io.open("{picture}", "rb")
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "application/octet-stream"
"""
PEER = """
import io
import numpy as np, onnxruntime
from fastapi import FastAPI, Request
from PIL import Image
import tsifra
app = FastAPI()
session = onnxruntime.InferenceSession(tsifra.Reader().model_file)
@app.post("/v1/read")
async def read(request: Request):
    image = np.asarray(Image.open(io.BytesIO(await request.body())).convert("L").resize((28, 28)))
    (said,) = session.run(None, {"images": image[None]})
    return {"text": str(said[0].argmax()), "confidence": float(said[0].max())}
@app.get("/health/ready")
async def ready():
    return {}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--overload", type=int, metavar="CONNECTIONS", help="far too many, memory and 503s watched")
    args = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("needs wrk")
    print(f"{platform.platform()}, {os.cpu_count()} processors, {args.workers} workers")
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "digit.png")
        cv2.imwrite(str(picture), np.pad(np.full((20, 4), 255, np.uint8), ((4, 4), (12, 12))))
        script = Path(folder, "post.lua")
        script.write_text(SCRIPT.format(picture=picture))
        Path(folder, "peer.py").write_text(PEER)
        ours = [sys.executable, "-m", "tsifra", "serve", "--port", str(PORT), "--workers", str(args.workers)]
        if args.overload:
            with served(ours, folder) as (_, server):
                overload(server, script, picture.read_bytes(), args.overload, args.seconds)
            return
        theirs = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(PORT), "--no-ws", "peer:app"]
        theirs += ["--workers", str(args.workers), "--log-level", "warning"]
        for name, command in (("tsifra", ours), ("bare", theirs)):
            with served(command, folder) as (start_s, _):
                print(f"{name}: start to ready {start_s:.2f} s, one at a time p50 {alone(picture.read_bytes()):.2f} ms")
                for connections in (32, 320):
                    print(f"  {connections} connections: {load(script, connections, args.seconds)}")


@contextlib.contextmanager
def served(command: list[str], folder: str) -> Iterator[tuple[float, int]]:
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder)
    try:
        while process.poll() is None:
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
                connection.request("GET", "/health/ready")
                if connection.getresponse().status == 200:
                    break
            time.sleep(0.01)
        yield time.perf_counter() - began, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def alone(picture: bytes) -> float:
    """Median of one request after the other, in ms."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    times = []
    for _ in range(500):
        began = time.perf_counter()
        connection.request("POST", "/v1/read?one=true", picture)
        json.loads(connection.getresponse().read())
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def load(script: Path, connections: int, seconds: int) -> str:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", str(script)]
    return summary(subprocess.run([*command, URL], capture_output=True, text=True, check=True).stdout)


def summary(said: str) -> str:
    """The lines of wrk's report that count."""
    wanted = (r"Requests/sec: +[\d.]+", r"50% +\S+", r"99% +\S+", r"Non-2xx.*: \d+", r"Socket errors.*")
    return ", ".join(" ".join(found.group().split()) for each in wanted if (found := re.search(each, said)))


@dataclass
class Watch:
    """What one of many clients sees: times of answers in s, by status."""

    times: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    lost: int = 0
    without_retry: int = 0


def overload(server: int, script: Path, picture: bytes, connections: int, seconds: int) -> None:
    """Ask over many connections, and see from some more how those fare that are taken; memory every second."""
    print(f"before: {load(script, 32, 5)}, {memory(server):.0f} MB", flush=True)
    watches = [Watch() for _ in range(WATCHES)]
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=watch, args=(each, picture, end)) for each in watches]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "30", "-s", str(script)]
    flood = subprocess.Popen([*command, URL], stdout=subprocess.PIPE, text=True)
    for thread in threads:
        thread.start()
    sizes = []
    while time.monotonic() < end:
        time.sleep(1)
        sizes.append(memory(server))
    for thread in threads:
        thread.join()
    said, _ = flood.communicate()
    print(f"{connections} connections, {seconds} s: {summary(said)}")
    times = {status: sorted(t for each in watches for t in each.times[status]) for status in (200, 503)}
    for status, sample in times.items():
        if sample:
            p50, p99 = (1000 * sample[int(share * len(sample))] for share in (0.5, 0.99))
            print(
                f"  {len(sample)} sampled answers {status}: p50 {p50:.0f} ms, p99 {p99:.0f} ms, max {sample[-1]:.2f} s"
            )
    others = {status: len(t) for each in watches for status, t in each.times.items() if status not in times}
    print(f"  lost {sum(each.lost for each in watches)}, other statuses {others}, ", end="")
    print(f"503 without Retry-After {sum(each.without_retry for each in watches)}")
    print(f"  memory, MB: {' '.join(f'{size:.0f}' for size in sizes[:: max(1, seconds // 12)])}")
    time.sleep(2)  # thousands of connections are closed
    print(f"after: {load(script, 32, 5)}, {memory(server):.0f} MB")


def watch(seen: Watch, picture: bytes, end: float) -> None:
    """Ask again and again, politely: a refusal is waited out for a moment."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    while time.monotonic() < end:
        began = time.perf_counter()
        try:
            connection.request("POST", "/v1/read?one=true", picture)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            seen.lost += 1
            connection.close()
            continue
        seen.times[answer.status].append(time.perf_counter() - began)
        seen.without_retry += answer.status == 503 and not answer.getheader("Retry-After")
        time.sleep(0.01)


def memory(server: int) -> float:
    """Of a process and its children, in MB; what they share counts once for each."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in [server, *children])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
