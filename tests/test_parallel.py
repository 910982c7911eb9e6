"""几个进程：结果同一件件做的一样；一件出错、一个进程死去不影响别的；中断、被杀都不留下孤儿。"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import RunPbm
from counties import county, spent
from pbm_cli import parallel
from pbm_cli.counties import close_readers, county_task, find_counties, own_reader
from pbm_cli.errors import UsageError
from pbm_cli.pipeline import Options

POSIX = pytest.mark.skipif(os.name == "nt", reason="信号")
SECONDS = 60
TESTS = Path(__file__).parent


def doubled(job: int) -> int:
    """3 出错，5 让进程死去。"""
    if job == 3:
        raise ValueError("三")
    if job == 5:
        os._exit(9)
    return job * 2


def remembered(job: Path) -> int:
    """名叫“死”的第一次来就死，第二次（在新的进程里单独做）就成。"""
    if job.name == "死" and not job.exists():
        job.touch()
        os._exit(9)
    return 1


def held(port: int) -> None:
    """连上来，报进程号，然后一直等；进程死了，连接就断。"""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as line:
        line.settimeout(None)
        line.sendall(f"{os.getpid():09}".encode())
        line.recv(1)


def kept_reader(job: str) -> int:
    """读一个文件，交回读文件的子进程的进程号。"""
    path = Path(job)
    reader = own_reader()
    reader.read(path, path.name)
    assert reader._child is not None
    return reader._child.process.pid


def done(flow: Iterator[parallel.Done]) -> list[parallel.Done]:
    return sorted(flow, key=lambda item: item[0])


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_are_the_same_with_any_number_of_workers(workers: int) -> None:
    jobs = [1, 2, 3, 4, 6, 7, 8]
    found = done(parallel.carried_out(doubled, jobs, workers=workers))
    assert [(index, result) for index, result, error in found if error is None] == [
        (0, 2), (1, 4), (3, 8), (4, 12), (5, 14), (6, 16),
    ]  # fmt: skip
    (failed,) = (error for _, _, error in found if error)
    assert "ValueError: 三" in failed
    assert "--debug" in failed


def test_a_job_that_kills_its_worker_twice_is_named_and_the_rest_are_done() -> None:
    found = done(parallel.carried_out(doubled, [1, 2, 5, 4, 6, 7, 8, 9], workers=2))
    assert [result for _, result, error in found if not error] == [2, 4, 8, 12, 14, 16, 18]
    assert [(index, "异常退出" in (error or "")) for index, _, error in found if error] == [(2, True)]


def test_a_job_whose_worker_died_once_is_done_again(tmp_path: Path) -> None:
    jobs = [tmp_path / "死", *(tmp_path / str(number) for number in range(5))]
    found = done(parallel.carried_out(remembered, jobs, workers=2))
    assert [(result, error) for _, result, error in found] == [(1, None)] * len(jobs)


def test_one_worker_does_one_job_after_the_other_in_this_process() -> None:
    flow = parallel.carried_out(pid_of, [0, 1], workers=1)
    assert [(index, result) for index, result, _ in flow] == [(0, os.getpid()), (1, os.getpid())]


def pid_of(_: int) -> int:
    return os.getpid()


def test_a_reading_child_is_kept_from_job_to_job_and_ended_at_the_end(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.csv" for n in range(3)]
    for path in paths:
        path.write_text("项目,数\n甲,1\n", encoding="utf-8")
    flow = parallel.carried_out(kept_reader, [str(path) for path in paths], workers=1, leave=close_readers)
    pids = {result for _, result, _ in flow}
    assert len(pids) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(pids.pop(), 0)


@POSIX
@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_no_worker_outlives_the_run(how: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS)
        code = (
            f"import sys; sys.path[:0] = [{str(TESTS)!r}]\n"
            "from pbm_cli import parallel; import test_parallel\n"
            f"list(parallel.carried_out(test_parallel.held, [{server.getsockname()[1]}] * 4, workers=2))\n"
        )
        run = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
        lines = [server.accept()[0] for _ in range(2)]
        for line in lines:
            line.settimeout(SECONDS)
        pids = {line.recv(9) for line in lines}
        assert len(pids) == 2, "两个进程各做一件"
        run.send_signal(getattr(signal, how))
        run.wait(timeout=SECONDS)
        assert [line.recv(1) for line in lines] == [b"", b""], "两个进程都不在了"
        for line in lines:
            line.close()


def test_a_province_is_the_same_with_one_and_with_two_workers(run_pbm: RunPbm, tmp_path: Path) -> None:
    for number in range(5):
        county(tmp_path / "省" / f"县{number}", f"县{number}", spent(50 + 10 * number), scores=[str(80 + number)])
    county(tmp_path / "省" / "坏", "坏县", more="colour = 1")
    one, two = (run_pbm("rollup", tmp_path / "省", "--workers", n, "--json") for n in "12")
    assert one.code == two.code == 1
    assert one.out == two.out
    assert json.loads(one.out)["summary"]["counties_counted"] == 5


def test_a_missing_dask_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pbm-cli\[cluster\]"):
        list(parallel.carried_out(doubled, [1], cluster="tcp://127.0.0.1:8786"))


def test_another_version_on_a_worker_is_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    county(tmp_path / "甲", "甲县")
    (job,) = find_counties(tmp_path, Options())
    assert county_task(job)["error"] is None
    assert "同一版本" in county_task(replace(job, version="0.0.0"))["error"]
    assert "看不见" in county_task(replace(job, path=str(tmp_path / "别处")))["error"]
