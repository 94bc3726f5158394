"""The wheel that people install, built and installed as they do it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from conftest import lacking
from drawing import digit
from tsifra import __version__

ROOT = Path(__file__).parents[1]
LARGEST = 4_000_000  # bytes


def ran(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, env=bare(), capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def bare() -> dict[str, str]:
    """The environment without what would let a checkout be found."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}


def test_the_wheel_is_small_and_reads_where_there_is_no_checkout(tmp_path: Path) -> None:
    for module in ("build", "hatchling"):
        if subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, check=False).returncode:
            lacking(module)
    ran(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ".", cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")

    assert wheel.name == f"tsifra-{__version__}-py3-none-any.whl"
    assert wheel.stat().st_size < LARGEST
    with zipfile.ZipFile(wheel) as package:
        names = set(package.namelist())
        metadata = package.read(f"tsifra-{__version__}.dist-info/METADATA").decode()
    assert {"tsifra/weights/model.onnx", "tsifra/weights/model.json", "tsifra/py.typed"} <= names
    assert {name for name in names if name.endswith(("/LICENSE", "/NOTICE"))}
    code = {name for name in names if name.startswith("tsifra/") and name.endswith(".py")}
    known = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src" / "tsifra").rglob("*.py")}
    assert code == known
    # No tests, no examples, no data sets: code, the page, the network and the papers, and nothing else.
    rest = {name for name in names - code if ".dist-info/" not in name}
    page = {name for name in rest if name.startswith("tsifra/server/page/")}
    assert rest - page == {"tsifra/weights/model.onnx", "tsifra/weights/model.json", "tsifra/py.typed"}
    assert "tsifra/server/page/index.html" in page
    assert "Requires-Dist: onnxruntime" in metadata
    assert not [
        line for line in metadata.splitlines() if line.startswith("Requires-Dist: torch") and "extra" not in line
    ]

    home = tmp_path / "venv"
    ran(sys.executable, "-m", "venv", home, cwd=tmp_path)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    install: list[str | Path] = [
        scripts / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "-c",
        ROOT / "constraints.txt",
        wheel,
    ]
    installed = subprocess.run(install, cwd=tmp_path, env=bare(), capture_output=True, text=True, check=False)
    if installed.returncode:
        if "No matching distribution" in installed.stderr or "Failed to establish" in installed.stderr:
            lacking(f"an index with what the package needs ({installed.stderr.strip().splitlines()[-1]})")
        pytest.fail(installed.stderr)

    Image.fromarray(digit("4")).save(tmp_path / "4.png")
    out = ran(scripts / "tsifra", "read", "--one", "4.png", "--format", "csv", cwd=tmp_path)
    assert out.splitlines()[1].startswith("4.png,1,4,ok,")
    where = ran(scripts / "python", "-c", "import tsifra; print(tsifra.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(home)
    assert "Example" in ran(scripts / "tsifra", "--help", cwd=tmp_path)
