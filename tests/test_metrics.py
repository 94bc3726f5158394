"""Figures of a server's processes, where one of them has only begun."""

import struct
from pathlib import Path

import pytest

from tsifra.server import metrics


def test_figures_wait_for_a_worker_that_has_not_filled_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = tmp_path / "counter_1.db"
    begun.touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    monkeypatch.setattr("tsifra.server.metrics._PAUSE_S", 0)
    with pytest.raises(struct.error):
        metrics.exposed()
    monkeypatch.setattr("tsifra.server.metrics.time.sleep", lambda _: begun.unlink())
    assert metrics.exposed() == b""
