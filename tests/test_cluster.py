"""集群：真的调度器和两个工作进程，中途杀掉一个，结果与不用集群一字不差。"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import RunPbm
from counties import county, spent
from pbm_cli import parallel, rollup

pytest.importorskip("distributed", reason="没有装 pbm-cli[cluster]")
LINES = 200
_QUIET = ("--no-dashboard",)


class Cluster:
    """一个调度器、两个工作进程，各是一个真的进程。"""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[str]] = []
        scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", *_QUIET)
        self.address = self._said(scheduler, "Scheduler at:").split()[-1]
        self.workers = [self._worker(name) for name in ("one", "two")]

    def _worker(self, name: str) -> subprocess.Popen[str]:
        options = ("--nthreads", "1", "--no-nanny", "--name", name, "--local-directory", str(self._folder))
        worker = self._start("worker", self.address, *options, *_QUIET)
        self._said(worker, "Registered to:")
        return worker

    def _start(self, what: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self._folder
        )
        self._processes.append(process)
        return process

    @staticmethod
    def _said(process: subprocess.Popen[str], words: str) -> str:
        assert process.stderr is not None
        for _, line in zip(range(LINES), process.stderr, strict=False):
            if words in line:
                return line.strip()
        raise AssertionError(f"没有等到“{words}”")

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.stop()


@pytest.fixture
def province(tmp_path: Path) -> Path:
    for number in range(12):
        county(tmp_path / f"县{number:02}", f"县{number}", spent(40 + 5 * number), scores=[f"{70 + number}.5"])
    county(tmp_path / "坏", "坏县", more="colour = 1")
    return tmp_path


def test_a_cluster_gives_the_same_bytes_even_when_a_worker_is_killed(
    run_pbm: RunPbm, province: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = run_pbm("rollup", province, "--workers", "1", "--json")
    calm = run_pbm("rollup", province, "--cluster", cluster.address, "--json")
    assert calm.out == alone.out, calm.err
    killed: list[int] = []

    def killing(*arguments: Any, **options: Any) -> Iterator[parallel.Done]:
        for done in parallel.carried_out(*arguments, **options):
            if not killed:
                cluster.workers[0].kill()
                killed.append(cluster.workers[0].wait())
            yield done

    monkeypatch.setattr(rollup, "carried_out", killing)
    broken = run_pbm("rollup", province, "--cluster", cluster.address, "--json")
    assert killed
    assert broken.out == alone.out, broken.err
    assert broken.code == alone.code == calm.code == 1


def test_an_address_where_nobody_listens_is_said(
    run_pbm: RunPbm, province: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "_CONNECT_SECONDS", 1)
    done = run_pbm("rollup", province, "--cluster", "tcp://127.0.0.1:9")
    assert done.code == 2
    assert "连不上这个调度器" in done.err
    wrong = run_pbm("rollup", province, "--cluster", "什么：:")
    assert wrong.code == 2
