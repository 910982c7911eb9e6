"""几个子进程一起读：头一个在交回时，别的先读后面的文件。交回的次序由 read 定，所以结果与一个子进程读的一样。"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pbm_cli.cells import Workbook
from pbm_cli.errors import UsageError
from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.reader import Arrived, Reader, size_of

_WORTH_BYTES = 512 * 1024
"""不到这么大的文件，不为它另起一个子进程：起一个比读它还慢。"""


def cores() -> int:
    """这个进程能用几个核。"""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def reader_for(limits: Limits, workers: int | None) -> Reader:
    """workers 个进程：一个装、判，其余的读；默认一个核一个。1 是读一个、装一个，不预读。"""
    if workers is not None and workers < 1:
        raise UsageError("--workers", f"“{workers}”不行", "请写 1 或更大的整数")
    readers = (cores() if workers is None else workers) - 1
    return Readers(limits, readers) if readers != 1 else Reader(limits)


class Readers(Reader):
    """几个阅读器；子进程都是它们的，自己没有。count 为 0 时只有一个，不预读。"""

    def __init__(self, limits: Limits, count: int) -> None:
        super().__init__(limits)
        self.width = max(count, 0)
        self._readers = [Reader(limits) for _ in range(max(count, 1))]
        self._started: list[Reader] = self._readers[:1]
        self._asked: dict[Path, Reader] = {}

    def close(self) -> None:
        """结束各个子进程。"""
        self._asked.clear()
        for reader in self._readers:
            reader.close()

    def limit(self, limits: Limits) -> None:
        """之后按这些上限读。"""
        for reader in self._readers:
            reader.limit(limits)

    def begin(self, paths: Sequence[Path]) -> None:
        """启动头一个子进程；预读的，头一个文件先读起来。"""
        self._readers[0].begin(())
        if self.width and paths and paths[0].is_file():
            self.ahead(paths[0])

    def ahead(self, path: Path) -> None:
        """请一个闲着的子进程先读这个文件；都忙着，或为它另起一个不值得，就不读。"""
        if path in self._asked or not self.width:
            return
        busy = list(self._asked.values())
        free = next((reader for reader in self._started if reader not in busy), None)
        if free is None and len(self._started) < len(self._readers) and size_of(path) >= _WORTH_BYTES:
            free = self._readers[len(self._started)]
            self._started.append(free)
        if free is not None:
            free.ahead(path)
            self._asked[path] = free

    def read(self, path: Path, shown: str, arrived: Arrived | None = None) -> Workbook:
        """读一个工作簿；先前请哪个子进程读的，就从哪个收。"""
        reader = self._asked.pop(path, None)
        if reader is None:
            busy = list(self._asked.values())
            reader = next((item for item in self._started if item not in busy), self._readers[0])
        return reader.read(path, shown, arrived)
