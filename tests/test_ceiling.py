"""子进程的内存上限：Windows 的作业对象用替身测，POSIX 的真的测。"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from pbm_cli.workbook import windows_job as job

MIB = 1024 * 1024


class Kernel:
    """kernel32 的替身：记下每次调用，可以让某一个失败。"""

    def __init__(self, failing: str = "") -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.limits = job.Extended()
        for name, answer in (
            ("CreateJobObjectW", 77),
            ("SetInformationJobObject", 1),
            ("GetCurrentProcess", -1),
            ("AssignProcessToJobObject", 1),
            ("CloseHandle", 1),
        ):
            setattr(self, name, self.function(name, 0 if name == failing else answer))

    def function(self, name: str, answer: int) -> Callable[..., int]:
        def called(*given: Any) -> int:
            if name == "SetInformationJobObject":
                ctypes.pointer(self.limits)[0] = given[2]._obj
                given = (*given[:2], None, given[3])
            self.calls.append((name, given))
            return answer

        return called


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "_KEPT", [])


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="文档里的大小是 64 位的")
def test_the_structures_are_as_large_as_documented() -> None:
    assert ctypes.sizeof(job.Basic) == 64
    assert ctypes.sizeof(job.Extended) == 144
    assert job.Basic.LimitFlags.offset == 16
    assert job.Extended.ProcessMemoryLimit.offset == 112


def test_a_job_limits_this_process_and_ends_with_it() -> None:
    kernel = Kernel()
    assert job.in_job(kernel, 1536 * MIB)
    assert [name for name, _ in kernel.calls] == [
        "CreateJobObjectW", "SetInformationJobObject", "GetCurrentProcess", "AssignProcessToJobObject",
    ]  # fmt: skip
    assert kernel.calls[1][1] == (77, 9, None, ctypes.sizeof(job.Extended))
    assert kernel.calls[3][1] == (77, -1)
    assert kernel.limits.ProcessMemoryLimit == 1536 * MIB
    assert kernel.limits.BasicLimitInformation.LimitFlags == 0x2000 | 0x400 | 0x100
    assert job._KEPT == [77], "句柄关了，作业里的进程会被结束"


@pytest.mark.parametrize("failing", ["CreateJobObjectW", "SetInformationJobObject", "AssignProcessToJobObject"])
def test_without_a_job_nothing_is_left_open(failing: str) -> None:
    kernel = Kernel(failing)
    assert not job.in_job(kernel, MIB)
    closed = [given for name, given in kernel.calls if name == "CloseHandle"]
    assert closed == ([] if failing == "CreateJobObjectW" else [(77,)])
    assert job._KEPT == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX 的上限")
def test_memory_above_the_ceiling_is_not_given() -> None:
    code = (
        "from pbm_cli.workbook.ceiling import limit_memory\n"
        f"limit_memory({512 * MIB})\n"
        f"try: bytearray({600 * MIB})\n"
        "except MemoryError: print('no')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "no\n"
