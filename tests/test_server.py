"""The HTTP service gives what the command line gives, says what is wrong, and lets in whom it should."""

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import pytest

from conftest import CommandLine
from drawing import digit
from test_pages import LINES, sheet
from tsifra.server.settings import Settings

PNG = cv2.imencode(".png", digit("4"))[1].tobytes()
PHOTO = cv2.imencode(".jpg", sheet(LINES))[1].tobytes()
START = "import json, sys; from tsifra.server.run import serve; from tsifra.server.settings import Settings; "
START += "serve(Settings(**json.loads(sys.argv[1])))"


@dataclass(frozen=True)
class Server:
    """A real server in processes of its own."""

    port: int
    process: "subprocess.Popen[bytes]"
    host: str = "127.0.0.1"

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body, {name: value.encode() for name, value in (headers or {}).items()})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def json(self, method: str, path: str, body: bytes | None = None) -> Any:
        return json.loads(self.ask(method, path, body)[2])


@contextlib.contextmanager
def served(**settings: Any) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", START, json.dumps({"port": port} | settings)])
    server = Server(port, process, settings.get("host", "127.0.0.1"))
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                if server.ask("GET", "/health/ready")[0] == 200:
                    break
            time.sleep(0.05)
        else:
            pytest.fail("the server did not start")
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as server:
        yield server


def form(*files: tuple[str, bytes]) -> tuple[bytes, dict[str, str]]:
    parts = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\n%b\r\n' % (name.encode(), data)
        for name, data in files
    )
    return parts + b"--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    ("query", "options"), [("", []), ("?one=true&probabilities=true", ["--one", "--probabilities"])]
)
def test_records_are_those_of_the_command_line(
    server: Server, tsifra: CommandLine, tmp_path: Path, query: str, options: list[str]
) -> None:
    (tmp_path / "a.jpg").write_bytes(PHOTO)
    said = json.loads(tsifra("read", *options, "--format", "json", str(tmp_path / "a.jpg")).out)
    body, headers = form(("a.jpg", PHOTO))
    status, _, answer = server.ask("POST", "/v1/read" + query, body, headers)
    assert status == 200
    assert json.loads(answer) == [{**said[0], "input": "a.jpg"}]
    assert server.json("POST", "/v1/read" + query, PHOTO) == [{**said[0], "input": "body"}]


def test_of_several_files_the_others_are_read(server: Server) -> None:
    body, headers = form(("4.png", PNG), ("broken.png", PNG[:60]), ("page.jpg", PHOTO))
    status, _, answer = server.ask("POST", "/v1/read", body, headers)
    assert status == 200
    records = json.loads(answer)
    assert [record["status"] for record in records] == ["ok", "error", "ok"]
    assert records[1]["error"]["kind"] == "damaged"
    assert records[2]["text"] == "\n".join(LINES)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("POST", "/v1/read", b"no picture", 415, "format"),
        ("POST", "/v1/read", PNG[:60], 422, "damaged"),
        ("POST", "/v1/read", b"", 400, "parameter"),
        ("POST", "/v1/read?layout=rows", PNG, 400, "parameter"),
        ("POST", "/v1/read?one=true&rotate=90", PNG, 400, "parameter"),
        ("POST", "/v1/read?pages=3-1", PNG, 400, "parameter"),
        ("POST", "/v1/read?pages=7", PNG, 422, "missing"),
        ("POST", "/v1/read?max_error=1e-9", PNG, 400, "parameter"),
        ("POST", "/v1/read?max_error=nan", PNG, 400, "parameter"),
        ("POST", "/v1/read?max-error=0.01", PNG, 400, "parameter"),
        ("POST", "/v1/read?one=%ff", PNG, 400, "parameter"),
        ("POST", "/v1/annotate?page=7", PNG, 422, "missing"),
        ("POST", "/v1/annotate?pages=1", PNG, 400, "parameter"),
        ("POST", "/v1/annotate?max_error=1e-9", PNG, 400, "parameter"),
        ("POST", "/v1/explain?box=900,900,990,990", PNG, 400, "parameter"),
        ("GET", "/v1/read", None, 405, "method"),
        ("GET", "/nothing", None, 404, "not_found"),
        ("GET", "/static/../app.py", None, 404, "not_found"),
    ],
)
def test_problems_say_what_is_wrong(
    server: Server, method: str, path: str, body: bytes | None, status: int, kind: str
) -> None:
    got, headers, answer = server.ask(method, path, body)
    problem = json.loads(answer)
    assert (got, headers["content-type"]) == (status, "application/problem+json")
    assert (problem["status"], problem["kind"]) == (status, kind)
    assert "Traceback" not in problem["detail"]
    assert "/home" not in problem["detail"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "boundary=x"),
        (b"--x--\r\n", "boundary=x"),
        (b"no form", "boundary=x"),
        (b"--x--\r\n", "charset=utf-8"),
        (b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n\r\n1\r\n--x--\r\n', "boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + PNG, "boundary=x"),
        (form(*[("4.png", b"x")] * 1001)[0], "boundary=x"),
    ],
    ids=["empty", "no parts", "no form", "no boundary", "other name", "cut off", "too many"],
)
def test_forms_that_are_none(server: Server, body: bytes, kind: str) -> None:
    status, _, answer = server.ask("POST", "/v1/read", body, {"Content-Type": f"multipart/form-data; {kind}"})
    assert (status, json.loads(answer)["kind"]) == (400, "parameter")


