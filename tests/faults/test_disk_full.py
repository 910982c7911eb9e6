"""真的满了的盘、真的只读的文件夹、没有权限的用户：旧的还在，话说清楚，不留临时文件。"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Command, assert_old_or_whole, by_name, files, inputs, left_by_pbm, prepared, put_back, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="要 POSIX 的权限和挂载")
_LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from pbm_cli.cli import main
sys.exit(main(sys.argv[2:]))
"""
_WITHOUT_PRIVILEGES = """
import ctypes, os, sys
if os.geteuid() == 0:
    header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None).capset(header, nothing) == 0
from pbm_cli.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""超级用户也放下特权：文件夹不许写就是不许写。"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """一个 64 KB 的盘；不许挂载的机器上跳过（那里有 RLIMIT_FSIZE 的一个测试）。"""
    place = tmp_path / "小盘"
    place.mkdir()
    tool = shutil.which("mount")
    command = [tool or "mount", "-t", "tmpfs", "-o", "size=64k", "pbm-test", str(place)]
    if os.geteuid() != 0 or tool is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("这里不许挂载 tmpfs；写不下由 test_a_file_that_cannot_grow 测")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("name", ["report", "check", "init"])
def test_a_full_disk(tmp_path: Path, small_disk: Path, name: str) -> None:
    command = by_name[name]
    inputs(tmp_path, True)
    (tmp_path / "出").symlink_to(small_disk)
    full = small_disk / "占满"
    with full.open("wb", buffering=0) as stream:
        stream.write(bytes(60 * 1024))
    result = run(command, tmp_path)
    if name == "check":
        (small_disk / "标注").mkdir(exist_ok=True)
    assert result.returncode == 2, result.stderr
    assert "磁盘已满" in result.stderr
    assert left_by_pbm(small_disk) == []
    full.unlink()
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    assert run(command, tmp_path).returncode in (0, 1)
    assert left_by_pbm(small_disk) == []


def limited(command: Command, folder: Path, size: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _LIMITED, str(size), *command.arguments], cwd=folder, capture_output=True, text=True,
        encoding="utf-8", check=False,
    )  # fmt: skip


@pytest.mark.parametrize("size", [0, 3000, 12_000])
def test_a_file_that_cannot_grow(tmp_path: Path, size: int) -> None:
    command, out = by_name["monitor"], tmp_path / "出"
    old, new = prepared(command, tmp_path, lambda given: run(given, tmp_path).returncode)
    put_back(out, old, new)
    result = limited(command, tmp_path, size)
    assert result.returncode == 2, result.stderr
    assert "写不出去" in result.stderr
    assert "Traceback" not in result.stderr
    assert_old_or_whole(out, old, new)
    assert left_by_pbm(out) == []


@pytest.mark.parametrize("name", ["monitor", "init", "template"])
def test_a_folder_one_may_not_write(tmp_path: Path, name: str) -> None:
    command, out = by_name[name], tmp_path / "出"
    inputs(tmp_path, True)
    for folder in (out, out / "表", out / "泸县2023"):
        folder.mkdir()
    (out / "监控.xlsx").write_bytes(b"old")
    before = files(out)
    for folder in (out / "表", out / "泸县2023", out):
        folder.chmod(0o555)
    try:
        result = subprocess.run(
            [sys.executable, "-c", _WITHOUT_PRIVILEGES, *command.arguments], cwd=tmp_path, capture_output=True,
            text=True, encoding="utf-8", check=False,
        )  # fmt: skip
    finally:
        for folder in (out, out / "表", out / "泸县2023"):
            folder.chmod(0o755)
    assert result.returncode == 2, result.stderr
    assert "没有写入的权限" in result.stderr
    assert files(out) == before
