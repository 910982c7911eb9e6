"""Ctrl-C 落在任意时刻、内存不够、对方不看了、标准输出写不下：话说清楚，退出码对，不留东西。"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import Command, assert_old_or_whole, by_name, files, inputs, left_by_pbm, prepared, put_back
from forking import Forks
from processes import alive_in

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="要 POSIX 的进程和信号")
INTERRUPTS, STOPS = 16, 8
SEED = 7
_CEILING = """
import resource, sys
most = int(sys.argv[1]) * 1024 * 1024
from pbm_cli.cli import main
resource.setrlimit(resource.RLIMIT_AS, (most, most))
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("name", ["report", "check", "monitor", "init"])
def test_interrupted_at_any_moment(tmp_path: Path, name: str) -> None:
    command, out, chance = by_name[name], tmp_path / "出", random.Random(f"{SEED} {name}")  # noqa: S311
    interrupted = 0
    with Forks(tmp_path) as forks:
        old, new = prepared(command, tmp_path, forks.whole)
        for turn in range(INTERRUPTS):
            put_back(out, old, new)
            moment = forks.seconds * (turn + chance.random()) / INTERRUPTS
            code = forks.killed(command, max(moment, 0.02), signal.SIGINT)
            if code == -signal.SIGINT:
                assert "in main\n" not in forks.said, forks.said  # 还没有轮到 pbm，或已经做完
            else:
                assert code in (0, 1, 130), forks.said
                assert "Traceback" not in forks.said, forks.said
                assert code == 130 or "已中断" not in forks.said, (code, forks.said)
            interrupted += code == 130
            assert_old_or_whole(out, old, new)
            assert left_by_pbm(out) == []
    assert interrupted


@pytest.mark.parametrize("name", ["report", "check"])
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGHUP], ids=lambda stop: stop.name)
def test_asked_to_stop_at_any_moment(tmp_path: Path, name: str, stop: signal.Signals) -> None:
    """kill、终端关了：同 Ctrl-C 一样收拾好再走，不留临时文件和锁。"""
    command, out, chance = by_name[name], tmp_path / "出", random.Random(f"{SEED} {name}")  # noqa: S311
    stopped = 0
    with Forks(tmp_path) as forks:
        old, new = prepared(command, tmp_path, forks.whole)
        for turn in range(STOPS):
            put_back(out, old, new)
            moment = forks.seconds * (turn + chance.random()) / STOPS
            code = forks.killed(command, max(moment, 0.02), stop)
            assert code in (0, 1, 130, -stop, -signal.SIGINT), forks.said
            assert "Traceback" not in forks.said, forks.said
            stopped += code == 130
            assert_old_or_whole(out, old, new)
            assert left_by_pbm(out) == []
    assert stopped


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_interrupted_from_the_keyboard(tmp_path: Path, share: float) -> None:
    """终端的 Ctrl-C 发给整个前台进程组：子进程也收到，一个也不留。"""
    command = by_name["report"]
    inputs(tmp_path, True)
    begun, span = time.monotonic(), 0.0
    for round_ in range(2):
        with subprocess.Popen(
            [sys.executable, "-m", "pbm_cli", *command.arguments], cwd=tmp_path, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        ) as process:  # fmt: skip
            if round_:
                time.sleep(span * share)
                os.killpg(process.pid, signal.SIGINT)
            said = process.communicate()[1]
        span = span or time.monotonic() - begun
    if process.returncode == -signal.SIGINT:
        assert "in main\n" not in said, said  # 还在装入解释器和命令行，没有轮到 pbm
    else:
        assert process.returncode in (0, 1, 130), said
        assert "Traceback" not in said
    assert alive_in(process.pid) == []
    assert left_by_pbm(tmp_path / "出") == []


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS 在别的系统上不作数")
@pytest.mark.parametrize("over", [4, 16, 48, 96, 160])
def test_too_little_memory(tmp_path: Path, over: int) -> None:
    """比装好命令行时多 over MB：够就做完，不够就说内存不够。"""
    command, out = by_name["report"], tmp_path / "出"
    inputs(tmp_path, True)
    start = "import os\nfrom pbm_cli.cli import main\nprint(open('/proc/self/statm').read().split()[0])"
    begun = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=True)
    most = int(begun.stdout) * os.sysconf("SC_PAGE_SIZE") // 2**20 + over
    result = subprocess.run(
        [sys.executable, "-c", _CEILING, str(most), *command.arguments], cwd=tmp_path, capture_output=True, text=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    assert result.returncode in (0, 1, 2), result.stderr
    assert "Traceback" not in result.stderr
    if result.returncode == 2:
        assert "内存" in result.stderr or "读取程序" in result.stderr, result.stderr
    assert not out.exists() or left_by_pbm(out) == []


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS 在别的系统上不作数")
@pytest.mark.parametrize("most", [280, 330, 360, 390, 420])
def test_too_little_memory_for_parquet(tmp_path: Path, most: int) -> None:
    """pyarrow 在内存不够时会直接崩溃：先看够不够，不够就说。"""
    pytest.importorskip("pyarrow", reason="没有装 pbm-cli[parquet]")
    inputs(tmp_path, True)
    result = subprocess.run(
        [sys.executable, "-c", _CEILING, str(most), "monitor", "年", "-o", "出/a.parquet"], cwd=tmp_path,
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (result.returncode, "内存不够" in result.stderr) in ((1, False), (2, True)), result.stderr
    assert left_by_pbm(tmp_path / "出") == []


def piped(command: Command, folder: Path, target: int, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pbm_cli", *command.arguments, *more], cwd=folder, stdout=target,
        stderr=subprocess.PIPE, text=True, encoding="utf-8", check=False,
    )  # fmt: skip


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_nobody_reads_the_pipe(tmp_path: Path, more: tuple[str, ...]) -> None:
    """pbm … | head：对方走了，结果照样写好，退出码同平常。"""
    inputs(tmp_path, True)
    command = by_name["monitor"]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        result = piped(command, tmp_path, writing, *more)
    finally:
        os.close(writing)
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert "Broken" not in result.stderr
    assert {"监控.xlsx", "监控.docx"} <= set(files(tmp_path / "出"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="这个系统没有 /dev/full")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_standard_output_is_full(tmp_path: Path, more: tuple[str, ...]) -> None:
    inputs(tmp_path, True)
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        result = piped(by_name["monitor"], tmp_path, full, *more)
    finally:
        os.close(full)
    assert result.returncode == 2, result.stderr
    assert "标准输出：写不出去：磁盘已满" in result.stderr
