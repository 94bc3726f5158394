"""What many tests share: one reader, the command line in this process, and a word for what is missing."""

import io
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import hypothesis
import pytest
from PIL import Image

from tsifra.cli import main
from tsifra.data.mnist import Mnist, load_mnist
from tsifra.reader import Reader

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The same examples every time: a change that fails here fails everywhere, and slow machines get no other answer.
hypothesis.settings.register_profile(
    "tsifra",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=60,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("tsifra")


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


class CommandLine:
    """`tsifra` with some arguments, in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *args: str | Path, stdin: bytes = b"") -> Outcome:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        # `read` lifts Pillow's own limit for its process, which here is everybody's.
        self._monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
        with pytest.raises(SystemExit) as ended:
            main([os.fspath(arg) for arg in args])
        code = ended.value.code or 0
        assert isinstance(code, int)
        return Outcome(code, *self._capsys.readouterr())


@pytest.fixture
def tsifra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capsys)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Small networks learn quickest so, and other programs of a busy machine hold them up less."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test runs in a folder of its own, and as users run it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TSIFRA_DEBUG", raising=False)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A copy of the shipped model that a test may spoil."""
    import tsifra.classifier

    return shutil.copytree(Path(tsifra.classifier.__file__).parent / "weights", tmp_path / "weights")


@pytest.fixture(scope="session")
def mnist() -> Mnist:
    """MNIST, from the folder that TSIFRA_DATA names; a test downloads nothing."""
    folder = os.environ.get("TSIFRA_DATA")
    if not folder:
        lacking("MNIST (TSIFRA_DATA names its folder)")
    return load_mnist(folder)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium. Of each module its own, since what drives it keeps an event loop running."""
    from playwright.sync_api import expect, sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        lacking("Chromium")
    expect.set_options(timeout=30_000)  # machines that test are busy
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def lacking(what: str) -> NoReturn:
    """End a test that needs what this machine does not have: skipped for people, failed where CI is true."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI must not pass without it")
    pytest.skip(f"{what} is missing")
