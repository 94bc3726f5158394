"""tsifra batch on addresses: a real S3 server and a web server on this machine, some of whose answers fail."""

import http.server
import io
import itertools
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.parquet as pq
import pytest
from PIL import Image

from conftest import CommandLine
from drawing import DIGITS, digit
from tsifra.batch import remote

pytestmark = pytest.mark.filterwarnings("ignore")  # of the server's many packages


def picture(label: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(digit(label, 40)).save(file, "PNG")
    return file.getvalue()


PICTURES = {label: picture(label) for label in DIGITS}


class Failing:
    """An application of which one answer in `every` is an error of the server."""

    def __init__(self, application: Callable[..., Any], every: int) -> None:
        self._application, self.every = application, every
        self._lock = threading.Lock()
        self.asked = self.failed = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        with self._lock:
            self.asked += 1
            fails = self.every and self.asked % self.every == 0
            self.failed += bool(fails)
        if fails:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("500 Internal Server Error", [("Content-Length", "0")])
            return [b""]
        return self._application(environ, start_response)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Failing]]:
    """A client of an S3 server, and the server, none of whose answers fail yet."""
    import boto3
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    application = Failing(DomainDispatcherApplication(create_backend_app), 0)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",  # what fails is ours to ask for again
    }.items():
        monkeypatch.setenv(name, value)
    remote._file_system.cache_clear()
    fsspec.filesystem("s3").clear_instance_cache()
    client = boto3.client("s3")
    client.create_bucket(Bucket="scans")
    yield client, application
    server.shutdown()


def rows(output: Path) -> list[tuple[str, str]]:
    table = pq.read_table(output, columns=["input", "text"]).to_pydict()
    return list(zip(table["input"], table["text"], strict=True))


def test_no_row_is_lost_where_one_request_in_twenty_fails(
    s3: tuple[Any, Failing], tsifra: CommandLine, tmp_path: Path
) -> None:
    client, application = s3
    for number in range(120):
        client.put_object(Bucket="scans", Key=f"a/{number % 3}/{number}.png", Body=PICTURES[str(number % 10)])
    client.put_object(Bucket="scans", Key="a/notes.txt", Body=b"hello")
    application.every = 20
    code, _, err = tsifra("batch", "--one", "s3://scans/a", "--output", tmp_path / "out", "--workers", "2")
    assert (code, "120 files" in err) == (0, True)
    assert application.failed >= 5
    wanted = sorted(range(120), key=lambda number: (number % 3, number))
    assert rows(tmp_path / "out") == [(f"s3://scans/a/{n % 3}/{n}.png", str(n % 10)) for n in wanted]


def test_globs_archives_changes_and_what_is_missing(
    s3: tuple[Any, Failing], tsifra: CommandLine, tmp_path: Path
) -> None:
    client, _ = s3
    for label in "123":
        client.put_object(Bucket="scans", Key=f"b/{label}.png", Body=PICTURES[label])
    packed, tape = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file, tarfile.open(fileobj=tape, mode="w") as tar:
        for label in "45":
            file.writestr(f"{label}.png", PICTURES[label])
            member = tarfile.TarInfo(f"{label}.png")
            member.size = len(PICTURES[label])
            tar.addfile(member, io.BytesIO(PICTURES[label]))
    client.put_object(Bucket="scans", Key="c.zip", Body=packed.getvalue())
    client.put_object(Bucket="scans", Key="c.tar", Body=tape.getvalue())
    sources = (
        "s3://scans/b/[12].png",
        "s3://scans/c.zip",
        "s3://scans/c.tar",
        "s3://scans/gone.png",
        "s3://scans/b/3.png",
    )
    args = ("batch", "--one", *sources, "--output", tmp_path / "out", "--workers", "1")
    code, _, _ = tsifra(*args)
    assert code == 3
    assert rows(tmp_path / "out") == [
        ("s3://scans/b/1.png", "1"),
        ("s3://scans/b/2.png", "2"),
        ("s3://scans/c.zip/4.png", "4"),
        ("s3://scans/c.zip/5.png", "5"),
        ("s3://scans/c.tar/4.png", "4"),
        ("s3://scans/c.tar/5.png", "5"),
        ("s3://scans/gone.png", ""),
        ("s3://scans/b/3.png", "3"),
    ]
    client.put_object(Bucket="scans", Key="b/2.png", Body=PICTURES["7"])
    assert "(s3://scans/b/2.png)" in tsifra(*args).err
    assert ("s3://scans/b/2.png", "7") in rows(tmp_path / "out")


def test_pictures_come_from_the_web(tsifra: CommandLine, tmp_path: Path) -> None:
    class Web(http.server.BaseHTTPRequestHandler):
        asked = itertools.count()

        def do_GET(self) -> None:
            fails = next(Web.asked) == 0  # the first that is asked, of threads that ask at once
            data = b"" if fails else PICTURES.get(self.path.strip("/").removesuffix(".png"), b"")
            self.send_response(503 if fails else 200 if data else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        web = f"http://127.0.0.1:{server.server_port}"
        code, _, _ = tsifra(
            "batch",
            "--one",
            f"{web}/4.png",
            f"{web}/7.png",
            f"{web}/gone.png",
            "--output",
            tmp_path / "out",
            "--workers",
            "1",
        )
        server.shutdown()
    assert code == 3
    assert rows(tmp_path / "out") == [(f"{web}/4.png", "4"), (f"{web}/7.png", "7"), (f"{web}/gone.png", "")]
