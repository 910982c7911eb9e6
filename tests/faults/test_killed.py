"""kill -9 落在任意时刻：结果没有、是旧的、或是完整的；下一次运行不留临时文件和锁。"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import KILLED, Command, Files, assert_old_or_whole, by_name, files, left_by_pbm, prepared, put_back, run
from forking import Forks
from processes import alive_in

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="要 POSIX 的进程和信号")
KILLS = int(os.environ.get("PBM_TEST_KILLS", "200"))
"""一共杀多少次；开发时可以少些。"""
BATCHES = 3
OWN_PROCESSES = 6
_CLEAN_EVERY = 8
SEED = 20231231


@pytest.mark.parametrize("batch", range(BATCHES))
@pytest.mark.parametrize("command", KILLED, ids=lambda command: command.name)
def test_killed_at_any_moment(tmp_path: Path, command: Command, batch: int) -> None:
    number = -(-KILLS // (len(KILLED) * BATCHES))
    chance = random.Random(f"{SEED} {command.name} {batch}")  # noqa: S311
    out = tmp_path / "出"
    with Forks(tmp_path) as forks:
        old, new = prepared(command, tmp_path, forks.whole)
        span, killed = forks.seconds * 1.1, 0
        for turn in range(number):
            put_back(out, old if turn % 2 else {}, new)
            moment = span * (turn + chance.random()) / number
            killed += forks.killed(command, moment) == -signal.SIGKILL
            assert_old_or_whole(out, old if turn % 2 else {}, new)
            if turn % _CLEAN_EVERY == _CLEAN_EVERY - 1 or turn == number - 1:
                clean_run(forks, command, out, old if turn % 2 else {}, new)
    assert killed >= number // 3, "大半还没有杀就做完了，测的时刻不对"


def clean_run(forks: Forks, command: Command, out: Path, old: Files, new: Files) -> None:
    if command.keeps and not set(new) - set(files(out)):
        put_back(out, {}, new)  # 已经写完的，再来一次本来就拒绝
    assert forks.whole(command) in (0, 1), forks.said
    assert left_by_pbm(out) == []
    assert files(out) == new


def test_killed_process_of_its_own(tmp_path: Path) -> None:
    """不是分身，是从头开始的进程；读文件的子进程也跟着结束。"""
    command, out = by_name["monitor"], tmp_path / "出"
    with Forks(tmp_path) as forks:
        old, new = prepared(command, tmp_path, forks.whole)
        begun = time.monotonic()
        assert run(command, tmp_path).returncode == 1
        span = time.monotonic() - begun
        for moment in range(OWN_PROCESSES):
            put_back(out, old, new)
            with subprocess.Popen(
                [sys.executable, "-m", "pbm_cli", *command.arguments], cwd=tmp_path, start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            ) as process:  # fmt: skip
                time.sleep(span * (moment + 0.5) / OWN_PROCESSES)
                process.kill()
            assert_old_or_whole(out, old, new)
            assert alive_in(process.pid) == []
            clean_run(forks, command, out, old, new)
