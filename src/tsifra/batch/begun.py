"""A data set's folder: who may write there, what was begun there, and what it came to in the end.

Flows in: what a run is about to do. Flows out: `_run.json` at its start, which the next run must agree with, and
`_manifest.json` at its end. Knows nothing of parts.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from tsifra.batch import records
from tsifra.batch.job import Job, Model
from tsifra.batch.listing import Sources
from tsifra.decoders import Limits
from tsifra.errors import TsifraError
from tsifra.output import write_whole

BEGUN = "_run.json"
MANIFEST = "_manifest.json"
_LOCK = "_lock"


@contextmanager
def alone(output: Path) -> Iterator[None]:
    """Make the folder, and keep other runs out until this one ends, be it by kill -9. Raises TsifraError."""
    with _locked(output) as lock:
        try:
            import fcntl  # not on Windows, where nobody is kept out
        except ImportError:
            yield
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TsifraError(f"{output}: another run of tsifra batch is writing there") from None
        yield


def _locked(output: Path) -> IO[str]:
    try:
        (output / records.FOLDER).mkdir(parents=True, exist_ok=True)
        return open(output / _LOCK, "w")
    except OSError as error:
        raise TsifraError(f"--output: {error.filename}: {error.strerror}") from None


def begin(output: Path, sources: Sources, job: Job, model: Model) -> None:
    """Write down what is begun, or see that it is what was begun. Raises TsifraError, which says what is not."""
    now = {"sources": sources.said(), "options": job.options(), "model": asdict(model)}
    path = output / BEGUN
    if not path.exists():
        if next(output.glob("part-*"), None):
            raise TsifraError(f"{output}: holds parts that no run of tsifra batch has begun; choose another --output")
        write_whole(path, _json(now))
        return
    try:
        before = json.loads(path.read_text("utf-8"))
        others = list(_differences(before, now))
    except (ValueError, TypeError, KeyError) as error:
        raise TsifraError(f"{path}: damaged ({error}); choose another --output") from None
    if others:
        raise TsifraError(
            f"{output}: was begun otherwise: {'; '.join(others)}; say the same, or choose another --output"
        )


def limits(output: Path) -> Limits:
    """Those that the pictures were opened with; the usual ones where nobody knows."""
    try:
        options = json.loads((output / BEGUN).read_text("utf-8"))["options"]
        return Limits(max_pixels=options["max_pixels"], dpi=options["dpi"])
    except (OSError, ValueError, TypeError, KeyError):
        return Limits()


def end(output: Path, manifest: Mapping[str, Any]) -> None:
    """Write what a run came to. Raises OSError."""
    write_whole(output / MANIFEST, _json(manifest))


def is_over(output: Path) -> bool:
    """Whether all is read that was begun."""
    return (output / MANIFEST).exists()


def reopen(output: Path) -> None:
    """Take back that all is read."""
    (output / MANIFEST).unlink(missing_ok=True)


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if before["sources"] != now["sources"]:
        yield f"sources {' '.join(before['sources'])}, now {' '.join(now['sources'])}"
    for key, value in now["options"].items():
        if before["options"].get(key) != value:
            yield f"{key.replace('_', '-')} {before['options'].get(key)}, now {value}"
    if before["model"] != now["model"]:
        yield f"model {_named(before['model'])}, now {_named(now['model'])}"


def _named(model: Mapping[str, str]) -> str:
    return f"{model['name']} (SHA-256 {model['sha256'][:8]}…, card {model['card'][:8]}…)"


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
