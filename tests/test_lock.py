"""一个输出文件夹一把锁：后来的等，等不到说清楚；持锁的怎样结束都不留下锁；不支持锁的磁盘照写。"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import RunPbm, WriteSheet
from pbm_cli.errors import OutputError
from pbm_cli.outputs import atomic, lock

TABLE = "单位：元\n| 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |\n| 'P1' | 甲 | 某局 | 100 | 90 |"
HOLD = """
import sys
from pathlib import Path
from pbm_cli.outputs.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def left(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


@contextmanager
def held_by_another(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """另一个进程锁着 folder；结束时放开。"""
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"held"
        try:
            yield other
        finally:
            other.kill()


def test_the_lock_is_there_only_while_held(tmp_path: Path) -> None:
    with lock.locked(tmp_path):
        assert left(tmp_path) == [lock.NAME]
        with lock.locked(tmp_path):
            assert left(tmp_path) == [lock.NAME]
        assert left(tmp_path) == [lock.NAME]
    assert left(tmp_path) == []


def test_a_session_keeps_every_folder_until_its_end(tmp_path: Path) -> None:
    one, two = tmp_path / "甲", tmp_path / "乙"
    with lock.session():
        atomic.write(one / "结果.json", b"1")
        with lock.session():
            atomic.write(two / "结果.json", b"1")
        assert left(one) == left(two) == [lock.NAME, "结果.json"]
    assert left(one) == left(two) == ["结果.json"]


def test_the_lock_is_let_go_after_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "io")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError), lock.session():
        atomic.write(tmp_path / "结果.json", b"1")
    assert left(tmp_path) == []


def test_the_second_run_waits_and_then_says_so(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "WAIT_SECONDS", 0.5)
    source, out = sheet(TABLE, file="年/表.xlsx"), tmp_path / "出"
    out.mkdir()
    (out / "结果.json").write_bytes(b"old")
    with held_by_another(out):
        result = run_pbm("monitor", source, "--on", "2023-12-31", "-o", out / "结果.json")
        assert result.code == 2
        assert "等它写完" in result.err
        assert "另一个 pbm 正在往这个文件夹里写" in result.err
        assert (out / "结果.json").read_bytes() == b"old"
    assert run_pbm("monitor", source, "--on", "2023-12-31", "-o", out / "结果.json").code == 0
    assert left(out) == ["结果.json"]


def test_the_second_run_goes_on_when_the_first_ends(tmp_path: Path) -> None:
    said: list[str] = []
    with held_by_another(tmp_path) as other:

        def say(words: str) -> None:
            said.append(words)
            other.kill()

        with lock.session(say):
            atomic.write(tmp_path / "结果.json", b"1")
    assert len(said) == 1
    assert left(tmp_path) == ["结果.json"]


def test_a_lock_left_by_a_killed_run_is_taken_over(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as other:
        other.kill()
        other.wait()
        assert left(tmp_path) == [lock.NAME]
        atomic.write(tmp_path / "结果.json", b"1")
        assert left(tmp_path) == ["结果.json"]


def test_a_lock_removed_meanwhile_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = lock._lock, []

    def lock_after_removal(descriptor: int) -> bool:
        calls.append(descriptor)
        if len(calls) == 1:
            (tmp_path / lock.NAME).unlink()
        return real(descriptor)

    monkeypatch.setattr(lock, "_lock", lock_after_removal)
    with lock.locked(tmp_path):
        assert left(tmp_path) == [lock.NAME]
    assert (len(calls), left(tmp_path)) == (2, [])


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_disk_without_locks_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def unsupported(_: int) -> bool:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(lock, "_lock", unsupported)
    with lock.session():
        atomic.write(tmp_path / "结果.json", b"1")
        assert left(tmp_path) == ["结果.json"]
    assert left(tmp_path) == ["结果.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows 上不能随便建链接")
def test_what_is_not_a_lock_is_named(tmp_path: Path) -> None:
    def link(path: Path) -> None:
        path.symlink_to(tmp_path / "外面")

    makers: tuple[Callable[[Path], None], ...] = (Path.mkdir, link, os.mkfifo)
    for number, make in enumerate(makers):
        folder = tmp_path / str(number)
        folder.mkdir()
        make(folder / lock.NAME)
        with pytest.raises(OutputError, match="不是 pbm 的锁文件"):
            atomic.write(folder / "结果.json", b"1")
        assert left(folder) == [lock.NAME]
    assert not (tmp_path / "外面").exists()


def test_a_lock_is_no_input(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    source = sheet(TABLE, file="年/表.xlsx")
    with lock.locked(source.parent):
        result = run_pbm("check", source.parent, "--json")
    assert (result.code, lock.NAME in result.out) == (0, False)


def test_two_inits_never_overwrite_each_other(run_pbm: RunPbm, tmp_path: Path) -> None:
    assert run_pbm("init", tmp_path / "泸县2023").code == 0
    result = run_pbm("init", tmp_path / "泸县2023")
    assert (result.code, "没有覆盖" in result.err) == (2, True)
    assert not list((tmp_path / "泸县2023").rglob(".pbm*"))


def test_a_lock_costs_next_to_nothing(tmp_path: Path) -> None:
    times = []
    for _ in range(50):
        begun = time.perf_counter()
        with lock.locked(tmp_path):
            pass
        times.append(time.perf_counter() - begun)
    assert sorted(times)[25] < 0.005


@pytest.mark.parametrize("first", ["", "kept(descriptor); "], ids=["还没有锁", "锁上了"])
def test_a_lock_made_in_the_moment_of_an_interrupt_is_cleared_at_exit(tmp_path: Path, first: str) -> None:
    """Ctrl-C 落在建了锁文件、还没有记下的一瞬。"""
    program = (
        "import sys\nfrom pathlib import Path\nfrom pbm_cli.outputs import lock\n"
        f"def stop(descriptor): {first}raise KeyboardInterrupt\n"
        "kept, lock._lock = lock._lock, stop\n"
        "try:\n    with lock.locked(Path(sys.argv[1])): pass\n"
        "except KeyboardInterrupt:\n    lock._lock = kept\n"
        "print((Path(sys.argv[1]) / lock.NAME).exists())\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    assert list(tmp_path.iterdir()) == []
