"""tsifra batch on a Ray cluster of two nodes on this machine: the same rows as the local engine."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
from PIL import Image

from drawing import digit

PATIENCE_S = 120

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, of which there are many


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A cluster of two nodes, each of one processor."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ray.cluster_utils import Cluster

        cluster = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 1, "include_dashboard": False, "object_store_memory": 100 << 20},
        )
        cluster.add_node(num_cpus=1, object_store_memory=100 << 20)
        yield cluster.address
        cluster.shutdown()  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with scans/, 2,000 digits, some of which cannot be read, and what the local engine makes of them."""
    here = tmp_path_factory.mktemp("ray")
    (here / "scans").mkdir()
    for number in range(2000):
        path = here / "scans" / f"{number}.png"
        if number % 400 == 7:
            path.write_text("no picture")
        elif number < 10:
            Image.fromarray(digit(str(number), 40)).save(path)
        else:
            os.link(here / "scans" / f"{number % 10 if number % 10 != 7 else 1}.png", path)
    batch(here, "local")
    return here


def batch(here: Path, output: str, *args: str, killed: str = "") -> subprocess.CompletedProcess[str]:
    """A run in folder `here`. killed: what stands in the command line of a process that is killed in the middle."""
    command = [sys.executable, "-m", "tsifra", "batch", "--one", "scans", "--output", output, "--part-files", "300"]
    process = subprocess.Popen([*command, *args], cwd=here, stderr=subprocess.PIPE, text=True)
    while killed and process.poll() is None:
        if (here / output / "part-000000.parquet").exists():
            os.kill(_process_of(killed), signal.SIGKILL)
            break
        time.sleep(0.01)
    _, err = process.communicate(timeout=PATIENCE_S)
    return subprocess.CompletedProcess(command, process.returncode, "", err)


def _process_of(name: str) -> int:
    """A process that works for a cluster."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if name in " ".join(process.cmdline()) and any("raylet" in parent.name() for parent in process.parents()):
                return int(process.pid)
    raise AssertionError(f"no process {name}")


def test_rows_are_those_of_the_local_engine(folder: Path, address: str) -> None:
    done = batch(folder, "ray", "--engine", "ray", "--address", address)
    assert done.returncode == 3  # some pictures cannot be read
    assert "2,000 files read" in done.stderr
    assert "Traceback" not in done.stderr
    assert pq.read_table(folder / "ray").equals(pq.read_table(folder / "local"))
    assert sorted(path.name for path in (folder / "ray").iterdir()) == sorted(
        path.name for path in (folder / "local").iterdir()
    )


@pytest.mark.parametrize("killed", ["MapWorker", "spawn_main"], ids=["actor", "reader"])
def test_a_process_that_is_killed_in_the_middle_costs_no_row(killed: str, folder: Path, address: str) -> None:
    done = batch(folder, killed, "--engine", "ray", "--address", address, killed=killed)
    assert done.returncode == 3
    assert pq.read_table(folder / killed).equals(pq.read_table(folder / "local"))


def test_what_the_local_engine_began_goes_on(folder: Path, address: str) -> None:
    part = folder / "local" / "part-000003.parquet"
    before = part.read_bytes()
    part.unlink()
    done = batch(folder, "local", "--engine", "ray", "--address", address)
    assert "300 files read" in done.stderr
    assert part.read_bytes() == before


def test_ctrl_c_keeps_what_was_read(folder: Path, address: str) -> None:
    command = [sys.executable, "-m", "tsifra", "batch", "--one", "scans", "--output", "stopped", "--part-files", "100"]
    process = subprocess.Popen(
        [*command, "--engine", "ray", "--address", address], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not (folder / "stopped" / "part-000002.parquet").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, err
    assert "the same command goes on" in err
    assert "Traceback" not in err
    kept = pq.read_table(folder / "stopped")
    assert 200 <= kept.num_rows < 2000
    assert kept.equals(pq.read_table(folder / "local").slice(0, kept.num_rows))


def test_a_cluster_that_is_not_there_is_told_of(folder: Path) -> None:
    done = batch(folder, "none", "--engine", "ray", "--address", "127.0.0.1:9")
    assert done.returncode == 2
    assert "127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr
