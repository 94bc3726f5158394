"""MNIST: its files, where they come from, and what the reader makes of them."""

import contextlib
import gzip
import hashlib
import http.server
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import tsifra.data.mnist
from tsifra.classifier import Classifier
from tsifra.data.mnist import SHA256, Mnist, load_mnist, read_idx
from tsifra.errors import DataError
from tsifra.normalize import normalize
from tsifra.reader import Reader

# Reading --------------------------------------------------------------------------------------------------------


def test_normalization_changes_next_to_nothing_on_mnists_own_files(mnist: Mnist) -> None:
    classifier = Classifier()
    raw = classifier(mnist.test_images).argmax(1)
    read = classifier(np.stack([normalize(image).pixels for image in mnist.test_images])).argmax(1)
    assert np.count_nonzero(raw != read) <= 10
    assert np.mean(read == mnist.test_labels) >= 0.993


def test_mnists_digits_are_read_as_pictures(mnist: Mnist, reader: Reader) -> None:
    results = reader.read_many(list(mnist.test_images[:1000]), one=True)
    right = sum(
        result.to_dict()["text"] == str(label) for result, label in zip(results, mnist.test_labels, strict=False)
    )
    assert right >= 990


def test_the_arrays_have_the_shapes_that_tutorials_print(mnist: Mnist) -> None:
    assert (mnist.train_images.shape, mnist.train_labels.shape) == ((60000, 28, 28), (60000,))
    assert (mnist.test_images.shape, mnist.test_labels.shape) == ((10000, 28, 28), (10000,))
    assert mnist.train_labels[:16].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5, 3, 6, 1, 7]


# IDX files ------------------------------------------------------------------------------------------------------


def idx(array: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@given(arrays(np.uint8, array_shapes(max_dims=4, max_side=5)), st.booleans())
def test_idx_files_are_read_gzipped_or_not(tmp_path: Path, array: np.ndarray, zipped: bool) -> None:
    path = tmp_path / "any"
    path.write_bytes(gzip.compress(idx(array)) if zipped else idx(array))
    assert np.array_equal(read_idx(path), array)


@given(st.binary(max_size=40) | st.binary(max_size=20).map(lambda tail: b"\0\0\x08" + tail))
def test_any_bytes_are_an_array_or_a_plain_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(data)
    with contextlib.suppress(DataError):
        assert read_idx(path).dtype == np.uint8


# Where they come from -------------------------------------------------------------------------------------------

FILES = {name: idx(np.full(3, number, np.uint8)) for number, name in enumerate(SHA256)}


class Mirror(http.server.BaseHTTPRequestHandler):
    """Serves FILES as servers do, ranges too; what `spoil` names, once wrongly."""

    spoil: dict[str, str]
    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        spoiled = self.spoil.pop(name, "")
        self.asked.append((name, self.headers.get("Range")))
        if spoiled == "gone":
            self.send_error(503)
            return
        data = FILES[name] if spoiled != "other" else bytes(len(FILES[name]))
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start : len(data) // 2 if spoiled == "cut" else len(data)])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Mirror]]:
    class Ours(Mirror):
        spoil: dict[str, str] = {}  # noqa: RUF012
        asked: list[tuple[str, str | None]] = []  # noqa: RUF012

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ours) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/mnist/"
        monkeypatch.setattr(tsifra.data.mnist, "MIRRORS", ("http://127.0.0.1:9/", address))
        sums = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
        monkeypatch.setattr(tsifra.data.mnist, "SHA256", sums)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
        yield Ours
        server.shutdown()


def test_it_is_downloaded_once_from_the_first_mirror_that_has_it(mirror: type[Mirror]) -> None:
    seen = []
    first = load_mnist(progress=lambda name, have, total: seen.append((name, have, total)))
    second = load_mnist()
    assert first.test_labels.tolist() == second.test_labels.tolist() == [3, 3, 3]
    assert [name for name, _ in mirror.asked] == list(SHA256)
    assert seen[-1][1] == seen[-1][2] == len(FILES["t10k-labels-idx1-ubyte.gz"])


def test_a_broken_download_goes_on_where_it_ended(mirror: type[Mirror]) -> None:
    name = "train-images-idx3-ubyte.gz"
    mirror.spoil[name] = "cut"
    assert load_mnist().train_images.tolist() == [0, 0, 0]
    assert mirror.asked[:2] == [(name, None), (name, f"bytes={len(FILES[name]) // 2}-")]


@pytest.mark.parametrize("how", ["gone", "other"])
def test_what_fails_once_is_tried_again(mirror: type[Mirror], how: str) -> None:
    mirror.spoil["train-images-idx3-ubyte.gz"] = how
    assert load_mnist().train_images.tolist() == [0, 0, 0]


def test_without_a_cache_folder_a_folder_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    with pytest.raises(DataError, match=r"tsifra\[train\].*--data"):
        load_mnist()


def test_a_damaged_file_of_the_cache_is_named_and_fetched_again(
    mirror: type[Mirror], capsys: pytest.CaptureFixture[str]
) -> None:
    load_mnist()
    path = tsifra.data.mnist.cache_folder() / "mnist" / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(b"damaged")
    assert load_mnist().test_labels.tolist() == [3, 3, 3]
    assert str(path) in capsys.readouterr().err


def test_who_cannot_reach_any_mirror_is_told_what_to_do(mirror: type[Mirror], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsifra.data.mnist, "MIRRORS", ("http://127.0.0.1:9/",))
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz: cannot be fetched .* --data"):
        load_mnist()


def test_a_folder_may_hold_files_that_were_unpacked(mnist: Mnist, tmp_path: Path) -> None:
    for packed in sorted(Path(os.environ["TSIFRA_DATA"]).glob("*.gz")):
        (tmp_path / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    assert np.array_equal(load_mnist(tmp_path).test_images, mnist.test_images)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte: damaged"):
        load_mnist(tmp_path)


def test_a_damaged_or_missing_file_of_a_folder_is_named(mnist: Mnist, tmp_path: Path) -> None:
    folder = tmp_path / "mnist"
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz: no such file"):
        load_mnist(folder)
    shutil.copytree(os.environ["TSIFRA_DATA"], folder)
    path = folder / "t10k-images-idx3-ubyte.gz"
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz: damaged"):
        load_mnist(folder)
