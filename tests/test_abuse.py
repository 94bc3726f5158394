"""The service holds under abuse: slow, large, broken and too many requests, clients that leave, workers that die."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import pytest

from drawing import digit
from test_pages import LINES, sheet
from test_server import PNG, Server, served


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as server:
        yield server


def test_large_and_slow_bodies_are_refused() -> None:
    with served(max_bytes=10_000, body_s=1.0) as server:
        assert server.ask("POST", "/v1/read", bytes(10_001))[0] == 413
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        with contextlib.closing(connection):  # in pieces, without a stated size
            connection.request("POST", "/v1/read", iter([bytes(6000), bytes(6000)]), encode_chunked=True)
            assert connection.getresponse().status == 413
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as slow:
            slow.sendall(b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx")
            assert b" 408 " in slow.recv(100)
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as half:
            half.sendall(b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx")
        assert server.ask("POST", "/v1/read", PNG)[0] == 200


def test_bodies_that_arrive_slowly_share_one_bound() -> None:
    head = b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\n"
    with served(held_bytes=100_000) as server, contextlib.ExitStack() as stack:
        first, second = (
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10)) for _ in range(2)
        )
        first.sendall(head + bytes(60_000))
        time.sleep(0.2)
        second.sendall(head + bytes(60_000))
        assert b" 503 " in second.recv(100)
        first.close()
        assert server.ask("POST", "/v1/read", bytes(90_000))[0] == 415, "what left is no longer counted"


@pytest.mark.parametrize("kind", [".png", ".jpg", ".tif"])
def test_a_bomb_is_refused(server: Server, kind: str) -> None:
    bomb = cv2.imencode(kind, cv2.resize(digit("4"), (9000, 9000)))[1].tobytes()
    status, _, answer = server.ask("POST", "/v1/read", bomb)
    assert (status, json.loads(answer)["kind"]) == (413, "too_large")


@pytest.mark.parametrize("said", [b"", b"POST /v1/read HTTP/1.1\r\nHost: loc"], ids=["nothing", "a little"])
def test_a_silent_client_is_let_go(server: Server, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as silent:
        silent.sendall(said)
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while silent.recv(1000):
                pass
        assert time.monotonic() - began < 15


def test_a_header_that_comes_byte_by_byte_is_let_go(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as slow:
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            for _ in range(60):
                slow.sendall(b"x")
                time.sleep(0.25)
        assert time.monotonic() - began < 12


def test_half_closed_connections_hold_nothing_up(server: Server) -> None:
    head = b"POST /v1/read?one=true HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(PNG)
    for sent in (head, head + PNG[:50], head + PNG):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as half:
            half.sendall(sent)
            half.shutdown(socket.SHUT_WR)
            while half.recv(1000):
                pass
    assert server.ask("POST", "/v1/read", PNG)[0] == 200


def test_requests_may_follow_each_other_unasked(server: Server) -> None:
    request = b"POST /v1/read?one=true HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(PNG) + PNG
    last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as pipe:
        pipe.sendall(request * 4 + last)
        answers = b"".join(iter(lambda: pipe.recv(65536), b""))
    assert answers.count(b"HTTP/1.1 200 OK") == 5


def test_who_left_is_not_worked_for() -> None:
    large = cv2.imencode(".jpg", cv2.resize(sheet(LINES), None, fx=6, fy=6))[1].tobytes()
    request = b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(large) + large
    with served() as server:
        for _ in range(60):
            with socket.create_connection(("127.0.0.1", server.port)) as left:
                left.sendall(request)
        assert server.ask("POST", "/v1/read?one=true", PNG)[0] == 200
        figures = server.ask("GET", "/metrics")[2].decode().split("\n")
        read = [line for line in figures if line.startswith("tsifra_pictures_total")]
        assert sum(float(line.rsplit(" ", 1)[1]) for line in read) < 60


def test_overload_is_answered_and_passes() -> None:
    large = cv2.imencode(".jpg", cv2.resize(sheet(LINES), None, fx=3, fy=3))[1].tobytes()
    with served(queue=1) as server:
        with ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(lambda _: server.ask("POST", "/v1/read", large), range(48)))
        statuses = [status for status, *_ in answers]
        assert set(statuses) == {200, 503}
        assert all(headers["retry-after"] for status, headers, _ in answers if status == 503)
        assert server.ask("POST", "/v1/read", PNG)[0] == 200, "afterwards as before"


def test_a_killed_worker_is_replaced() -> None:
    with served() as server:
        (worker,) = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()[-1:]
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(server.ask, "POST", "/v1/read", bytes(1000))
            os.kill(int(worker), signal.SIGKILL)
            with contextlib.suppress(OSError, http.client.HTTPException):
                running.result()
        for _ in range(200):
            with contextlib.suppress(OSError, http.client.HTTPException):
                if server.ask("POST", "/v1/read", PNG)[0] == 200:
                    break
            time.sleep(0.05)
        assert b"\ntsifra_queue 0.0" in server.ask("GET", "/metrics")[2]


def test_the_end_lets_what_runs_finish() -> None:
    large = cv2.imencode(".jpg", cv2.resize(sheet(LINES), None, fx=3, fy=3))[1].tobytes()
    with served() as server, ThreadPoolExecutor(1) as pool:
        running = pool.submit(server.ask, "POST", "/v1/read", large)
        time.sleep(0.1)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert running.result()[0] == 200
        server.process.wait(10)
        assert time.monotonic() - began < 10


def test_an_end_soon_after_the_start_waits_for_nobody() -> None:
    with served(workers=4) as server:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(6) == 0


def test_the_document_holds_what_it_says(server: Server, tmp_path: Path) -> None:
    program = shutil.which("schemathesis", path=Path(sys.executable).parent)
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("schemathesis is missing")
        pytest.skip("needs schemathesis")
    checks = "not_a_server_error,status_code_conformance,content_type_conformance"
    command = [program, "run", f"http://127.0.0.1:{server.port}/openapi.json", "--checks", checks]
    result = subprocess.run(
        [*command, "--max-examples", "15", "--seed", "1"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert result.returncode == 0, result.stdout[-3000:]
