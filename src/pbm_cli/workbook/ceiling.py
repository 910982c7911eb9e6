"""读文件的子进程给自己定的内存上限：POSIX 用 RLIMIT_AS，Windows 用作业对象。时限由父进程看着，两边一样。"""

from __future__ import annotations

import sys


def limit_memory(size: int) -> bool:
    """本进程最多用 size 字节内存，也不留崩溃时的内存映像；定成了没有。定不成时照样读：还有父进程的时限。"""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415  # 别处用不着，装入要时间

        from pbm_cli.workbook.windows_job import in_job  # noqa: PLC0415

        return in_job(ctypes.WinDLL("kernel32", use_last_error=True), size)
    import resource  # noqa: PLC0415  # Windows 没有这个模块

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return True
