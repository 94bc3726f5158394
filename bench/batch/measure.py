"""Rate, memory and soundness of tsifra batch, beside read_many in the same run; see README.md beside this file.

    python bench/batch/measure.py rate|sizes|ray|nodes|kill|s3 [--files N] [--rounds N]

Needs MNIST (TSIFRA_DATA) and psutil; works in a temporary folder.
"""

import argparse
import json
import os
import platform
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pyarrow.parquet as pq

import tsifra
from tsifra.data.mnist import load_mnist

READ_MANY = """
import sys, time, tsifra
reader = tsifra.Reader()
paths = [f"{sys.argv[1]}/{number}.png" for number in range(int(sys.argv[2]))]
list(reader.read_many(paths[:500], one=True))
began = time.perf_counter()
assert sum(1 for _ in reader.read_many(paths, one=True)) == len(paths)
print(time.perf_counter() - began)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["rate", "sizes", "ray", "nodes", "kill", "s3"])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(f"tsifra {tsifra.__version__}, Python {platform.python_version()}, {os.cpu_count()} processors")
    print(f"load when it began: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="tsifra-bench-") as name:
        os.chdir(name)
        measures[args.what](args.files, args.rounds)
        os.chdir("/")


def rate(files: int, rounds: int) -> None:
    """Local, beside read_many, one after the other."""
    draw(files)
    ratios = []
    for number in range(rounds):
        shell = [sys.executable, "-c", READ_MANY, "scans", str(files)]
        before = cpu_s()
        many = files / float(subprocess.run(shell, check=True, capture_output=True, text=True).stdout)
        spent = cpu_s() - before
        here = Run(f"out{number}")
        ratios.append(here.read / many)
        print(f"read_many {many:,.0f} a second, {1e6 * spent / files:.0f} µs of processor a file")
        print(f"batch     {here}; ratio {ratios[-1]:.2f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f}")


def sizes(files: int, rounds: int) -> None:
    """The same rate and memory for ten times fewer and for twice as many."""
    draw(2 * files)
    found: dict[int, list[float]] = {}
    for number in range(rounds):
        for count in (files // 10, 2 * files):
            listed = Path(f"list{count}")
            listed.write_text("".join(f"scans/{name}.png\n" for name in range(count)))
            run = Run(f"out{number}-{count}", "--files-from", str(listed), sources=())
            found.setdefault(count, []).append(run.read)
            print(f"{count:,} files: {run}", flush=True)
        print(f"all {2 * files:,} of one folder: {Run(f'whole{number}')}", flush=True)
    few, many = (statistics.median(rates) for rates in found.values())
    print(f"median rates {few:,.0f} and {many:,.0f} a second, ratio {many / few:.2f}")


def on_ray(files: int, rounds: int) -> None:
    """Ray on this machine beside local: between the first and the last part, which leaves out the start of either."""
    draw(files)
    ratios = []
    for number in range(rounds):
        local, ray = Run(f"local{number}"), Run(f"ray{number}", "--engine", "ray")
        ratios.append(ray.steady / local.steady)
        print(f"local {local}\nray   {ray}\nratio after start {ratios[-1]:.2f}", flush=True)
        same(f"local{number}", f"ray{number}")
    print(f"median ratio {statistics.median(ratios):.2f}")


def nodes(files: int, rounds: int) -> None:
    """Two nodes of one processor, a process of which is killed in the middle of each run."""
    from ray.cluster_utils import Cluster

    draw(files)
    Run("local")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    cluster.add_node(num_cpus=1)
    for number in range(rounds):
        for victim in ("MapWorker", "spawn_main"):
            output = f"ray{number}{victim}"
            killer = threading.Thread(target=kill_one, args=(victim, Path(output)))
            killer.start()
            print(Run(output, "--engine", "ray", "--address", cluster.address))
            killer.join()
            same("local", output)
    cluster.shutdown()  # type: ignore[no-untyped-call]


def kill_one(victim: str, output: Path) -> None:
    while not (output / "part-000001.parquet").exists():
        time.sleep(0.01)
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            under_ray = any("raylet" in parent.name() for parent in process.parents())
            if victim in " ".join(process.cmdline()) and under_ray:
                process.kill()
                print(f"killed {victim} {process.pid}")
                return


def kill(files: int, rounds: int) -> None:
    """kill -9 at 20 random moments, each followed by going on; in the end every file has its row."""
    draw(files)
    small = "--part-files", str(max(1, files // 40))
    seconds = Run("whole", *small).seconds
    seed, killed, sound, number = random.Random(1), 0, 0, 0
    while killed < 20:
        number += 1
        output = f"killed{number}"
        process = subprocess.Popen(command(output, *small), stderr=subprocess.DEVNULL, start_new_session=True)
        moment = seed.uniform(0.2, seconds)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            continue  # it was done already
        parts = len(list(Path(output).glob("part-*")))
        subprocess.run(command(output, *small), stderr=subprocess.DEVNULL, check=True)
        is_sound = pq.read_table(output).equals(pq.read_table("whole"))
        killed, sound = killed + 1, sound + is_sound
        rows = "the same rows" if is_sound else "OTHER ROWS"
        print(f"killed after {moment:.1f} s with {parts} parts; {rows}", flush=True)
    print(f"{sound} of {killed} sound")


def s3(files: int, rounds: int) -> None:
    """An S3 server on this machine, one answer in twenty of which is an error of the server."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
    import boto3
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    from test_batch_remote import Failing

    class Quiet(WSGIRequestHandler):
        def log(self, *args: Any) -> None: ...

    failing = Failing(DomainDispatcherApplication(create_backend_app), 0)
    server = make_server("127.0.0.1", 0, failing, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_MAX_ATTEMPTS": "1"}
    client = boto3.client("s3")
    client.create_bucket(Bucket="scans")
    for number, image in enumerate(pictures(files)):
        client.put_object(Bucket="scans", Key=f"a/{number}.png", Body=cv2.imencode(".png", image)[1].tobytes())
    failing.asked, failing.every = 0, 20
    run = Run("out", sources=("s3://scans/a",))
    inputs = pq.read_table("out").column("input").to_pylist()
    errors = pq.read_table("out").column("status").to_pylist().count("error")
    print(f"{run}; {failing.failed:,} of {failing.asked:,} requests failed; {errors} rows are errors")
    print("no row lost" if inputs == [f"s3://scans/a/{number}.png" for number in range(files)] else "ROWS LOST")


class Run:
    """One run of the command, watched. rate: files a second of the whole command; read: once the workers are there."""

    def __init__(self, output: str, *options: str, sources: tuple[str, ...] = ("scans",)) -> None:
        self.output = Path(output)
        began, before = time.time(), cpu_s()
        process = subprocess.Popen(command(output, *options, sources=sources), stderr=subprocess.PIPE, text=True)
        self.pss = self.rss = 0
        while process.poll() is None:
            self._watch(process.pid)
            time.sleep(0.5)
        self.seconds = time.time() - began
        if process.returncode:
            sys.exit(process.stderr.read() if process.stderr else "failed")
        self.files = pq.read_table(output, columns=["page"]).num_rows
        self.rate = self.files / self.seconds
        self.cpu_s = cpu_s() - before
        self.read = json.loads((self.output / "_manifest.json").read_text())["this_run"]["files_per_second"]

    @property
    def steady(self) -> float:
        """Files a second between the ends of the first and the last part."""
        parts = sorted(self.output.glob("part-*"))
        times = [part.stat().st_mtime for part in parts]
        files = sum(pq.read_metadata(part).num_rows for part in parts[1:])
        return float(files / (times[-1] - times[0]))

    def _watch(self, pid: int) -> None:
        pss = rss = 0
        with suppress(psutil.Error):
            for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
                with suppress(psutil.Error):
                    memory = process.memory_full_info()
                    pss, rss = pss + memory.pss, rss + memory.rss
        self.pss, self.rss = max(self.pss, pss), max(self.rss, rss)

    def __str__(self) -> str:
        memory = f"peak {self.pss / 1e6:,.0f} MB PSS, {self.rss / 1e6:,.0f} MB RSS of all processes"
        spent = f"{1e6 * self.cpu_s / self.files:.0f} µs of processor a file"
        return f"{self.read:,.0f} a second ({self.rate:,.0f} with start and end of the command), {spent}, {memory}"


def command(output: str, *options: str, sources: tuple[str, ...] = ("scans",)) -> list[str]:
    return [
        sys.executable,
        "-m",
        "tsifra",
        "batch",
        "--one",
        *sources,
        "--output",
        output,
        "--part-files",
        "2000",
        *options,
    ]


def cpu_s() -> float:
    """What ended child processes, and theirs, have spent."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def same(one: str, other: str) -> None:
    print("the same rows" if pq.read_table(one).equals(pq.read_table(other)) else "OTHER ROWS")


def draw(count: int) -> None:
    Path("scans").mkdir()
    for number, image in enumerate(pictures(count)):
        cv2.imwrite(f"scans/{number}.png", image)


def pictures(count: int) -> Any:
    mnist = load_mnist(os.environ["TSIFRA_DATA"])
    images = np.concatenate([mnist.train_images, mnist.test_images])
    return (images[number % len(images)] for number in range(count))


measures: dict[str, Callable[[int, int], None]] = {
    "rate": rate,
    "sizes": sizes,
    "ray": on_ray,
    "nodes": nodes,
    "kill": kill,
    "s3": s3,
}

if __name__ == "__main__":
    main()
