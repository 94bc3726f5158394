"""The house: rooms import only from floors below, and nothing is loaded that is not needed."""

import ast
import graphlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tsifra

HOUSE = Path(tsifra.__file__).parent

# From the ground up; a room imports only from floors below its own. A new room is entered here first.
FLOORS = [
    "errors",
    "reading",
    "image",
    "decoders",
    "document",
    "ink",
    "glare",
    "backdrop",
    "panel",
    "clutter",
    "normalize",
    "rings",
    "ruled",
    "bars",
    "detect",
    "cuts",
    "halves",
    "arrange",
    "lattice",
    "grid",
    "table",
    "sudoku",
    "punctuation",
    "signs",
    "strays",
    "sheet",
    "counter",
    "cells",
    "tints",
    "layout",
    "calibration",
    "network",
    "classifier",
    "decide",
    "explanation",
    "annotation",
    "lane",
    "page_reader",
    "reader",
    # The product ends here; what follows are its callers, any of which can be taken away.
    "output",
    "data",
    "training",
    "convert",
    "plots",
    "evaluate",
    "report",
    "batch",
    "server",
    "cli",
    "__main__",
]
PRODUCT = FLOORS[: FLOORS.index("reader") + 1]
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "misc"}


def modules() -> list[str]:
    """Every module below src/tsifra, as errors or training.net; a package by its own name."""
    paths = (path.relative_to(HOUSE).with_suffix("") for path in HOUSE.rglob("*.py"))
    names = (".".join(path.parts).removesuffix("__init__").rstrip(".") for path in paths)
    return sorted(name for name in names if name)


def source(module: str) -> ast.Module:
    path = HOUSE.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(path.read_text("utf-8"))