def test_what_a_picture_is_called_or_said_to_be_does_not_matter(server: Server) -> None:
    for kind in ("image/gif", "application/x-www-form-urlencoded", "text/plain"):
        status, _, answer = server.ask("POST", "/v1/read?one=true", PNG, {"Content-Type": kind})
        assert (status, json.loads(answer)[0]["text"]) == (200, "4")


def test_requests_that_are_read_together_get_each_its_own(server: Server) -> None:
    bodies = [cv2.imencode(".png", digit(label))[1].tobytes() for label in "0123456789"] + [PNG[:60], b"no picture"]
    wanted = [[label] for label in "0123456789"] + ["damaged", "format"]
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda body: server.json("POST", "/v1/read?one=true", body), bodies * 8))
    read = [each["kind"] if isinstance(each, dict) else [record["text"] for record in each] for each in answers]
    assert read == wanted * 8


def test_pictures_and_explanations(server: Server) -> None:
    status, headers, answer = server.ask("POST", "/v1/annotate", PHOTO)
    assert (status, headers["content-type"], answer[:4]) == (200, "image/png", b"\x89PNG")
    explained = server.json("POST", "/v1/explain?box=10,10,110,110", PNG)
    assert explained["record"]["text"] == "4"
    assert explained["steps"]
    assert explained["seen"].startswith("data:image/png;base64,")


def test_the_page_and_the_documents_are_there(server: Server) -> None:
    for path, kind in (("/", "text/html"), ("/docs", "text/html"), ("/openapi.json", "application/json")):
        status, headers, answer = server.ask("GET", path)
        assert status == 200
        assert headers["content-type"].startswith(kind)
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert b"https://" not in answer, "nothing comes from other hosts"
    assert server.json("GET", "/v1/info")["model"]
    assert server.ask("HEAD", "/")[::2] == (200, b"")


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1@evil.example", "localhost:1:2", ""]
)
def test_other_hosts_names_are_refused(server: Server, host: str) -> None:
    status, _, answer = server.ask("GET", "/", headers={"Host": host})
    assert (status, json.loads(answer)["kind"]) == (400, "host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:99", "127.0.0.1:80", "[::1]:8000"])
def test_its_own_names_are_known(server: Server, host: str) -> None:
    assert server.ask("GET", "/", headers={"Host": host})[0] == 200


