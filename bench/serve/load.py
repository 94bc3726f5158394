"""Speed of the HTTP service under load, beside a bare function in the same run; see README.md beside this file.

    python bench/serve/load.py [--workers N] [--seconds N]

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
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

PORT = 8765
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
        theirs = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(PORT), "--no-ws", "peer:app"]
        theirs += ["--workers", str(args.workers), "--log-level", "warning"]
        for name, command in (("tsifra", ours), ("bare", theirs)):
            with served(command, folder) as start_s:
                print(f"{name}: start to ready {start_s:.2f} s, one at a time p50 {alone(picture.read_bytes()):.2f} ms")
                for connections in (32, 320):
                    print(f"  {connections} connections: {load(script, connections, args.seconds)}")


@contextlib.contextmanager
def served(command: list[str], folder: str) -> Iterator[float]:
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
        yield time.perf_counter() - began
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
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{PORT}/v1/read?one=true"], capture_output=True, text=True, check=True
    ).stdout
    wanted = (r"Requests/sec: +[\d.]+", r"50% +\S+", r"99% +\S+", r"Non-2xx.*: \d+", r"Socket errors.*")
    return ", ".join(" ".join(found.group().split()) for each in wanted if (found := re.search(each, said)))


if __name__ == "__main__":
    main()