def imported(module: str) -> Iterator[str]:
    """Full names of all that a module imports, anywhere in it: numpy, tsifra.reading.Digit."""
    for node in ast.walk(source(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import, which this test does not follow"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_of(module: str) -> Iterator[str]:
    """The rooms that a module imports from, without its own."""
    for name in imported(module):
        package, *rest = name.split(".")
        if package == "tsifra" and rest != ["__version__"]:  # the version is a fact of the whole house
            yield rest[0] if rest else "the roof"


@pytest.mark.parametrize("module", modules())
def test_rooms_import_only_from_floors_below(module: str) -> None:
    room = module.split(".")[0]
    assert room in FLOORS, f"{room} has no floor yet"
    below = FLOORS[: FLOORS.index(room)]
    assert [other for other in rooms_of(module) if other != room and other not in below] == []


def test_no_module_needs_itself() -> None:
    known = set(modules())
    graph: dict[str, set[str]] = {}
    for module in known:
        names = (name.removeprefix("tsifra.") for name in imported(module))
        graph[module] = {part for name in names for part in (name, name.rpartition(".")[0]) if part in known}
        graph[module] -= {module, module.split(".")[0]}  # a package's own __init__ stands for its modules
    tuple(graphlib.TopologicalSorter(graph).static_order())


def test_the_ground_floor_imports_nothing() -> None:
    assert list(imported("errors")) == []


@pytest.mark.parametrize("module", modules())
def test_torch_is_imported_in_training_alone(module: str) -> None:
    packages = {name.split(".")[0] for name in imported(module)}
    allowed = module.split(".")[0] == "training"
    assert allowed or not packages & {"torch", "torchvision", "onnx"}


@pytest.mark.parametrize("module", modules())
def test_ray_and_what_else_millions_need_is_imported_in_batch_alone(module: str) -> None:
    packages = {name.split(".")[0] for name in imported(module)}
    assert module.split(".")[0] == "batch" or not packages & {"pyarrow", "ray", "fsspec"}


def test_the_local_engine_reads_and_writes_without_what_others_need() -> None:
    code = "import tsifra.batch.run, tsifra.batch.local, tsifra.batch.worker, tsifra.batch.summary_page"
    assert loaded(code) & {"pyarrow", "ray", "fsspec", "torch", "matplotlib"} == set()


@pytest.mark.parametrize("room", PRODUCT)
def test_reading_needs_nothing_but_what_the_package_depends_on(room: str) -> None:
    allowed = {"tsifra", "numpy", "cv2", "onnxruntime", "PIL", "pi_heif", "pypdfium2"} | sys.stdlib_module_names
    for module in modules():
        if module.split(".")[0] == room:
            assert {name.split(".")[0] for name in imported(module)} <= allowed


@pytest.mark.parametrize("module", modules())
def test_only_the_edges_read_the_environment(module: str) -> None:
    if module.split(".")[0] in ("cli", "server"):
        return
    texts = [ast.unparse(node) for node in ast.walk(source(module)) if isinstance(node, ast.expr)]
    reads = sum(texts.count(f"os.{name}") for name in ("environ", "environb", "getenv", "getenvb"))
    # https://no-color.org is about terminals, which only `output` knows of.
    assert reads == (texts.count("os.environ.get('NO_COLOR')") if module == "output" else 0)
    assert not {"os.environ", "os.environb", "os.getenv", "os.getenvb"} & {*imported(module)}


@pytest.mark.parametrize("module", modules())
def test_a_module_is_a_noun_and_says_what_it_is(module: str) -> None:
    assert not FORBIDDEN_NAMES & set(module.split("."))
    assert ast.get_docstring(source(module))


def test_the_names_of_the_package_are_these() -> None:
    assert tsifra.__all__ == [
        "LABELS",
        "AccessError",
        "DamagedError",
        "DataError",
        "Digit",
        "Explanation",
        "Failure",
        "FormatError",
        "InputError",
        "MissingError",
        "ModelError",
        "PasswordError",
        "Reader",
        "Reading",
        "TooLargeError",
        "TsifraError",
        "__version__",
    ]
    for name in tsifra.__all__:
        assert getattr(tsifra, name) is not None
    with pytest.raises(AttributeError, match="Raeder"):
        tsifra.Raeder  # noqa: B018


def test_every_error_can_be_caught_as_ours_and_has_a_kind_of_its_own() -> None:
    errors = [value for name in tsifra.__all__ if name.endswith("Error") and (value := getattr(tsifra, name))]
    assert all(issubclass(error, tsifra.TsifraError) for error in errors)
    kinds = [error.kind for error in errors]
    assert len({*kinds}) == len(kinds)


HEAVY = {"cv2", "matplotlib", "numpy", "onnx", "onnxruntime", "PIL", "pi_heif", "pypdfium2", "torch"}
HEAVY |= {"pyarrow", "ray", "fsspec", "aiohttp"}


def loaded(code: str) -> set[str]:
    """The top-level packages that a fresh Python has loaded after running some code."""
    code += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ran.stdout.splitlines()[-1].split())


HELP = """
import sys, tsifra.cli
try:
    tsifra.cli.main(sys.argv[1:] or {args})
except SystemExit as ended:
    assert not ended.code
"""


@pytest.mark.parametrize(
    "code",
    [
        "import tsifra",
        "from tsifra import Reading, Failure, TsifraError",
        HELP.format(args=["--help"]),
        HELP.format(args=["--version"]),
        HELP.format(args=["read", "--help"]),
        HELP.format(args=["train", "--help"]),
        HELP.format(args=["batch", "--help"]),
        HELP.format(args=["summary", "--help"]),
    ],
    ids=["import", "values", "help", "version", "help of read", "help of train", "help of batch", "help of summary"],
)
def test_what_reads_nothing_loads_nothing_heavy(code: str) -> None:
    assert loaded(code) & HEAVY == set()


def test_reading_a_picture_loads_neither_torch_nor_matplotlib() -> None:
    code = "import numpy, tsifra; tsifra.Reader().read_one(numpy.zeros((9, 9)))"
    assert loaded(code) & HEAVY <= {"cv2", "numpy", "onnxruntime", "PIL"}


def test_the_import_of_the_package_writes_nothing() -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import tsifra; tsifra.Reader; tsifra.Explanation"],
        capture_output=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
    )
    assert (ran.stdout, ran.stderr) == (b"", b"")
