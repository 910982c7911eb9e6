"""Windows 的作业对象：进程把自己放进去，内存就有了上限。

写法照微软文档（CreateJobObjectW、SetInformationJobObject、AssignProcessToJobObject，
JOBOBJECT_EXTENDED_LIMIT_INFORMATION）。
只用替身测过，没有在真的 Windows 上运行过。
"""

from __future__ import annotations

import ctypes
from typing import Any

_EXTENDED = 9
_PROCESS_MEMORY, _DIE_ON_EXCEPTION, _KILL_ON_CLOSE = 0x100, 0x400, 0x2000
_KEPT: list[int] = []
"""作业的句柄：关了就会结束作业里的进程，要留到进程结束。"""


class Basic(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION。"""

    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class Extended(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION；中间六个数是 IO_COUNTERS。"""

    _fields_ = (
        ("BasicLimitInformation", Basic),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


def in_job(kernel: Any, size: int) -> bool:
    """把本进程放进一个限内存的作业；kernel 是 kernel32。放不进去时关掉作业，交回 False。"""
    kernel.CreateJobObjectW.argtypes = (ctypes.c_void_p, ctypes.c_wchar_p)
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    kernel.SetInformationJobObject.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32)
    kernel.AssignProcessToJobObject.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    kernel.CloseHandle.argtypes = (ctypes.c_void_p,)
    job = kernel.CreateJobObjectW(None, None)
    if not job:
        return False
    wanted = Extended()
    wanted.BasicLimitInformation.LimitFlags = _PROCESS_MEMORY | _DIE_ON_EXCEPTION | _KILL_ON_CLOSE
    wanted.ProcessMemoryLimit = size
    given = ctypes.byref(wanted), ctypes.sizeof(wanted)
    if kernel.SetInformationJobObject(job, _EXTENDED, *given) and kernel.AssignProcessToJobObject(
        job, kernel.GetCurrentProcess()
    ):
        _KEPT.append(job)
        return True
    kernel.CloseHandle(job)
    return False