def test_pages_elsewhere_ask_only_where_they_may() -> None:
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    with served() as server:
        assert "access-control-allow-origin" not in server.ask("OPTIONS", "/v1/read", headers=asked)[1]
        assert "access-control-allow-origin" not in server.ask("POST", "/v1/read", PNG, asked)[1]
    with served(origins=["https://example.org"], token="geheim") as server:
        status, headers, _ = server.ask("OPTIONS", "/v1/read", headers=asked)
        assert (status, headers["access-control-allow-origin"]) == (200, "https://example.org")
        status, headers, _ = server.ask("POST", "/v1/read", PNG, asked)  # so that it may say that a token is needed
        assert (status, headers["access-control-allow-origin"]) == (401, "https://example.org")
        evil = asked | {"Origin": "https://evil.example"}
        assert "access-control-allow-origin" not in server.ask("POST", "/v1/read", PNG, evil)[1]
    with pytest.raises(ValueError, match="no origin"):
        Settings(origins=("https://example.org/",))


def test_a_token_is_wanted_where_one_is_set() -> None:
    with served(token="geheim") as server:
        status, headers, _ = server.ask("POST", "/v1/read", PNG)
        assert (status, headers["www-authenticate"]) == (401, "Bearer")
        for wrong in (
            "Bearer falsch",
            "Bearer geheim1",
            "Bearer gehei",
            "Bearer",
            "Bearer ",
            "geheim",
            "Basic geheim",
            "Bearer ä",
        ):
            assert server.ask("POST", "/v1/read", PNG, {"Authorization": wrong})[0] == 401, wrong
        assert server.ask("GET", "/metrics")[0] == 401
        assert server.ask("POST", "/v1/read", PNG, {"Authorization": "bearer geheim"})[0] == 200
        assert server.ask("POST", "/v1/read", PNG, {"Authorization": "Bearer geheim"})[0] == 200
        assert server.ask("GET", "/")[0] == 200
        assert server.ask("GET", "/health/live")[0] == 200


def test_an_open_address_wants_a_token_or_the_word(tsifra: CommandLine) -> None:
    result = tsifra("serve", "--host", "0.0.0.0")
    assert result.code == 2
    assert "TSIFRA_TOKEN" in result.err
    with pytest.raises(ValueError, match="--open"):
        Settings(host="192.0.2.1")
    Settings(host="192.0.2.1", open=True)
    with pytest.raises(ValueError, match="ASCII"):
        Settings(token="ключ")


def test_a_model_that_is_none_is_named(tsifra: CommandLine, tmp_path: Path) -> None:
    result = tsifra("serve", "--model", tmp_path / "none.onnx")
    assert result.code == 2
    assert "none.onnx" in result.err
    assert len(result.err.split("\n")) < 4


def test_it_serves_on_ipv6_too() -> None:
    with served(host="::1") as server:
        assert server.ask("POST", "/v1/read", PNG)[0] == 200


def test_figures_are_those_of_all_workers() -> None:
    with served(workers=2) as server:
        for _ in range(12):
            server.ask("POST", "/v1/read?one=true", PNG)
        server.ask("POST", "/v1/read", b"no picture")
        lines = server.ask("GET", "/metrics")[2].decode().split("\n")
        figures = dict(line.rsplit(" ", 1) for line in lines if line and line[0] != "#")
        assert float(figures['tsifra_requests_total{route="/v1/read",status="200"}']) == 12
        assert float(figures['tsifra_digits_total{status="ok"}']) == 12
        assert float(figures['tsifra_errors_total{kind="format"}']) >= 1
        assert float(figures["tsifra_queue"]) == 0
        assert float(figures["tsifra_batch_requests_count"]) >= 1


def test_a_port_in_use_is_named(server: Server, tsifra: CommandLine) -> None:
    result = tsifra("serve", "--port", str(server.port))
    assert result.code == 2
    assert str(server.port) in result.err
    assert len(result.err.split("\n")) < 8
